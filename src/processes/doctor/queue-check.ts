import { orUnreachable } from '../../cli/context.ts'
import { type Finding, failed, ok, warning } from './check.ts'

const OLDEST_REDIS = [6, 2] as const
const BY_CLI = 'redis-cli -u "$REDIS_URL"'

/** Where the queue lives, and whether it keeps what it has. */
export async function queueFinding(redisUrl: string | null, databaseUrl: () => string): Promise<Finding> {
  return redisUrl === null ? await postgresQueueFinding(databaseUrl()) : await redisFinding(redisUrl)
}

async function redisFinding(redisUrl: string): Promise<Finding> {
  // Loaded only here: BullMQ and ioredis take long to load.
  const { readRedisFacts } = await import('../../queue/queue-facts.ts')
  const { version, evictionPolicy, isAppending } = await orUnreachable(
    'Redis',
    'REDIS_URL',
    redisUrl,
    async () => await readRedisFacts(redisUrl),
  )
  if (version !== null && isOlder(version))
    return failed(`Redis ${version} is older than 6.2`, 'upgrade it, or set REDIS_URL to another server')
  const name = `Redis ${version ?? 'of unknown version'}`
  if (evictionPolicy !== null && evictionPolicy !== 'noeviction')
    return failed(
      `${name} may evict jobs: its maxmemory-policy is ${evictionPolicy}`,
      `${BY_CLI} CONFIG SET maxmemory-policy noeviction`,
    )
  if (isAppending === false)
    return warning(
      `${name} keeps no append-only file: jobs that no worker has taken are lost when it ends`,
      `${BY_CLI} CONFIG SET appendonly yes`,
    )
  return evictionPolicy === null || isAppending === null
    ? warning(`${name} does not say whether it evicts jobs or keeps a file`, `${BY_CLI} INFO`)
    : ok(`${name} evicts nothing and keeps an append-only file`)
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = OLDEST_REDIS
  return major < leastMajor || (major === leastMajor && minor < leastMinor)
}

async function postgresQueueFinding(databaseUrl: string): Promise<Finding> {
  const { readQueueSchema } = await import('../../queue/queue-facts.ts')
  const { version, needed } = await readQueueSchema(databaseUrl)
  return version < needed
    ? failed(
        `the queue's schema in Postgres has version ${version}, this program needs ${needed}`,
        'goldpro migrate',
      )
    : ok(`in Postgres, schema version ${version}`)
}
