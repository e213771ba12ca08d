import { readdirSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROUTES } from '../../src/console/routes.ts'
import { openWholeConsole, type WholeConsole } from '../support/scenes/whole-console.ts'

/** A column that may have a text. */
interface TextColumn {
  readonly table: string
  readonly column: string
  readonly type: string
  /** One of a list that Postgres checks. */
  readonly isEnum: boolean
}

const SRC = fileURLToPath(new URL('../../src/', import.meta.url))

/** Every column of the schemas that holds text, alone or within JSON or a list. */
async function textColumns(): Promise<TextColumn[]> {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /schema\.ts$/.test(file),
  )
  const tables = new Map<string, PgTable>()
  for (const file of files)
    for (const each of Object.values(await import(pathToFileURL(SRC + file).href)))
      if (is(each, PgTable)) tables.set(getTableConfig(each).name, each)
  return [...tables.values()].flatMap((each) => {
    const { name, columns } = getTableConfig(each)
    return columns
      .filter((column) => /^(text|jsonb)/.test(column.getSQLType()))
      .map((column) => ({
        table: name,
        column: column.name,
        type: column.getSQLType(),
        isEnum: (column.enumValues?.length ?? 0) > 0,
      }))
  })
}

const nameOf = ({ table, column }: TextColumn) => `${table}.${column}`

/** Columns into which nobody outside writes a text of their own, or whose tables no page reads. */
const CLOSED: readonly (readonly [RegExp, string])[] = [
  [/_transitions\./, 'the legal moves, which the migrations write'],
  [
    /(hash|hashes|secret|salt|scrypt|intent_id)$/,
    'hashes and secrets, which the program makes and no page shows',
  ],
  [
    /^(operator_factors|operator_sessions|console_throttles|installation)\./,
    'the proofs of sign-in, which no page shows',
  ],
  [
    /^operator(s|_tokens|_events)\./,
    'operators are named by admins on the command line; pages show the audit’s copy',
  ],
  [
    /^(alerts|alert_occurrences|overdue_rules|process_heartbeats)\./,
    'told to operations by another way than pages',
  ],
  [
    /^(partner_nonces|partner_usage|partner_day_wallets|partner_events|wallet_events|wallet_policies)\./,
    'no page reads it',
  ],
  [/^(rejected_jobs|statement_bad_lines|statement_mappings\.(mapping|created_by))/, 'no page reads it'],
  [
    /^(prices|breaker_trips|database_identity|doubt_stays|webhook_events)\./,
    'figures and names that the program makes',
  ],
  [/^recon_runs\.(settings|counts)$/, 'figures that a run makes'],
  [/^recoveries\.(from_identity|identity)$/, 'made by the program'],
  [
    /^plans\.(schedule|time_zone)$/,
    'parsed when a plan is added: a pattern of cron or a rule, and a zone of the system',
  ],
  [/^switch_closings\.scope$/, 'parsed: `everything` or one of four names before a colon'],
  [/^batches\.page_hashes$/, 'hashes that the program makes'],
  [/^statements\.ignored_rows$/, 'counts by the names of the mapping’s rules'],
  [/^webhook_endpoints\.kinds$/, 'kinds of events, of a list'],
  [/^(partners|partner_keys)\.(kinds|scopes|addresses)$/, 'of a list, or networks in CIDR form'],
  [/\.prefix$/, 'made by the program'],
  [
    /^(webhook_endpoints|partner_wallets|partner_keys)\.partner$/,
    'a name in `partners`, whose form Postgres checks',
  ],
]

/** Columns that no page and no export shows. */
const NOT_SHOWN: readonly string[] = [
  'attempts.kind',
  'attempts.reply',
  'attempts.worker',
  'batch_rows.content',
  'batches.actor',
  'batches.detail',
  'break_events.owner',
  'breaks.actor',
  'breaks.difference',
  'breaks.key',
  'breaks.note',
  'change_requests.subject',
  'orders.actor',
  'orders.detail',
  'partner_keys.actor',
  'partners.actor',
  'plan_events.from_state',
  'plan_runs.actor',
  'plan_runs.reference',
  'plans.actor',
  'plans.note',
  'revocations.note',
  'revocations.revoked_by',
  'statement_lines.request_id',
  'statements.mapping_name',
  'switch_closings.kept_closed_by',
  'webhook_endpoints.created_by',
]

/** Where a person or partner may write within JSON. */
const WITHIN: Readonly<Record<string, string>> = {
  'orders.content': '{remarks}',
  'orders.detail': '{note}',
  'order_events.detail': '{note}',
  'batch_rows.content': '{remarks}',
  'batches.detail': '{note}',
  'batch_events.detail': '{note}',
  'plans.source': '{content,remarks}',
  'breaks.difference': '{theirs}',
  'proposals.facts': '{evidence}',
  'change_requests.payload': '{partner}',
  'change_requests.seen': '{note}',
}

/** Markup, the end of an attribute, a script’s address and a formula; the name says which column it came from. */
const hostileOf = (name: string) =>
  `=1+[${name}]<script>alert(1)</script>"><img src=x onerror=alert(1)>javascript:alert(1)`

function updateOf(column: TextColumn): string {
  const name = nameOf(column)
  // Rows of a unique column differ by their place.
  const text = `'${hostileOf(name)}' || ctid::text`
  const value = (() => {
    if (name === 'webhook_endpoints.url') return `'https://acme.example/' || ${text}`
    if (column.type === 'text') return text
    if (column.type === 'text[]') return `ARRAY[${text}]`
    return `jsonb_set(coalesce(${column.column}, '{}'), '${WITHIN[name] ?? '{note}'}', to_jsonb(${text}))`
  })()
  return `UPDATE ${column.table} SET ${column.column} = ${value}`
}

let scene: WholeConsole
let columns: TextColumn[]
/** Columns whose checks refused the text. */
const refused: string[] = []
beforeAll(async () => {
  scene = await openWholeConsole()
  columns = await textColumns()
  await scene.force(`INSERT INTO partner_wallets (phone_number, partner, origin, state, actor, note)
    VALUES ('081777700001', 'acme', 'linked', 'linked', 'person:adi', 'x')`)
  await scene.force(`INSERT INTO partner_keys (prefix, partner, holder, secret_hash, scopes, actor)
    VALUES ('gpk_aaaa', 'acme', 'x', repeat('a', 64), '{orders:read}', 'person:adi')`)
  await scene.force(`INSERT INTO recoveries (from_identity, identity, alive_at, found_at, recovered_by, note)
    VALUES ('a', 'b', now(), now(), 'mira', 'x')`)
  await scene.force(`INSERT INTO plan_runs (plan_id, due_at, reference, state, reason, actor, order_id)
    VALUES (${scene.ids.plans}, now(), 'x', 'started', 'order_submitted', 'x', '${scene.ids.orders}')`)
  await scene.force(`UPDATE webhook_endpoints SET state = 'paused', paused_because = 'person', note = 'x'`)
  const written = columns.filter((column) => !column.isEnum && closedBecause(column) === undefined)
  for (const column of written) {
    const error = await scene.force(updateOf(column)).then(
      () => null,
      (reason: { code?: string }) => reason,
    )
    if (error === null) continue
    expect(error.code, nameOf(column)).toBe('23514')
    refused.push(nameOf(column))
  }
})
afterAll(() => scene?.close())

const closedBecause = (column: TextColumn) => CLOSED.find(([pattern]) => pattern.test(nameOf(column)))?.[1]

/** Every page and every export, with the ids of the scene. */
function addresses(): string[] {
  const { ids } = scene
  const gets = ROUTES.filter(({ method, roles }) => method === 'GET' && roles !== null)
  const paths = gets.map(({ path }) => {
    const room = /(\w+)\/:id/.exec(path)?.[1] ?? ''
    return path.replace(':name', 'acme').replace(':id', ids[room as keyof typeof ids] ?? '1')
  })
  const columnsOfOrders = ['reason', 'basis', 'attempts', 'session']
    .map((each) => `columns=${each}`)
    .join('&')
  return [...paths, `/orders/${ids.executed}`, `/orders?${columnsOfOrders}`]
}

describe('whatever others write', () => {
  it('is shown as text on every page, and is no formula in any export', async () => {
    const shown = new Set<string>()
    const as = await scene.here.as('oka')
    for (const path of addresses()) {
      const reply = await scene.here.ask('GET', path, { as })
      expect([200, 303], `${path}: ${reply.status}`).toContain(reply.status)
      for (const [, name = ''] of reply.text.matchAll(/=1\+\[([\w. ]+)\]/g))
        shown.add(name.replaceAll(' ', '_'))
      if (reply.headers.get('content-type')?.startsWith('text/csv'))
        // A figure may be negative.
        expect(reply.text, path).not.toMatch(/(^|,)"?([=+@\t\r]|-(?!\d))/m)
      else expect(reply.text, path).not.toMatch(/<script>|<img|(href|action|src)="javascript:/)
    }
    const open = columns
      .filter((column) => !column.isEnum && closedBecause(column) === undefined)
      .map(nameOf)
      .filter((name) => !refused.includes(name))
    expect(open.filter((name) => !shown.has(name)).sort()).toEqual([...NOT_SHOWN].sort())
  })

  it('is named in the list of closed texts only where there is such a column', () => {
    for (const [pattern, reason] of CLOSED)
      expect(
        columns.some((column) => pattern.test(nameOf(column))),
        reason,
      ).toBe(true)
  })
})
