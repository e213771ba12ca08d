import { migrateQueue } from '../../../src/queue/probe.ts'
import { createTestDatabase } from './postgres.ts'
import { startOwnRedis, testRedis } from './redis.ts'

/** A place for a queue of a test's own: a fresh database, and a Redis when the queue lives there. */
export interface TestQueue {
  readonly databaseUrl: string
  readonly redisUrl: string | null
  stop(): Promise<void>
}

interface QueueBackend {
  readonly name: 'postgres' | 'redis'
  /** Why it cannot be tried here. */
  readonly skip?: string
  start(): Promise<TestQueue>
}

/** Both backends; the reason is printed when Redis is not to be had. */
export function queueBackends(): QueueBackend[] {
  const redis = testRedis()
  return [
    { name: 'postgres', start: startPostgresQueue },
    { name: 'redis', start: startRedisQueue, ...('skip' in redis ? { skip: redis.skip } : {}) },
  ]
}

async function startPostgresQueue(): Promise<TestQueue> {
  const { databaseUrl, drop } = await createTestDatabase()
  await migrateQueue(databaseUrl)
  return { databaseUrl, redisUrl: null, stop: drop }
}

async function startRedisQueue(): Promise<TestQueue> {
  const { databaseUrl, drop } = await createTestDatabase()
  const redis = await startOwnRedis()
  return {
    databaseUrl,
    redisUrl: redis.url,
    async stop() {
      await redis.stop()
      await drop()
    },
  }
}
