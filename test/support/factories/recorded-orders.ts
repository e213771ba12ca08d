import { randomUUID } from 'node:crypto'
import type { OrderKind } from '../../../src/orders/command.ts'
import type { AttemptOutcome, OrderState } from '../../../src/orders/lifecycle.ts'
import type { Database } from '../../../src/postgres/pool.ts'
import { inSession } from '../servers/sessions.ts'
import { unnamed } from '../unnamed.ts'
import { WALLET } from './job-data.ts'
import { aWallet } from './stored-orders.ts'

/** An order with one attempt, as it lies in Postgres after its life. Times are given, for statements are about the past. */
export interface RecordedOrder {
  readonly orderId: string
  readonly kind: OrderKind
  readonly phoneNumber: string
  readonly outcome: Exclude<AttemptOutcome, 'not_sent'>
  readonly quoteId: string
  readonly goldWeight: string
  /** Null: a withdrawal's quote has none. */
  readonly quotedAmount: number | null
  readonly amount: number
  readonly fee: number
  readonly responseId: string | null
  readonly sessionId: string | null
  readonly intentAt: Date
  readonly endedAt: Date
}

let serial = 0

/** A succeeded buy of yesterday noon, unless told otherwise. Each has ids of its own. */
export function aRecordedOrder(overrides: Partial<RecordedOrder> = {}): RecordedOrder {
  serial += 1
  const intentAt = overrides.intentAt ?? NOON
  return {
    orderId: randomUUID(),
    kind: 'buy',
    // A wallet has one order in flight.
    phoneNumber: overrides.outcome === 'intent' ? aWallet() : WALLET,
    outcome: 'succeeded',
    quoteId: `Q${serial}`,
    goldWeight: '0.5000',
    quotedAmount: 441_000,
    amount: overrides.quotedAmount ?? 441_000,
    fee: 5_000,
    responseId: `R${serial}`,
    sessionId: `S${serial}`,
    intentAt,
    endedAt: new Date(intentAt.getTime() + 1_000),
    ...overrides,
  }
}

/** The day the recorded orders are of, in Jakarta, and its noon. */
export const DAY = { from: new Date('2026-02-08T17:00:00Z'), to: new Date('2026-02-09T17:00:00Z') }
export const NOON = new Date('2026-02-09T05:00:00Z')

const STATES: Record<RecordedOrder['outcome'], { state: OrderState; reason: string }> = {
  intent: { state: 'confirming', reason: 'intent_committed' },
  succeeded: { state: 'succeeded', reason: 'executed' },
  rejected: { state: 'rejected', reason: 'insufficient_balance' },
  in_doubt: { state: 'in_doubt', reason: 'reply_lost' },
  price_changed: { state: 'accepted', reason: 'price_changed' },
}

/** Leads the orders through their lives by legal moves, all in one transaction: those of one wallet one after the other. */
const RECORD = `
  CREATE TEMP TABLE recorded ON COMMIT DROP AS
  SELECT *, row_number() OVER (PARTITION BY "phoneNumber" ORDER BY outcome = 'intent', "intentAt") AS turn FROM jsonb_to_recordset(current_setting('test.orders')::jsonb) AS r (
    "orderId" uuid, kind text, "phoneNumber" text, outcome text, "quoteId" text, "goldWeight" numeric,
    "quotedAmount" bigint, amount bigint, fee bigint, "responseId" text, "sessionId" text, "intentAt" timestamptz,
    "endedAt" timestamptz, state text, reason text, recipient text);
  INSERT INTO orders (id, partner, reference, kind, phone_number, content, content_hash, state, reason, actor,
    accepted_at, deadline_at, wake_at)
  SELECT "orderId", 'acme', "orderId"::text, kind, "phoneNumber",
    jsonb_strip_nulls(jsonb_build_object('recipient', recipient)), 'hash', 'accepted', 'submitted', 'test',
    "intentAt", "intentAt" + interval '15 minutes', "intentAt" FROM recorded;
  DO $$ DECLARE current_turn int; BEGIN
  FOR current_turn IN SELECT DISTINCT turn FROM recorded ORDER BY turn LOOP
  WITH confirming AS (
    UPDATE orders o SET state = 'confirming', reason = 'intent_committed' FROM recorded r WHERE r.turn = current_turn AND o.id = r."orderId")
  INSERT INTO attempts (order_id, seq, intent_id, outcome, kind, phone_number, quote_id, quoted_gold_weight,
    quoted_amount, quoted_fee, intent_at, worker)
  SELECT "orderId", 1, gen_random_uuid(), 'intent', kind, "phoneNumber", "quoteId", "goldWeight", "quotedAmount",
    CASE WHEN "quotedAmount" IS NOT NULL THEN fee END, "intentAt", 'test' FROM recorded WHERE turn = current_turn;
  WITH ended AS (
    UPDATE attempts a SET outcome = r.outcome, ended_at = r."endedAt",
      request_id = CASE r.outcome WHEN 'succeeded' THEN r."quoteId" END,
      response_id = CASE r.outcome WHEN 'succeeded' THEN r."responseId" END,
      session_id = CASE r.outcome WHEN 'succeeded' THEN r."sessionId" END,
      gold_weight = CASE r.outcome WHEN 'succeeded' THEN r."goldWeight" END,
      amount = CASE r.outcome WHEN 'succeeded' THEN r.amount END,
      fee = CASE r.outcome WHEN 'succeeded' THEN r.fee END
    FROM recorded r WHERE r.turn = current_turn AND a.order_id = r."orderId" AND r.outcome <> 'intent')
  UPDATE orders o SET state = r.state, reason = r.reason FROM recorded r
  WHERE r.turn = current_turn AND o.id = r."orderId" AND r.outcome <> 'intent';
  END LOOP; END $$;`

/** @param recipient of the transfers */
export async function recordOrders(
  databaseUrl: string,
  orders: readonly RecordedOrder[],
  recipient: string | null = null,
): Promise<void> {
  await inOneTransaction(
    databaseUrl,
    'test.orders',
    RECORD,
    orders.map((order) => ({ ...order, ...STATES[order.outcome], recipient })),
  )
}

/** A line as a statement has it. */
export interface RecordedLine {
  readonly sessionId: string | null
  readonly responseId: string | null
  readonly requestId: string | null
  readonly kind: OrderKind
  readonly phoneNumber: string
  readonly goldWeight: string
  readonly amount: number
  readonly fee: number | null
  readonly executedAt: Date
  /** Exclusive end of the time it may be of; left out: it tells the minute. */
  readonly executedTo?: Date
}

/** The line that the gateway would write for an order. */
export function lineOf(order: RecordedOrder, overrides: Partial<RecordedLine> = {}): RecordedLine {
  const { sessionId, responseId, quoteId, kind, phoneNumber, goldWeight, amount, fee, intentAt } = order
  const executedAt = new Date(intentAt.getTime() + 500)
  return {
    sessionId,
    responseId,
    requestId: quoteId,
    kind,
    phoneNumber,
    goldWeight,
    amount,
    fee,
    executedAt,
    ...overrides,
  }
}

interface RecordedStatement {
  readonly period?: { readonly from: Date; readonly to: Date }
  readonly complete?: boolean
  /** Whether two people declared it complete. */
  readonly approved?: boolean
  readonly ignoredCount?: number
  readonly source?: string
  /** Statements that this one takes the place of. */
  readonly replaces?: readonly number[]
}

const RECORD_LINES = `
  CREATE TEMP TABLE given ON COMMIT DROP AS SELECT current_setting('test.statement')::jsonb AS statement;
  UPDATE statements SET replaced_at = now(), replaced_by = (statement->>'id')::int
  FROM given WHERE to_jsonb(id) <@ (statement->'replaces');
  UPDATE statement_matches SET current = false FROM given WHERE to_jsonb(statement_id) <@ (statement->'replaces') AND current;
  INSERT INTO statements (id, source, period_from, period_to, complete, content_hash, mapping_name, mapping_version,
    file_name, line_count, bad_line_count, imported_by, ignored_rows)
  SELECT (statement->>'id')::int, statement->>'source', (statement->>'from')::timestamptz,
    (statement->>'to')::timestamptz, (statement->>'complete')::bool, gen_random_uuid(), 'sandbox', 1, 'test.csv',
    jsonb_array_length(statement->'lines'), 0, 'test', jsonb_build_object('ignored_kinds', statement->'ignoredCount') FROM given;
  INSERT INTO proposals (statement_id, decision, note, facts, proposed_by, state)
  SELECT (statement->>'id')::int, 'statement_complete', 'imported', '{"evidence": null, "executed": null}', 'ani', 'open' FROM given
  WHERE (statement->>'complete')::bool;
  UPDATE proposals SET state = 'approved', decided_by = 'budi', decided_at = now(), decision_note = 'seen' FROM given
  WHERE statement_id = (statement->>'id')::int AND (statement->>'approved')::bool;
  INSERT INTO statement_lines (statement_id, line_number, session_id, response_id, request_id, kind, phone_number,
    gold_weight, amount, fee, executed_at, executed_to)
  SELECT (statement->>'id')::int, n + 1, l->>'sessionId', l->>'responseId', l->>'requestId', l->>'kind',
    national_phone_number(l->>'phoneNumber'), (l->>'goldWeight')::numeric, (l->>'amount')::bigint, (l->>'fee')::bigint,
    (l->>'executedAt')::timestamptz, (l->>'executedTo')::timestamptz
  FROM given, jsonb_array_elements(statement->'lines') WITH ORDINALITY AS x (l, n);`

/** Far from those that imports take: one counter serves all databases of the process, whose sequences begin anew. */
let statementId = 1_000_000

/** Lays a statement down as an import would. @returns its id */
export async function recordStatement(
  databaseUrl: string,
  lines: readonly RecordedLine[],
  given: RecordedStatement = {},
): Promise<number> {
  const { period = DAY, complete = true, approved = complete, source = 'gateway', replaces = [] } = given
  statementId += 1
  const id = statementId
  await inOneTransaction(databaseUrl, 'test.statement', RECORD_LINES, {
    id,
    source,
    ...period,
    complete,
    approved,
    ignoredCount: given.ignoredCount ?? 0,
    replaces,
    lines,
  })
  return id
}

async function inOneTransaction(
  databaseUrl: string,
  name: string,
  text: string,
  value: unknown,
): Promise<void> {
  await inSession(databaseUrl, (session) =>
    session.transaction(async () => {
      await session.run({ name: 'give', text: `SELECT set_config('${name}', $1, true)` }, [
        JSON.stringify(value),
      ])
      await session.client.query(text)
    }),
  )
}

/** All rows of a query. */
export async function rowsOf<Row extends object>(database: Database, text: string): Promise<Row[]> {
  return await database.run<Row>(unnamed(text), [])
}
