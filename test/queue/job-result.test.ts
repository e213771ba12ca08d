import { UnrecoverableError } from 'bullmq'
import { describe, expect, it } from 'vitest'
import { answerQueue, RetryLater, retryDelay } from '../../src/queue/job-result.ts'

describe('what BullMQ is told', () => {
  it.each(['ended', 'left'] as const)('of an order that has %s: the job is complete', (is) => {
    const execution = { is, state: 'succeeded', reason: 'executed' } as const
    expect(answerQueue({ is: 'executed', orderId: 'o', execution })).toEqual({
      orderId: 'o',
      state: 'succeeded',
      reason: 'executed',
    })
  })

  it('of an order for later: bring it back after its delay', () => {
    const execution = { is: 'later', delayMs: 1_234.5, trouble: 'price_changed' } as const
    const answer = () => answerQueue({ is: 'executed', orderId: 'o', execution })
    expect(answer).toThrow(RetryLater)
    expect(retryDelay(1, 'retry_later', new RetryLater('x', 1_234.5))).toBe(1_235)
  })

  it('of trouble: bring it back', () => {
    expect(() => answerQueue({ is: 'trouble', reason: 'postgres', delayMs: 5 })).toThrow(RetryLater)
  })

  it('of a refused job: fail it for good', () => {
    expect(() => answerQueue({ is: 'refused', reason: 'ktp: must be 16 digits' })).toThrow(UnrecoverableError)
  })

  it('of an error nobody foresaw: fail it for good rather than loop', () => {
    expect(retryDelay(1, 'retry_later', new Error('bug'))).toBe(-1)
  })
})
