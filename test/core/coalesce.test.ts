import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { coalesce } from '../../src/core/coalesce.ts'
import { aBuy, startTestWeb } from '../support/servers/web.ts'

describe('asking together', () => {
  it('asks in one go for what comes at once, and then for what came meanwhile, at most so many', async () => {
    const asked: number[][] = []
    const ask = coalesce<number, string>(3, async (items) => {
      asked.push([...items])
      await Promise.resolve()
      return items.map(String)
    })
    expect(await Promise.all([1, 2, 3, 4, 5].map(ask))).toEqual(['1', '2', '3', '4', '5'])
    expect(asked).toEqual([
      [1, 2, 3],
      [4, 5],
    ])
    expect(await ask(6)).toBe('6')
  })

  it('fails those of one question, and none of the next', async () => {
    const ask = coalesce<number, number>(2, async (items) => {
      if (items.includes(2)) throw new Error('no')
      return items
    })
    const ends = await Promise.allSettled([1, 2, 3, 4].map(ask))
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled'])
  })

  it('asks about each alone when the query was refused for one of them', async () => {
    const asked: number[][] = []
    const ask = coalesce<number, number>(
      4,
      async (items) => {
        asked.push([...items])
        if (items.includes(2)) throw new Error('refused')
        return items
      },
      { mayBeOfOneItem: (error) => (error as Error).message === 'refused' },
    )
    const ends = await Promise.allSettled([1, 2, 3].map(ask))
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(asked).toEqual([[1, 2, 3], [1], [2], [3]])
  })

  it('asks about no item of a key again before the earlier one has its result', async () => {
    const asked: string[][] = []
    const ask = coalesce<string, string>(
      9,
      async (items) => {
        asked.push([...items])
        await Promise.resolve()
        return items
      },
      { keyOf: (item) => item[0] },
    )
    expect(await Promise.all(['a1', 'b1', 'a2', 'a3', 'c1'].map(ask))).toEqual(['a1', 'b1', 'a2', 'a3', 'c1'])
    expect(asked).toEqual([['a1', 'b1', 'c1'], ['a2'], ['a3']])
  })

  it('lets later calls pass a query that takes long, and never more than four queries', async () => {
    // Only the timer of the patience: an hour of it passes at once.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const asked: number[] = []
    const ends: (() => void)[] = []
    const ask = coalesce<number, number>(1, async (items) => {
      asked.push(...items)
      await new Promise<void>((resolve) => ends.push(resolve))
      return items
    })
    const hour = async () => {
      for (let turn = 0; turn < 10; turn += 1) {
        await vi.advanceTimersByTimeAsync(360_000)
        await new Promise(setImmediate)
      }
    }
    const answers = Promise.all([1, 2, 3, 4, 5].map(ask))
    await new Promise(setImmediate)
    expect(asked).toEqual([1])
    await hour()
    expect(asked).toEqual([1, 2, 3, 4])
    ends[2]?.()
    await hour()
    expect(asked).toEqual([1, 2, 3, 4, 5])
    for (const end of ends) end()
    expect(await answers).toEqual([1, 2, 3, 4, 5])
  })

  it('gives each of many requests at once its own answer, whoever they are of', async () => {
    const here = await startTestWeb()
    const partners = [
      await here.partner(),
      await here.partner(),
      await here.partner({ limits: { kinds: ['buy'] } }),
    ]
    const bodies = Array.from({ length: 60 }, (_, n) =>
      aBuy({ reference: `R-${n % 30}`, amount: 1_000 + (n % 45) }),
    )
    const asked = bodies.flatMap((body) => partners.map(({ key, name }) => ({ key, name, body })))
    const replies = await Promise.all(
      asked.map(({ key, body }) => here.ask('POST', '/v1/orders', { key, body })),
    )
    const orders = new Map<unknown, string>()
    for (const [position, reply] of replies.entries()) {
      const { name, body } = asked[position] ?? { name: '', body: { reference: '', amount: 0 } }
      expect([202, 409]).toContain(reply.status)
      if (reply.status === 409) {
        expect(reply.json.differs).toEqual(['amount'])
        continue
      }
      expect(reply.json).toMatchObject({ reference: body.reference, request: { amount: body.amount } })
      const order = `${name}/${body.reference}`
      expect(orders.get(reply.json.id) ?? order).toBe(order)
      orders.set(reply.json.id, order)
    }
    expect(orders.size).toBe(90)
    await here.stop()
  })
})
