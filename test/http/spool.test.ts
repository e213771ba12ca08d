import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFilePlaces } from '../../src/http/files.ts'
import { atMostSessions } from '../../src/http/sessions.ts'
import { openSpool } from '../../src/http/spool.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goldpro-spool-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

describe('a spooled file', () => {
  it('has no name while it is written and read, and gives back what was written', async () => {
    const spool = await openSpool(folder)
    await spool.write(Buffer.from('ab'))
    await spool.write(Buffer.from('c'))
    expect(await readdir(folder)).toEqual([])
    expect(spool.bytes).toBe(3)
    expect(await text(spool.read())).toBe('abc')
    await spool.close()
  })

  it('closes also when it was read by half', async () => {
    const spool = await openSpool(folder)
    await spool.write(Buffer.alloc(1_000_000))
    const bytes = spool.read()
    await new Promise((resolve) => bytes.once('readable', resolve))
    await spool.close()
    expect(bytes.destroyed).toBe(true)
  })
})

describe('places for files', () => {
  const codeOf = (take: () => unknown) => {
    try {
      take()
      return null
    } catch (error) {
      return (error as { code: string }).code
    }
  }

  it('are so many for all and so many for one, and each is given back once', () => {
    const places = createFilePlaces(3, 2)
    const release = places.take('a')
    places.take('a')
    expect(codeOf(() => places.take('a'))).toBe('too_many_files')
    places.take('b')
    expect(codeOf(() => places.take('b'))).toBe('overloaded')
    release()
    release()
    places.take('b')
    expect(codeOf(() => places.take('c'))).toBe('overloaded')
    expect(codeOf(() => places.take('b'))).toBe('too_many_files')
  })
})

describe('sessions', () => {
  it('are so many at once, also when some fail, and who comes first is served first', async () => {
    const order: number[] = []
    let open = 0
    let most = 0
    const inSession = atMostSessions(2, async (work) => {
      open += 1
      most = Math.max(most, open)
      try {
        return await work(null as never)
      } finally {
        open -= 1
      }
    })
    const works = Array.from({ length: 9 }, (_, n) =>
      inSession(async () => {
        await Promise.resolve()
        order.push(n)
        if (n % 3 === 0) throw new Error('failed')
      }),
    )
    const results = await Promise.allSettled(works)
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(3)
    expect([most, open]).toEqual([2, 0])
    expect(order).toEqual([...order].sort((a, b) => a - b))
  })
})
