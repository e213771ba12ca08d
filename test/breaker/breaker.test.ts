import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { constraintOf } from '../support/constraint.ts'
import { aWallet } from '../support/factories/stored-orders.ts'
import { type BreakerScene, openBreakerScene } from '../support/scenes/breaker-scene.ts'
import { close, open } from '../support/scenes/two-people-switch.ts'
import { unnamed } from '../support/unnamed.ts'

let scene: BreakerScene
beforeEach(async () => {
  scene = await openBreakerScene()
})
afterEach(() => scene.close())

/** Half of the confirms are in doubt: the kind's switch and the partner's close. */
async function trip(): Promise<void> {
  await scene.confirms('succeeded', 2)
  await scene.confirms('in_doubt', 3)
  expect((await scene.evaluate()).sort()).toEqual(['kind:buy', 'partner:acme'])
}

/** Lets the chosen order confirm. */
async function probeEnds(outcome: 'succeeded' | 'in_doubt' | 'rejected'): Promise<string> {
  const [orderId = ''] = await scene.probe()
  await scene.end(await scene.commit(orderId), outcome)
  return orderId
}

describe('a breach', () => {
  it('closes the switches of its kind and of its partner with the figures as the reason, once', async () => {
    await trip()
    expect(await scene.closings()).toMatchObject([
      {
        closed_by: 'breaker',
        reason: '3 of 5 confirms were unknown outcomes (60 %, limit 50 %) within 300 s',
      },
      { closed_by: 'breaker' },
    ])
    expect(await scene.evaluate()).toEqual([])
    expect(await scene.commit(await scene.aWaiting())).toBeNull()
  })

  it('is none while confirms succeed, or while they are few', async () => {
    await scene.confirms('in_doubt', 3)
    expect(await scene.evaluate()).toEqual([])
    await scene.confirms('succeeded', 9)
    expect(await scene.evaluate()).toEqual([])
  })

  it('closes for the rupiah of one doubt', async () => {
    await scene.confirms('in_doubt', 1)
    expect(await scene.evaluate({ rupiahInDoubt: 441_000 as never })).toContain('kind:buy')
  })

  it('is found by one of two workers that look at once', async () => {
    await scene.confirms('in_doubt', 4)
    const closed = await Promise.all([1, 2, 3, 4].map(() => scene.evaluate()))
    expect(closed.flat().sort()).toEqual(['kind:buy', 'partner:acme'])
    expect(await scene.closings()).toHaveLength(2)
  })

  it('is not found again in what happened before the switch was opened', async () => {
    await trip()
    await open(scene.databaseUrl, 'kind:buy')
    await open(scene.databaseUrl, 'partner:acme')
    expect(await scene.evaluate()).toEqual([])
    await scene.confirms('in_doubt', 4)
    expect(await scene.evaluate()).toContain('kind:buy')
  })
})

describe('a probe', () => {
  it('lets one order through at a time, and two successes open the switches', async () => {
    await trip()
    const waiting = [await scene.aWaiting(), await scene.aWaiting(), await scene.aWaiting()]
    const [first = ''] = await scene.probe()
    expect(waiting).toContain(first)
    // Whoever else asks gets no other order, and no other order passes.
    expect(await scene.probe()).toEqual([])
    for (const other of waiting.filter((each) => each !== first)) expect(await scene.commit(other)).toBeNull()
    await scene.end(await scene.commit(first), 'succeeded')
    await scene.probe()
    expect((await scene.closings()).map(({ opened_by }) => opened_by)).toEqual([null, null])
    await probeEnds('succeeded')
    await scene.probe()
    expect((await scene.closings()).map(({ opened_by }) => opened_by)).toEqual(['breaker', 'breaker'])
    const left = waiting.find((each) => each !== first) ?? ''
    expect((await scene.store.load([left]))[0]?.state).toMatch(/accepted|succeeded/)
  })

  it('in doubt closes it again, for a pause that grows', async () => {
    await trip()
    await scene.aWaiting()
    await scene.aWaiting()
    await probeEnds('in_doubt')
    expect(await scene.probe({ pauseSeconds: 60 })).toEqual([])
    expect(await scene.probe()).toEqual([])
    const [row] = await scene.run<{ pauses: number; pause: number }>(
      `SELECT pauses, round(extract(epoch FROM paused_until - now()) / 60)::int AS pause FROM breaker_trips`,
    )
    expect(row).toEqual({ pauses: 1, pause: 2 })
  })

  it('learns nothing from a refusal: another order probes', async () => {
    await trip()
    const waiting = [await scene.aWaiting(), await scene.aWaiting()]
    const first = await probeEnds('rejected')
    // One look ends the probe, the next chooses.
    await scene.probe()
    const [second = ''] = await scene.probe()
    expect([first, second].sort()).toEqual(waiting.sort())
  })

  it('moves no more than its bound: neither a large order nor a small one with a large quote', async () => {
    await trip()
    await scene.aWaiting({ gold_weight: '1.0001' })
    expect(await scene.probe()).toEqual([])
    const small = await scene.aWaiting({ gold_weight: '1' })
    expect(await scene.probe()).toEqual([small])
    expect(await scene.commit(small, { amount: 1_000_001 as never })).toBeNull()
    expect(await scene.commit(small, { amount: null, goldWeight: 10_001 as never })).toBeNull()
    expect(await scene.commit(small, { amount: 1_000_000 as never })).not.toBeNull()
  })

  it('is an order whose turn in its wallet has come, while there is one', async () => {
    await trip()
    const wallet = { phone_number: aWallet() }
    await scene.aWaiting({ gold_weight: '1.0001', ...wallet })
    const behind = await scene.aWaiting({ gold_weight: '1', ...wallet })
    const first = await scene.aWaiting({ gold_weight: '1' })
    expect(await scene.probe()).toEqual([first])
    await scene.end(await scene.commit(first), 'rejected')
    await scene.probe()
    expect(await scene.probe()).toEqual([behind])
  })

  it('is given up after a minute without a confirm', async () => {
    await trip()
    const first = await scene.aWaiting()
    const second = await scene.aWaiting()
    expect(await scene.probe()).toEqual([first])
    await scene.run('ALTER TABLE breaker_probes DISABLE TRIGGER breaker_probes_guard')
    await scene.run(`UPDATE breaker_probes SET chosen_at = chosen_at - interval '61 seconds'`)
    await scene.run('ALTER TABLE breaker_probes ENABLE TRIGGER breaker_probes_guard')
    await scene.probe()
    expect(await scene.probe()).toEqual([second])
    // The first one may no longer pass.
    expect(await scene.commit(first)).toBeNull()
  })

  it('is given up at once when another switch is closed that holds its order', async () => {
    await trip()
    await open(scene.databaseUrl, 'partner:acme')
    const [first, second] = [await scene.aWaiting(), await scene.aWaiting()]
    expect(await scene.probe()).toEqual([first])
    await close(scene.databaseUrl, 'partner:acme')
    expect(await scene.commit(first)).toBeNull()
    expect(await scene.probe()).toEqual([])
    expect(await scene.run('SELECT outcome FROM breaker_probes')).toEqual([{ outcome: 'no_confirm' }])
    // While that switch is closed no order fits; then another one probes.
    expect(await scene.probe()).toEqual([])
    await open(scene.databaseUrl, 'partner:acme')
    expect(await scene.probe()).toEqual([second])
  })

  it('waits for its confirm, however long it is out', async () => {
    await trip()
    await scene.aWaiting()
    await scene.aWaiting()
    const [first = ''] = await scene.probe()
    await scene.commit(first)
    await scene.run('ALTER TABLE breaker_probes DISABLE TRIGGER breaker_probes_guard')
    await scene.run(`UPDATE breaker_probes SET chosen_at = chosen_at - interval '1 hour'`)
    expect(await scene.probe()).toEqual([])
    expect(await scene.probe()).toEqual([])
  })

  it('is chosen after the one before has ended, also by a transaction that began earlier', async () => {
    await trip()
    for (let n = 0; n < 3; n += 1) await scene.aWaiting()
    await scene.database.transaction(async (early) => {
      await early.run(unnamed('SELECT now()'), [])
      await probeEnds('succeeded')
      // This look ends the probe.
      expect(await scene.probe()).toEqual([])
      await early.run(unnamed('SELECT choose_breaker_probe(min(id)) FROM switch_closings'), [])
    })
    const overlapping = await scene.run(
      `SELECT 1 FROM breaker_probes p JOIN breaker_probes q USING (closing_id)
       WHERE p.outcome = 'succeeded' AND q.outcome IS NULL AND q.chosen_at < p.ended_at`,
    )
    expect(overlapping).toEqual([])
    expect(await scene.run('SELECT count(*)::int AS count FROM breaker_probes')).toEqual([{ count: 4 }])
  })

  it('counts also where the statement of its intent had begun before it was chosen', async () => {
    await trip()
    const [first, second] = [await scene.aWaiting(), await scene.aWaiting()]
    const outcomes = async (orderId: string) =>
      await scene.run(`SELECT DISTINCT outcome FROM breaker_probes WHERE order_id = '${orderId}'`)
    const endEarlyIntent = async (orderId: string, outcome: 'in_doubt' | 'succeeded') => {
      expect(await scene.probe()).toEqual([orderId])
      const intent = await scene.commit(orderId)
      await scene.run('ALTER TABLE attempts DISABLE TRIGGER USER')
      await scene.run(
        `UPDATE attempts SET intent_at = intent_at - interval '1 second' WHERE outcome = 'intent'`,
      )
      await scene.run('ALTER TABLE attempts ENABLE TRIGGER USER')
      await scene.end(intent, outcome)
      await scene.probe()
    }
    await endEarlyIntent(first, 'in_doubt')
    expect(await outcomes(first)).toEqual([{ outcome: 'in_doubt' }])
    await scene.run(`UPDATE breaker_trips SET paused_until = now()`)
    await endEarlyIntent(second, 'succeeded')
    expect(await outcomes(second)).toEqual([{ outcome: 'succeeded' }])
  })

  it('is one order among several looks at once', async () => {
    await trip()
    for (let n = 0; n < 5; n += 1) await scene.aWaiting()
    const chosen = await Promise.all([1, 2, 3, 4].map(() => scene.probe()))
    expect(chosen.flat()).toHaveLength(1)
  })
})

describe('a person and the breaker', () => {
  it('a person’s closing is never probed nor opened by the breaker', async () => {
    await close(scene.databaseUrl, 'kind:buy')
    await scene.aWaiting()
    expect(await scene.probe()).toEqual([])
    await scene.confirms('succeeded', 0)
    expect(await scene.evaluate()).toEqual([])
    expect(
      await constraintOf(scene.run(`UPDATE switch_closings SET opened_at = now(), opened_by = 'breaker'`)),
    ).toBe('switch_opened_by_proof')
  })

  it('who closes what the breaker has closed keeps it closed: a probe passes no more', async () => {
    await trip()
    await scene.aWaiting()
    const [first = ''] = await scene.probe()
    await close(scene.databaseUrl, 'kind:buy')
    expect(await scene.commit(first)).toBeNull()
    expect(await scene.probe()).toEqual([])
    const [kind] = await scene.closings()
    expect(kind).toMatchObject({ scope: 'kind:buy', kept_closed_by: 'person:ani' })
    await open(scene.databaseUrl, 'kind:buy')
    expect((await scene.closings())[0]?.opened_by).toBe('person:budi')
  })

  it('an order of everything that is closed is no probe', async () => {
    await trip()
    await close(scene.databaseUrl, 'everything')
    await scene.aWaiting()
    expect(await scene.probe()).toEqual([])
  })

  it('two people open what the breaker has closed', async () => {
    await trip()
    await open(scene.databaseUrl, 'kind:buy')
    expect((await scene.closings())[0]?.opened_by).toBe('person:budi')
  })

  it('nobody opens it by hand without the proof of probes, nor ends a probe twice', async () => {
    await trip()
    await scene.aWaiting()
    expect(
      await constraintOf(scene.run(`UPDATE switch_closings SET opened_at = now(), opened_by = 'breaker'`)),
    ).toBe('switch_opened_by_proof')
    await probeEnds('rejected')
    await scene.probe()
    expect(
      await constraintOf(scene.run(`UPDATE breaker_probes SET outcome = 'succeeded', ended_at = now()`)),
    ).toBe('breaker_probe_transition')
  })
})
