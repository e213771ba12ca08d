import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cacheFor, memoizeLast } from '../../src/core/cache.ts'
import type { Database } from '../../src/postgres/pool.ts'
import { startTestWeb, type TestWeb } from '../support/servers/web.ts'

describe('an answer that is shared', () => {
  it('is given to who asks while it is on the way and for a while after, and then asked for again', async () => {
    let nowMs = 0
    let asked = 0
    const count = async () => {
      asked += 1
      return asked
    }
    const ask = cacheFor(count, 500, () => nowMs)
    expect(await Promise.all([ask(), ask()])).toEqual([1, 1])
    nowMs = 499
    expect(await ask()).toBe(1)
    nowMs = 500
    expect(await ask()).toBe(2)
  })

  it('is not a failure', async () => {
    let asked = 0
    const ask = cacheFor(
      async () => {
        asked += 1
        if (asked === 1) throw new Error('not now')
        return asked
      },
      500,
      () => 0,
    )
    await expect(ask()).rejects.toThrow('not now')
    expect(await ask()).toBe(2)
  })

  it('is made once for the same argument', () => {
    let made = 0
    const make = memoizeLast((version: string) => {
      made += 1
      return `${version}-${made}`
    })
    expect([make('1'), make('1'), make('2')]).toEqual(['1-1', '1-1', '2-2'])
  })
})

describe('what anybody may ask', () => {
  let here: TestWeb
  let looked = 0
  beforeAll(async () => {
    const aroundDatabase = (database: Database): Database => ({
      ...database,
      run(statement, values) {
        if (statement.name === 'count_migrations') looked += 1
        return database.run(statement, values)
      },
    })
    here = await startTestWeb({ aroundDatabase })
  })
  afterAll(() => here?.stop())

  it('does not cost the database a question each, though probes are always answered', async () => {
    const asked = 200
    const replies = await Promise.all(Array.from({ length: asked }, () => here.ask('GET', '/readyz')))
    expect(replies.every(({ status }) => status === 200)).toBe(true)
    expect(looked).toBeLessThan(asked / 4)
  })

  it('is described from what was written once', async () => {
    const [first, second] = [await here.ask('GET', '/openapi.json'), await here.ask('GET', '/openapi.json')]
    expect(second.text).toBe(first.text)
  })
})
