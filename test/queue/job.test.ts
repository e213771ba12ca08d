import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseJob } from '../../src/queue/job.ts'
import { jobData } from '../support/factories/job-data.ts'

describe('a job', () => {
  it('named after a kind is a new order', () => {
    expect(parseJob('buy', jobData.buy())).toMatchObject({ is: 'order', submission: { partner: 'acme' } })
  })

  it.each(['wake', 'buy', ''])('named %j with an order id alone wakes that order', (name) => {
    const orderId = randomUUID()
    expect(parseJob(name, { orderId })).toEqual({ is: 'wake', orderId })
  })

  it.each([
    ['an order id that is none', { orderId: '1' }],
    ['an order id beside other fields', { ...jobData.buy(), orderId: randomUUID() }],
    ['an order id of null', { orderId: null }],
  ])('with %s is refused', (_what, data) => {
    expect(() => parseJob('buy', data)).toThrow(/^orderId: /)
  })
})
