import { runMigrations } from 'bullmq'
import { Redis } from 'ioredis'
import { openClient } from '../db/pinned-client.ts'

/**
 * Asks Redis for a sign of life.
 * @throws the connection's error when there is none within five seconds
 */
export async function pingRedis(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: 5_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  // The connection's error is thrown by connect() as well.
  redis.on('error', () => {})
  try {
    await redis.connect()
    await redis.ping()
  } finally {
    redis.disconnect()
  }
}

/** Creates or updates BullMQ's schema `bullmq` in Postgres; safe to run again and from several processes at once. */
export async function migrateQueue(databaseUrl: string): Promise<number> {
  const client = openClient(databaseUrl)
  await client.connect()
  try {
    return await runMigrations(client)
  } finally {
    await client.end()
  }
}
