import { runMigrations } from 'bullmq'
import { Redis } from 'ioredis'
import { openClient } from '../postgres/pinned-client.ts'
import { QUEUE_NAME } from './backend.ts'

/**
 * Pings Redis.
 * @throws the connection's error when Redis does not answer within five seconds
 */
export async function pingRedis(redisUrl: string): Promise<void> {
  await onRedis(redisUrl, (redis) => redis.ping())
}

/** What the server says about itself. */
export async function redisInfo(redisUrl: string): Promise<string> {
  return await onRedis(redisUrl, (redis) => redis.info())
}

async function onRedis<T>(redisUrl: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: 5_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  // connect() throws only that the connection is closed where TLS was refused: the event has the reason.
  let reason: Error | null = null
  redis.on('error', (error: Error) => {
    reason ??= error
  })
  try {
    await redis.connect()
    return await ask(redis)
  } catch (error) {
    throw reason ?? error
  } finally {
    redis.disconnect()
  }
}

/** BullMQ creates the sequence of job ids with the first job. The program's role may not create one, so it is created here. */
const CREATE_JOB_IDS = `
  DO $$ BEGIN EXECUTE format('CREATE SEQUENCE IF NOT EXISTS bullmq.%I', bullmq.job_id_seq_name('${QUEUE_NAME}')); END $$`

/** Creates or updates BullMQ's schema `bullmq` in Postgres; safe to run again and from several processes at once. */
export async function migrateQueue(databaseUrl: string): Promise<number> {
  const client = openClient(databaseUrl)
  await client.connect()
  try {
    const version = await runMigrations(client)
    await client.query('SET client_min_messages TO warning')
    await client.query(CREATE_JOB_IDS)
    return version
  } finally {
    await client.end()
  }
}
