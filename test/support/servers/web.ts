import { randomBytes } from 'node:crypto'
import { SCOPES, type Scope } from '../../../src/core/scopes.ts'
import type { WalletPolicy } from '../../../src/core/wallet-policies.ts'
import { addHolderKey, addPartnerWithKey, type HandedOutKey } from '../../../src/partners/commands.ts'
import type { LimitChange } from '../../../src/partners/store/partners.ts'
import { setLimits } from '../../../src/partners/store/partners.ts'
import { type Database, openDatabase } from '../../../src/postgres/pool.ts'
import { type RunningWeb, startWeb, type WebOptions } from '../../../src/processes/web.ts'
import { readText } from '../../ground/tables.ts'
import { silentLog } from '../deps.ts'
import { unnamed } from '../unnamed.ts'
import { createTestDatabase } from './postgres.ts'
import { decidePolicy } from './wallet-policy.ts'

/** The version of the package, which the pages of `goldpro web` show too. */
const { version: VERSION } = JSON.parse(readText('package.json')) as { version: string }

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; null when it is none. */
  readonly json: Record<string, unknown>
}

export interface Asked {
  readonly key?: string | null
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

export interface TestWeb {
  readonly web: RunningWeb
  readonly databaseUrl: string
  readonly database: Database
  /** A key of a new partner, or of this name. */
  partner(grant?: {
    name?: string
    scopes?: Scope[]
    isSigned?: boolean
    limits?: LimitChange
  }): Promise<HandedOutKey & { readonly name: string }>
  /** A key of another holder of a partner. */
  holder(partner: string, holder: string, scopes: Scope[]): Promise<string>
  ask(method: string, path: string, asked?: Asked): Promise<Reply>
  stop(): Promise<void>
}

let partners = 0

/** The API on a database of its own, without a worker: orders stay accepted. Any wallet may be ordered for, unless told. */
export async function startTestWeb({
  walletPolicy = 'open',
  ...overrides
}: Partial<WebOptions> & { readonly walletPolicy?: WalletPolicy } = {}): Promise<TestWeb> {
  const place = await createTestDatabase()
  const { databaseUrl } = place
  await decidePolicy(databaseUrl, walletPolicy)
  const web = await startWeb({
    databaseUrl,
    redisUrl: null,
    gateway: null,
    host: '127.0.0.1',
    port: 0,
    metricsPort: 0,
    version: VERSION,
    log: silentLog,
    ...overrides,
  })
  const database = openDatabase({ databaseUrl, maxConnections: 4, onError: () => {} })
  return {
    web,
    databaseUrl,
    database,
    async holder(partner, holder, scopes) {
      const deps = { database, random: randomBytes, actor: 'person:test' }
      const answer = await addHolderKey(partner, holder, { scopes, isSigned: false }, deps)
      if (answer.is !== 'done') throw new Error(answer.message)
      return answer.key.key
    },
    async partner({ name, scopes = [...SCOPES], isSigned = false, limits } = {}) {
      partners += 1
      const partner = name ?? `p${partners}`
      const deps = { database, random: randomBytes, actor: 'person:test' }
      const answer = await addPartnerWithKey(partner, { scopes, isSigned }, deps)
      if (answer.is !== 'done') throw new Error(answer.message)
      if (limits !== undefined) await setLimits(database, partner, limits, 'person:test')
      return { ...answer.key, name: partner }
    },
    ask: (method, path, asked) => ask(web.url, method, path, asked),
    async stop() {
      await web.stop()
      await database.close()
      await place.drop()
    },
  }
}

/** Sends one request; a body that is no text is sent as JSON. */
export async function ask(
  url: string,
  method: string,
  path: string,
  { key = null, body, headers = {} }: Asked = {},
): Promise<Reply> {
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : {},
  }
}

let batches = 0

/** A batch file that no other test sends. */
export function aBatchFile(rows = 2): string {
  batches += 1
  const lines = Array.from({ length: rows }, (_, n) => `buy,N${batches}-${n + 1},081234500001,100000`)
  return `${['kind,reference,phone_number,amount', ...lines].join('\n')}\n`
}

export const CSV = { 'content-type': 'text/csv' }

/** Sends a batch and gives its number. */
export async function sentBatch(here: TestWeb, key: string, rows = 2): Promise<number> {
  const reply = await here.ask('POST', '/v1/batches', { key, body: aBatchFile(rows), headers: CSV })
  if (reply.status !== 201) throw new Error(reply.text)
  return Number(reply.json.id)
}

let references = 0

/** A buy as a partner's program writes it. */
export function aBuy(overrides: object = {}) {
  references += 1
  return {
    kind: 'buy',
    reference: `W-${references}`,
    phone_number: '081234500001',
    amount: 100_000,
    ...overrides,
  }
}

/** Keeps a partner's minute and day from ending, however long a test takes. */
export async function freezeUsage({ database }: TestWeb, partner: string): Promise<void> {
  const text = `INSERT INTO partner_usage (partner, minute, day)
    VALUES ($1, now() + interval '1 day', (now() + interval '2 days')::date)`
  await database.run(unnamed(text), [partner])
}

let plans = 0

/** A plan as a partner's program writes it: a buy on the 25th of each month. */
export function aPlan(overrides: object = {}) {
  plans += 1
  return {
    name: `P-${plans}`,
    order: { kind: 'buy', phone_number: '081234500001', amount: 100_000 },
    schedule: { monthly: { day: 25 } },
    ...overrides,
  }
}

/** Keeps a price as if a scheduler had captured it. */
export async function keepPrice(
  web: TestWeb,
  side: 'buy' | 'sell',
  day: string,
  price: number,
): Promise<void> {
  const text = `INSERT INTO prices (side, day, rupiah_per_gram, captured_at) VALUES ($1, $2, $3, now())`
  await web.database.run(unnamed(text), [side, day, price])
}
