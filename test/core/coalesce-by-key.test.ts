import { expect, it } from 'vitest'
import { coalesceByKey } from '../../src/core/coalesce-by-key.ts'

it('combines calls of one key only, and lets no key wait for another', async () => {
  const asked: string[][] = []
  const gates = new Map<string, () => void>()
  const call = coalesceByKey<string, string>(
    10,
    (item) => item.slice(0, 1),
    async (items) => {
      asked.push([...items])
      await new Promise<void>((resolve) => gates.set(items[0] ?? '', resolve))
      return items
    },
  )
  const calls = ['a1', 'a2', 'b1', 'a3', 'b2'].map(call)
  expect(asked).toEqual([['a1'], ['b1']])
  gates.get('b1')?.()
  expect(await calls[2]).toBe('b1')
  expect(asked.at(-1)).toEqual(['b2'])
  for (const first of ['a1', 'b2']) gates.get(first)?.()
  await calls[0]
  gates.get('a2')?.()
  expect(await Promise.all(calls)).toEqual(['a1', 'a2', 'b1', 'a3', 'b2'])
  expect(asked).toEqual([['a1'], ['b1'], ['b2'], ['a2', 'a3']])
})
