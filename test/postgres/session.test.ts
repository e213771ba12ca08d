import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SESSION_NAME, type Session, withSession } from '../../src/postgres/session.ts'
import { startBatchFeeder } from '../../src/processes/scheduler/batch-feeder.ts'
import { silentLog } from '../support/deps.ts'
import { eventually } from '../support/eventually.ts'
import { type BatchScene, openBatchScene } from '../support/scenes/batch-scene.ts'
import { type SilentProxy, startSilentProxy } from '../support/servers/silent-proxy.ts'

const bounds = { replyWithinMs: 300 }

let scene: BatchScene
let proxy: SilentProxy
beforeEach(async () => {
  scene = await openBatchScene()
  proxy = await startSilentProxy(scene.databaseUrl)
})
afterEach(async () => {
  await proxy.stop()
  await scene.close()
})

const ask = (session: Session, text = 'SELECT 1 AS one') => session.run({ name: 'asked', text })

describe('a session whose server vanishes without a word', () => {
  it('fails the statement that waits for it, and those after it at once', async () => {
    await withSession(
      proxy.url,
      async (session) => {
        await ask(session)
        proxy.silence(SESSION_NAME)
        await expect(ask(session)).rejects.toThrow('asked failed (no reply within 300 ms)')
        await expect(session.transaction(() => ask(session))).rejects.toThrow('begin failed')
      },
      bounds,
    )
  })

  it('rolls its transaction back', async () => {
    await scene.rows('CREATE TABLE noted (what text)')
    const work = withSession(
      proxy.url,
      (session) =>
        session.transaction(async () => {
          await ask(session, `INSERT INTO noted VALUES ('half')`)
          proxy.silence(SESSION_NAME)
          await ask(session, `INSERT INTO noted VALUES ('other half')`)
        }),
      bounds,
    )
    await expect(work).rejects.toThrow('no reply within 300 ms')
    expect(await scene.rows('SELECT what FROM noted')).toEqual([])
  })

  it('ends when its work is over, also when the server does not close it', async () => {
    const done = await withSession(
      proxy.url,
      async (session) => {
        const rows = await ask(session)
        proxy.silence(SESSION_NAME)
        return rows
      },
      bounds,
    )
    expect(done).toEqual([{ one: 1 }])
  })

  it('is another one for a feeder, which goes on', async () => {
    const [first, second] = [await scene.batchIn('running'), await scene.batchIn('approved')]
    const feeder = startBatchFeeder({
      ...{ databaseUrl: proxy.url, redisUrl: null, name: 'test', log: silentLog },
      ...{ everyMs: 20, replyWithinMs: 300 },
    })
    try {
      const isFed = (batchId: number) => async () => ((await scene.progress(batchId)).fed === 3 ? true : null)
      await eventually(isFed(first))
      proxy.silence(SESSION_NAME)
      await scene.rows(
        `UPDATE batches SET state = 'running', reason = 'run_by_person', run_at = now(), rate_per_second = 1000 WHERE id = $1`,
        [second],
      )
      await eventually(isFed(second))
    } finally {
      await feeder.stop()
    }
  })
})
