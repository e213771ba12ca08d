import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_TRACES } from '../../src/core/traces.ts'
import { InvalidOrderError } from '../../src/orders/submission.ts'
import type { QueueJob } from '../../src/queue/backend.ts'
import { keepRejectedJob } from '../../src/queue/keep-rejected-job.ts'
import { processJob } from '../../src/queue/process-job.ts'
import { rejectedJob } from '../../src/queue/rejected-job.ts'
import { NOT_COUNTED } from '../../src/queue/watched-order.ts'
import { scriptedGateway, testEffects } from '../support/deps.ts'
import { jobData, KTP, WALLET } from '../support/factories/job-data.ts'
import { openStores } from '../support/factories/stored-orders.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'
import { unnamed } from '../support/unnamed.ts'

const error = new InvalidOrderError('ktp', 'must be 16 digits')
const keep = (data: unknown) => JSON.stringify(rejectedJob({ id: '7', name: 'withdraw', data }, error))

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level += 1) value = { a: value }
  return value
}

describe('what is kept of a refused job', () => {
  it('is who sent it and the known fields, masked', () => {
    const kept = rejectedJob({ id: '7', name: 'withdraw', data: jobData.withdraw() }, error)
    expect(kept).toMatchObject({ jobId: '7', jobName: 'withdraw', partner: 'acme', field: 'ktp' })
    expect(JSON.parse(kept.maskedData)).toMatchObject({
      ...{ partner: 'acme', phone_number: '08xxxxxxx001', gold_weight: 2 },
      ...{ ktp: '(text of 16 characters)', address: '(object)' },
    })
  })

  const PERSONAL = /Sari|Contoh|@|081234500001|81234500001|3174999901010001|hunter2|gp_abc|Jl\./
  it.each([
    ['a field nobody knows', { name: 'Sari Contoh', email: 'sari@contoh.example', api_key: 'hunter2' }],
    ['a name where a number belongs', { phone_number: 'Sari Contoh', amount: 'Sari', gold_weight: 'Sari' }],
    ['a name as a reference', { reference: 'Sari Contoh' }],
    ['an e-mail address as a reference', { reference: 'sari@contoh.example' }],
    ['a key as a reference', { reference: `gp_abcdefghijkl_${'s'.repeat(43)}` }],
    ['a number in pieces as a reference', { reference: '0812-3450-0001' }],
    ['a number with spaces', { phone_number: '0812 3450 0001' }],
    ['numbers as numbers', { phone_number: 81234500001, ktp: 3174999901010001 }],
    ['remarks', { remarks: `for Sari Contoh, ${WALLET}` }],
    ['an address as a text', { address: 'Jl. Contoh 1' }],
    ['a name as a field', { 'Sari Contoh': 1, [WALLET]: 1 }],
    ['things deep inside', { limit: { name: 'Sari', max_price_per_gram: 'Sari' }, note: { a: KTP } }],
    ['a partner that is a person', { partner: 'Sari Contoh' }],
  ])('has nothing personal of %s', (_what, data) => {
    expect(keep(data)).not.toMatch(PERSONAL)
  })

  it('has nothing of an odd id or name of the job', () => {
    const kept = rejectedJob({ id: 'sari@contoh.example', name: 'Sari Contoh', data: null }, error)
    expect(kept.jobId).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(kept.jobName).toBe('(other)')
  })

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['a text', 'x'.repeat(1_000_000)],
    ['a list', new Array(100_000).fill('x')],
    ['NUL', { partner: 'a\0b', reference: '\0' }],
    ['half a surrogate', { partner: '\ud800' }],
    ['a million characters', { reference: 'x'.repeat(1_000_000) }],
    ['names of prototypes', JSON.parse('{"__proto__":{"a":1},"constructor":1,"toString":1,"toJSON":"x"}')],
    ['ten thousand levels', nested(10_000)],
    [
      'something that throws when it is read',
      {
        toJSON: () => {
          throw new Error('x')
        },
      },
    ],
  ])('of %s is bounded and can be stored', (_what, data) => {
    const kept = rejectedJob({ id: undefined, name: 'a\0\n', data }, error)
    for (const value of Object.values(kept)) expect(value ?? '').not.toMatch(/[\0\ud800]/)
    expect(kept.maskedData.length).toBeLessThanOrEqual(2_000)
  })

  it('may be nothing: the refusal stands', () => {
    const data = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('not today')
        },
      },
    )
    expect(rejectedJob({ id: '1', name: 'buy', data }, error)).toMatchObject({ field: 'ktp', partner: null })
  })
})

describe('a job that no order can be made of', () => {
  let place: Awaited<ReturnType<typeof createTestDatabase>>
  let stores: ReturnType<typeof openStores>
  beforeAll(async () => {
    place = await createTestDatabase()
    stores = openStores(place.databaseUrl)
  })
  afterAll(async () => {
    await stores?.database.close()
    await place?.drop()
  })

  const run = (job: { id?: string; name: unknown; data: unknown }) =>
    processJob({ attemptsMade: 0, ...job } as unknown as QueueJob, {
      ...testEffects(stores.store, scriptedGateway({})),
      ...{ traces: NO_TRACES, counts: NOT_COUNTED },
      laneLeft() {},
      keepRejected: (kept) => keepRejectedJob(stores.database, kept),
    })
  const rowsOf = (jobId: string) =>
    stores.database.run<{ field: string; reason: string }>(
      unnamed('SELECT field, reason FROM rejected_jobs WHERE job_id = $1'),
      [jobId],
    )

  it.each<[string, unknown, unknown]>([
    ['its own prototype', 'buy', JSON.parse('{"__proto__":{"amount":1}}')],
    ['a prototype beside an order', 'buy', { ...jobData.buy(), ...JSON.parse('{"x":{"__proto__":1}}') }],
    ['a constructor', 'buy', jobData.buy({ constructor: { prototype: 1 } })],
    ['ten thousand levels', 'buy', nested(10_000)],
    ['ten thousand levels in a field', 'transfer', jobData.transfer({ remarks: nested(10_000) })],
    ['ten thousand levels beside an order id', 'wake', { orderId: randomUUID(), a: nested(10_000) }],
    ['NUL everywhere', 'b\0y', { partner: '\0', reference: '\0', phone_number: '\0' }],
    ['half characters', '\ud800', { partner: '\ud800', '\ud800': '\ud800' }],
    ['no data', 'buy', null],
    ['a list', 'buy', [1, 2]],
    ['a text', 'buy', '{"partner":"acme"}'],
    ['a number', 'buy', 7],
    ['ten million characters', 'buy', jobData.buy({ reference: 'x'.repeat(10_000_000) })],
    ['a million values', 'buy', jobData.buy({ a: new Array(1_000_000).fill(1) })],
    ['an odd name', '__proto__', jobData.buy()],
    ['a name that is no text', { a: 1 }, jobData.buy()],
    ['an order id that is a list', 'buy', { orderId: ['a'] }],
    ['toJSON', 'buy', jobData.buy({ toJSON: 'x' })],
    ['a deadline that has passed', 'buy', jobData.buy({ deadline: '2020-01-01T00:00:00Z' })],
  ])('for %s fails for good with one row', async (_what, name, data) => {
    const id = randomUUID()
    for (let round = 0; round < 2; round += 1) expect((await run({ id, name, data })).is).toBe('refused')
    const rows = await rowsOf(id)
    expect(rows).toHaveLength(1)
    expect(rows[0]?.reason).toContain(`${rows[0]?.field}: `)
  })

  it('is told all that is wrong with it', async () => {
    const id = randomUUID()
    await run({ id, name: 'buy', data: { phone: '0812', rupiah: 5 } })
    const [row] = await rowsOf(id)
    expect(row?.reason).toMatch(/partner: .*reference: .*phone_number: .*did you mean/)
  })

  it('is the order it was when its deadline has passed since', async () => {
    const data = jobData.buy({ deadline: new Date(Date.now() + 3_600_000).toISOString() })
    const first = await run({ id: randomUUID(), name: 'buy', data })
    // As if an hour had passed for the order, and for the partner that repeats it.
    const again = await run({ id: randomUUID(), name: 'buy', data })
    expect([first.is, again.is]).toEqual(['executed', 'executed'])
  })
})
