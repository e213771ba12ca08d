import type { Session } from '../postgres/session.ts'
import type { DoubtFacts, StatementFacts } from './absence.ts'

/** Reads what statements say about the doubts in `left_doubts`: set-based, for there may be many of both. */

// What may be wrong with times, a zone or a line without a time of day, is within a day.
const NEAR = `interval '1 day'`

const KEEP_LEFT_DOUBTS = {
  name: 'keep_left_doubts',
  text: `
    CREATE TEMP TABLE left_doubts ON COMMIT DROP AS
    SELECT a.order_id, a.seq, a.kind, a.phone_number, wallet_tail(a.phone_number) AS wallet,
      CASE a.kind WHEN 'transfer' THEN wallet_tail(o.content ->> 'recipient') END AS recipient,
      a.quoted_gold_weight AS gold_weight, a.quoted_amount AS amount, a.quote_id, a.intent_at - s.slack AS sent_from,
      a.ended_at + s.absence_lag + s.slack AS sent_to,
      tstzrange(a.intent_at - s.slack, a.ended_at + s.lag) AS send,
      tstzrange(a.intent_at - s.slack, a.ended_at + s.absence_lag) AS surely
    FROM scope s CROSS JOIN held_doubts h
    JOIN attempts a ON a.order_id = h.order_id AND a.seq = h.seq
    JOIN orders o ON o.id = a.order_id
    WHERE NOT EXISTS (SELECT 1 FROM doubt_evidence e WHERE e.order_id = a.order_id)`,
}

const KEEP_NEAR_STATEMENTS = {
  name: 'keep_near_statements',
  text: `
    CREATE TEMP TABLE near_statements ON COMMIT DROP AS
    SELECT st.id, st.source, st.complete, st.complete AND is_approved_complete(st.id) AS approved,
      tstzrange(st.period_from, st.period_to) AS period, st.bad_line_count,
        coalesce((st.ignored_rows ->> 'ignored_kinds')::int, 0) AS ignored_count
    FROM statements st
    WHERE st.replaced_at IS NULL AND EXISTS (SELECT 1 FROM left_doubts d
      WHERE tstzrange(st.period_from - ${NEAR}, st.period_to + ${NEAR}) && d.surely)`,
}

// One silent source could hide the execution, so sources that say nothing about the time count, too.
const KEEP_SOURCES = {
  name: 'keep_sources',
  text: `
    CREATE TEMP TABLE sources ON COMMIT DROP AS
    SELECT st.source,
      coalesce(range_agg(tstzrange(st.period_from, st.period_to)) FILTER (WHERE st.complete), '{}') AS complete,
      coalesce(range_agg(n.period) FILTER (WHERE n.approved), '{}') AS approved
    FROM statements st LEFT JOIN near_statements n ON n.id = st.id
    WHERE st.replaced_at IS NULL GROUP BY st.source`,
}

// A line that a doubt itself is matched with, and could not be settled by, speaks as one of nobody does.
const KEEP_SPEAKING_LINES = {
  name: 'keep_speaking_lines',
  text: `
    CREATE TEMP TABLE speaking_lines ON COMMIT DROP AS
    SELECT l.*, wallet_tail(l.phone_number) AS wallet,
      tstzrange(lower(n.period) - ${NEAR}, upper(n.period) + ${NEAR}) AS about
    FROM near_statements n JOIN current_statement_lines l ON l.statement_id = n.id
    WHERE NOT EXISTS (SELECT 1 FROM statement_matches m
      WHERE m.statement_id = l.statement_id AND m.line_number = l.line_number
        AND NOT EXISTS (SELECT 1 FROM left_doubts d WHERE d.order_id = m.order_id AND d.seq = m.seq))`,
}

// Nothing unequal means that the order was known to be executed when it was matched. What a statement itself proved
// is no witness of statements.
const KEEP_WITNESSES = {
  name: 'keep_witnesses',
  text: `
    CREATE TEMP TABLE witnesses ON COMMIT DROP AS
    SELECT DISTINCT n.source, l.kind, date_trunc('hour', l.executed_at) AS at
    FROM near_statements n
    JOIN statement_lines l ON l.statement_id = n.id
    LEFT JOIN statement_repeats r ON r.statement_id = l.statement_id AND r.line_number = l.line_number
    JOIN statement_matches m ON m.current AND NOT m.differs
      AND m.statement_id = coalesce(r.of_statement_id, l.statement_id)
      AND m.line_number = coalesce(r.of_line_number, l.line_number)
    WHERE n.complete AND NOT EXISTS (SELECT 1 FROM doubt_evidence e WHERE e.order_id = m.order_id)`,
}

/** The tables that facts are read from; `held_doubts` and their matches are there. */
const LAY_OUT = [
  KEEP_LEFT_DOUBTS,
  KEEP_NEAR_STATEMENTS,
  KEEP_SOURCES,
  KEEP_SPEAKING_LINES,
  KEEP_WITNESSES,
  {
    name: 'learn_doubt_sizes',
    text: 'ANALYZE left_doubts, near_statements, sources, speaking_lines, witnesses',
  },
]

// A statement has a transaction when it is matched with a line of it, with a line that one of it repeats, or when a
// line of it has its id in other words. Sources share the transactions out: what another source has, this one may lack.
const LACKING = `
  SELECT n.id, count(*) AS lacking
  FROM scope s CROSS JOIN near_statements n
  JOIN attempts a ON a.outcome = 'succeeded' AND tstzrange(a.intent_at - s.slack, a.ended_at + s.lag) <@ n.period
  LEFT JOIN statement_matches m ON m.order_id = a.order_id AND m.seq = a.seq AND m.current
  LEFT JOIN statements ms ON ms.id = m.statement_id
  WHERE n.complete AND (m.statement_id IS NULL OR (ms.id <> n.id AND ms.source = n.source
    AND NOT EXISTS (SELECT 1 FROM statement_repeats r WHERE r.statement_id = n.id
      AND r.of_statement_id = m.statement_id AND r.of_line_number = m.line_number)
    AND NOT EXISTS (SELECT 1 FROM statement_lines l WHERE l.statement_id = n.id
      AND (l.session_id = a.session_id OR l.response_id = a.response_id))))
  GROUP BY n.id`

// An order is executed before its reply comes; only what was never answered may be executed later.
const DIFFERING = `
  SELECT n.id, l.executed_to IS NOT NULL AS is_vague,
    NOT may_be_wallet(l.phone_number, a.phone_number) AS other_wallet, l.kind <> a.kind AS other_kind,
    coalesce(l.executed_to, l.executed_at) < a.intent_at - s.slack OR l.executed_at > a.ended_at + s.slack
      + CASE WHEN a.outcome = 'in_doubt' OR e.order_id IS NOT NULL THEN s.lag ELSE interval '0' END AS other_time,
    shift.minutes AS shift, l.executed_at - shift.minutes * interval '1 minute'
      BETWEEN a.intent_at - s.slack AND a.ended_at + s.slack AS fits_shifted
  FROM scope s CROSS JOIN near_statements n
  JOIN statement_matches m ON m.statement_id = n.id AND m.current AND m.differs
  JOIN statement_lines l ON l.statement_id = m.statement_id AND l.line_number = m.line_number
  JOIN attempts a ON a.order_id = m.order_id AND a.seq = m.seq
  LEFT JOIN doubt_evidence e ON e.order_id = a.order_id
  CROSS JOIN LATERAL (SELECT round(extract(epoch FROM l.executed_at - a.ended_at) / 900)::int * 15 AS minutes) shift
  WHERE n.complete`

const READ_STATEMENTS = {
  name: 'read_statement_facts',
  text: `
    WITH lacking AS (${LACKING}), differing AS (${DIFFERING}), differences AS (
      SELECT id, count(*) FILTER (WHERE other_wallet)::int AS other_wallet,
        count(*) FILTER (WHERE other_time)::int AS other_time, count(*) FILTER (WHERE other_kind)::int AS other_kind,
        CASE WHEN bool_and(other_time AND NOT is_vague AND fits_shifted) AND min(shift) = max(shift) AND min(shift) <> 0 THEN min(shift) END AS shift
      FROM differing GROUP BY id
    )
    SELECT n.id AS "statementId", coalesce(k.lacking, 0)::int AS lacking, coalesce(d.other_wallet, 0) AS "otherWallet",
      coalesce(d.other_time, 0) AS "otherTime", coalesce(d.other_kind, 0) AS "otherKind",
      CASE WHEN NOT EXISTS (SELECT 1 FROM statement_matches m WHERE m.statement_id = n.id AND m.current AND NOT m.differs)
        THEN d.shift END AS "shiftMinutes"
    FROM near_statements n LEFT JOIN lacking k ON k.id = n.id LEFT JOIN differences d ON d.id = n.id
    WHERE n.complete ORDER BY n.id`,
}

/** Whether statements of every source cover a time. */
const everySource = (covers: string) => `
  EXISTS (SELECT 1 FROM sources) AND NOT EXISTS (SELECT 1 FROM sources s WHERE NOT ${covers})`

/** Doubts for which a line of a statement about their time speaks. */
const speaking = (fits: string) => `
  SELECT d.order_id FROM left_doubts d
  WHERE EXISTS (SELECT 1 FROM speaking_lines l WHERE ${fits} AND l.about && d.surely)`

const IN_TIME = `l.executed_at <= d.sent_to AND coalesce(l.executed_to, l.executed_at) >= d.sent_from`

// The weight and the amount of a candidate are not asked: a line that differs in them may still be its execution.
const CANDIDATES = `
  ${speaking(`l.kind = d.kind AND l.wallet = d.wallet AND ${IN_TIME}`)}
  UNION
  SELECT d.order_id FROM left_doubts d
  JOIN current_statement_lines l ON l.request_id = d.quote_id AND l.executed_at >= d.sent_from - ${NEAR}
  WHERE NOT EXISTS (SELECT 1 FROM statement_matches m
    WHERE m.statement_id = l.statement_id AND m.line_number = l.line_number AND (m.order_id, m.seq) <> (d.order_id, d.seq))`

const OF_WALLET = `
  ${speaking('l.wallet = d.wallet')}
  UNION ${speaking(`l.wallet = d.recipient`)}
  UNION ${speaking(`length(l.wallet) < 9 AND may_be_wallet(l.phone_number, d.phone_number)`)}`

const OF_WEIGHT = speaking('l.kind = d.kind AND l.gold_weight = d.gold_weight')
const OF_AMOUNT = speaking('l.kind = d.kind AND l.amount = d.amount')

// A request_id that was cut may be another's whole one, and what an order that was not executed has may be anybody's.
const UNCLEAR_MATCHES = `
  SELECT DISTINCT d.order_id FROM left_doubts d
  JOIN near_statements n ON true
  JOIN statement_matches m ON m.statement_id = n.id AND m.current AND m.rule <> 'session_id' AND m.order_id <> d.order_id
  JOIN statement_lines l ON l.statement_id = m.statement_id AND l.line_number = m.line_number
    AND l.kind = d.kind AND wallet_tail(l.phone_number) = d.wallet AND (l.gold_weight = d.gold_weight OR l.amount = d.amount)
  JOIN attempts a ON a.order_id = m.order_id AND a.seq = m.seq
  WHERE ${IN_TIME} AND (m.rule = 'terms' OR (m.differs AND a.outcome NOT IN ('succeeded', 'in_doubt'))
    OR (l.request_id <> d.quote_id AND (starts_with(d.quote_id, l.request_id) OR right(d.quote_id, length(l.request_id)) = l.request_id)))`

/** A source that has no line of ours near the doubt. */
const unwitnessed = (more: string) => `
  SELECT 1 FROM sources s WHERE NOT EXISTS (
    SELECT 1 FROM witnesses w WHERE w.source = s.source AND w.at + interval '1 hour' > lower(d.surely) - ${NEAR}
      AND w.at < upper(d.surely) + ${NEAR} ${more})`

const READ_DOUBTS = {
  name: 'read_doubt_facts',
  text: `
    WITH candidates AS (${CANDIDATES}), of_wallet AS (${OF_WALLET}), of_weight AS (${OF_WEIGHT}),
      of_amount AS (${OF_AMOUNT}), unclear AS (${UNCLEAR_MATCHES})
    SELECT d.order_id AS "orderId",
      ${everySource('s.complete @> d.send')} AS "isCovered",
      ${everySource('s.approved @> d.send')} AS "isApproved",
      ${everySource('s.approved @> d.surely')} AS "isLagApproved",
      ARRAY(SELECT n.id FROM near_statements n WHERE n.complete AND n.period && d.surely ORDER BY n.id) AS statements,
      ARRAY(SELECT n.id FROM near_statements n WHERE n.approved AND n.period && d.surely ORDER BY n.id) AS "coveringStatements",
      NOT EXISTS (${unwitnessed('')}) AS "hasWitness",
      NOT EXISTS (${unwitnessed('AND w.kind = d.kind')} AND EXISTS (SELECT 1 FROM near_statements n
        WHERE n.source = s.source AND n.period && d.surely AND n.ignored_count > 0)) AS "hasWitnessOfKind",
      EXISTS (SELECT 1 FROM candidates x WHERE x.order_id = d.order_id) AS "hasCandidate",
      EXISTS (SELECT 1 FROM of_wallet x WHERE x.order_id = d.order_id) AS "hasLineOfWallet",
      EXISTS (SELECT 1 FROM of_weight x WHERE x.order_id = d.order_id) AS "hasLineOfWeight",
      EXISTS (SELECT 1 FROM of_amount x WHERE x.order_id = d.order_id) AS "hasLineOfAmount",
      EXISTS (SELECT 1 FROM unclear x WHERE x.order_id = d.order_id) AS "hasUnclearMatch",
      EXISTS (SELECT 1 FROM near_statements n WHERE n.period && d.surely AND n.bad_line_count > 0) AS "hasUnreadableLine"
    FROM left_doubts d ORDER BY d.order_id`,
}

/** Lays `left_doubts` out, and reads what statements say about them and about what else we know. */
export async function readAbsenceFacts(
  session: Session,
): Promise<{ statements: StatementFacts[]; doubts: DoubtFacts[] }> {
  for (const step of LAY_OUT) await session.run(step)
  const statements = await session.run<StatementFacts>(READ_STATEMENTS)
  return { statements, doubts: await session.run<DoubtFacts>(READ_DOUBTS) }
}
