import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { boundedSessions } from '../../src/http/sessions.ts'
import { openSpool } from '../../src/http/upload-spool.ts'
import { createUploadSlots } from '../../src/http/uploads.ts'

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
    const places = createUploadSlots(3, 2)
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
    const sessions = boundedSessions(2, 9, async (work) => {
      open += 1
      most = Math.max(most, open)
      try {
        return await work(null as never)
      } finally {
        open -= 1
      }
    })
    const works = Array.from({ length: 9 }, (_, n) =>
      sessions.open({ partner: 'a', signal: new AbortController().signal }, async () => {
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

  it('are not all of one partner, nor kept or waited for by whoever has gone', async () => {
    const sessions = boundedSessions(2, 2, (work) => work(null as never))
    let finish = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const gone = new AbortController()
    const ask = (partner: string, signal = new AbortController().signal) =>
      sessions.open({ partner, signal }, async () => await finished)
    const [a, b] = [ask('a'), ask('a')]
    await expect(ask('a')).rejects.toMatchObject({ code: 'overloaded' })
    let isDone = false
    const leaving = sessions.open({ partner: 'b', signal: gone.signal }, async () => {
      isDone = true
    })
    const staying = ask('c')
    gone.abort()
    await expect(leaving).rejects.toMatchObject({ code: 'overloaded' })
    finish()
    await Promise.all([a, b, staying])
    await ask('a')
    expect(isDone).toBe(false)
    await expect(ask('b', gone.signal)).rejects.toMatchObject({ code: 'overloaded' })
  })

  it('are waited for by so many and no more', async () => {
    const sessions = boundedSessions(1, 100, (work) => work(null as never))
    // Each with a signal of its own, as requests have.
    const holds = Array.from({ length: 33 }, () => new AbortController())
    const waiting = holds.map(({ signal }) =>
      sessions.open(
        { partner: 'a', signal },
        () => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
      ),
    )
    const last = sessions.open({ partner: 'b', signal: new AbortController().signal }, async () => {})
    await expect(last).rejects.toMatchObject({ code: 'overloaded' })
    for (const hold of [...holds].reverse()) hold.abort()
    expect((await Promise.allSettled(waiting)).filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})
