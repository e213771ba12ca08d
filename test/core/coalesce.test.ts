import { describe, expect, it } from 'vitest'
import { coalesce } from '../../src/core/coalesce.ts'
import { aBuy, startTestWeb } from '../support/servers/web.ts'

describe('asking together', () => {
  it('asks alone at once, and for everything that came meanwhile in one go, at most so many', async () => {
    const asked: number[][] = []
    const ask = coalesce<number, string>(3, async (items) => {
      asked.push([...items])
      await Promise.resolve()
      return items.map(String)
    })
    expect(await Promise.all([1, 2, 3, 4, 5].map(ask))).toEqual(['1', '2', '3', '4', '5'])
    expect(asked).toEqual([[1], [2, 3, 4], [5]])
    expect(await ask(6)).toBe('6')
  })

  it('fails those of one question, and none of the next', async () => {
    const ask = coalesce<number, number>(2, async (items) => {
      if (items.includes(2)) throw new Error('no')
      return items
    })
    const ends = await Promise.allSettled([1, 2, 3, 4].map(ask))
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
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
