import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { dataIn } from '../../../src/dev/embedded-postgres/data-folder.ts'
import { isGoneWithin, sendSignal, startOf } from '../../../src/dev/embedded-postgres/os-processes.ts'
import { type LocalPostgres, startLocalPostgres } from '../../../src/dev/embedded-postgres/postgres.ts'
import { declareIdentity } from '../../../src/operators/identity.ts'
import { migrateDatabase } from '../../../src/postgres/migrate.ts'
import { withSession } from '../../../src/postgres/session.ts'
import { migrateQueue } from '../../../src/queue/probe.ts'
import { memoryOrDisk } from '../../support/memory.ts'
import { startOwnRedis } from '../../support/servers/redis.ts'
import { closeSessions } from '../../support/servers/sessions.ts'

export type Backend = 'postgres' | 'redis'

/** The servers of a storm, which can be restarted on their ports. */
export interface Place {
  readonly databaseUrl: string
  readonly redisUrl: string | null
  restartPostgres(mode: 'fast' | 'immediate'): Promise<void>
  /** Kills Redis, and starts it with its append-only file. */
  restartRedis(): Promise<void>
  flushRedis(): Promise<void>
  stop(): Promise<void>
}

const RESTARTS = 5

/** Starts PostgreSQL, whose commits are durable, and Redis when the queue is to live there. */
export async function startPlace(backend: Backend): Promise<Place> {
  const postgres = await startPostgres()
  try {
    const redis = backend === 'redis' ? await startRedis() : null
    return {
      databaseUrl: postgres.databaseUrl,
      redisUrl: redis?.url ?? null,
      restartPostgres: postgres.restart,
      restartRedis: async () => await redis?.restart(),
      flushRedis: async () => await redis?.flush(),
      async stop() {
        await redis?.stop()
        await postgres.stop()
      },
    }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

async function startPostgres() {
  const dataDir = mkdtempSync(join(memoryOrDisk(), 'goldpro-storm-'))
  const start = async () => await startLocalPostgres({ dataDir, keepData: true, port: await port })
  const port = findLastingPort()
  let running: LocalPostgres = await start()
  const { databaseUrl } = running
  const stop = async () => {
    await closeSessions(databaseUrl)
    await running.stop()
    for (const folder of [running.folder, dataDir]) rmSync(folder, { recursive: true, force: true })
  }
  try {
    await migrateDatabase(databaseUrl)
    await migrateQueue(databaseUrl)
    await withSession(databaseUrl, declareIdentity)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    databaseUrl,
    stop,
    async restart(mode: 'fast' | 'immediate') {
      if (mode === 'immediate') await endAtOnce(running.folder)
      await running.stop()
      running = await again(start)
    },
  }
}

/** SIGQUIT: no session ends its work, and the next start recovers from the log. */
async function endAtOnce(folder: string): Promise<void> {
  const pid = Number(readFileSync(join(dataIn(folder), 'postmaster.pid'), 'utf8').split('\n')[0])
  const startTime = startOf(pid)
  sendSignal(pid, 'SIGQUIT')
  if (startTime !== null && !(await isGoneWithin(pid, startTime, 30_000)))
    throw new Error('Postgres does not end at SIGQUIT')
}

async function startRedis() {
  const folder = mkdtempSync(join(memoryOrDisk(), 'goldpro-storm-redis-'))
  const port = await findLastingPort()
  let running = await startOwnRedis(port, folder)
  const { url } = running
  return {
    url,
    async restart() {
      await running.stop()
      running = await again(() => startOwnRedis(port, folder))
    },
    async flush() {
      const client = new Redis(url)
      client.on('error', () => {})
      await client.flushall()
      client.disconnect()
    },
    async stop() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Tries a restart some times: its port may still be in use for a moment. */
async function again<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start()
    } catch (error) {
      if (attempt === RESTARTS) throw error
      await wait(500 * attempt)
    }
  }
}

/** Ports that systems do not give to outgoing connections, one of which would hold the port of a stopped server. */
const FIRST_PORT = 15_000
const PORTS = 15_000

async function findLastingPort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
