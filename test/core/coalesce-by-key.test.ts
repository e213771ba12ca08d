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
  const calls = ['a1', 'b1'].map(call)
  await expect.poll(() => asked).toEqual([['a1'], ['b1']])
  calls.push(...['a2', 'a3', 'b2'].map(call))
  gates.get('b1')?.()
  expect(await calls[1]).toBe('b1')
  await expect.poll(() => asked.at(-1)).toEqual(['b2'])
  for (const first of ['a1', 'b2']) gates.get(first)?.()
  await calls[0]
  await expect.poll(() => asked.at(-1)).toEqual(['a2', 'a3'])
  gates.get('a2')?.()
  expect(await Promise.all(calls)).toEqual(['a1', 'b1', 'a2', 'a3', 'b2'])
  expect(asked).toEqual([['a1'], ['b1'], ['b2'], ['a2', 'a3']])
})
