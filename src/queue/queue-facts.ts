import { assertSchemaCompatibility, LATEST_SCHEMA_VERSION } from 'bullmq'
import { openClient } from '../postgres/pinned-client.ts'
import { redisInfo } from './probe.ts'

/** What a Redis server says about itself, as far as a queue depends on it; null: it does not say. */
export interface RedisFacts {
  readonly version: string | null
  readonly evictionPolicy: string | null
  /** Whether it writes each change to a file. */
  readonly isAppending: boolean | null
}

/** Reads them by INFO, for CONFIG is refused by managed servers. */
export async function readRedisFacts(redisUrl: string): Promise<RedisFacts> {
  const info = await redisInfo(redisUrl)
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null
  const appending = field('aof_enabled')
  return {
    version: field('redis_version'),
    evictionPolicy: field('maxmemory_policy'),
    isAppending: appending === null ? null : appending === '1',
  }
}

/** The version of BullMQ's schema in Postgres, and this program's. Throws where there is none, or it is too new. */
export async function readQueueSchema(databaseUrl: string): Promise<{ version: number; needed: number }> {
  const client = openClient(databaseUrl)
  await client.connect()
  try {
    return { version: await assertSchemaCompatibility(client), needed: LATEST_SCHEMA_VERSION }
  } finally {
    await client.end().catch(() => {})
  }
}
