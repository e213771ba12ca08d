import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { InvalidOrderError } from '../../src/domain/submission.ts'
import { parseJob } from '../../src/queue/job.ts'
import { rejectedJob } from '../../src/queue/rejected-job.ts'
import { jobData, KTP, WALLET } from '../support/job-data.ts'

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

describe('a rejected job', () => {
  const error = new InvalidOrderError('ktp', 'must be 16 digits')

  it('keeps who sent it and nothing personal', () => {
    const data = jobData.withdraw({
      note: `call ${WALLET} or ${KTP}`,
      deep: { ktp: KTP, phone_number: WALLET },
    })
    const kept = rejectedJob({ id: '7', name: 'withdraw', data }, error)
    expect(kept).toMatchObject({ jobId: '7', jobName: 'withdraw', partner: 'acme', field: 'ktp' })
    expect(JSON.stringify(kept)).not.toMatch(new RegExp(`${WALLET}|${KTP}|Jl. Contoh`))
  })

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['NUL', { partner: 'a\0b', reference: '\0' }],
    ['half a surrogate', { partner: '\ud800' }],
    ['a million characters', { reference: 'x'.repeat(1_000_000) }],
    ['numbers where texts belong', { phone_number: 81234500001, ktp: 3174999901010001 }],
  ])('of %s can be kept', (_what, data) => {
    const kept = rejectedJob({ id: undefined, name: 'a\0\n', data }, error)
    for (const value of Object.values(kept)) expect(value ?? '').not.toMatch(/[\0\ud800]/)
    expect(kept.maskedData.length).toBeLessThanOrEqual(2_000)
    expect(kept.maskedData).not.toMatch(/81234500001|3174999901010001/)
  })
})
