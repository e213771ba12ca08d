/** What the program may do to a table beyond reading it. */
type Right = 'INSERT' | 'UPDATE' | 'DELETE'

const READ: readonly Right[] = []
const APPEND: readonly Right[] = ['INSERT']
const CHANGE: readonly Right[] = ['INSERT', 'UPDATE']
/** A row that is there from the start. */
const SET: readonly Right[] = ['UPDATE']
const REPLACE: readonly Right[] = ['INSERT', 'UPDATE', 'DELETE']

/**
 * The rights of the program's role on each table of schema `public`. Evidence may not be deleted, and the tables of legal
 * transitions are only read. A test checks that every table is listed.
 */
export const TABLE_RIGHTS: Readonly<Record<string, readonly Right[]>> = {
  alert_occurrences: APPEND,
  alerts: CHANGE,
  attempts: CHANGE,
  batch_events: APPEND,
  batch_retries: APPEND,
  batch_row_transitions: READ,
  batch_rows: CHANGE,
  batch_transitions: READ,
  batches: CHANGE,
  break_events: APPEND,
  breaker_probes: CHANGE,
  breaker_trips: CHANGE,
  breaks: CHANGE,
  change_requests: CHANGE,
  console_events: APPEND,
  console_throttles: REPLACE,
  database_identity: CHANGE,
  doubt_evidence: APPEND,
  doubt_stays: REPLACE,
  holidays: REPLACE,
  // Read only: whether people are proven, who acts and who is signed in is written by functions of the owner and by the owner.
  installation: READ,
  operator_acts: READ,
  operator_events: READ,
  operator_factors: READ,
  operator_sessions: READ,
  operator_tokens: CHANGE,
  operators: CHANGE,
  order_events: APPEND,
  orders: CHANGE,
  overdue_rules: SET,
  partner_day_wallets: REPLACE,
  partner_events: APPEND,
  partner_keys: CHANGE,
  partner_nonces: REPLACE,
  partner_usage: CHANGE,
  partner_wallets: CHANGE,
  partners: CHANGE,
  plan_events: APPEND,
  plan_runs: CHANGE,
  plan_skips: CHANGE,
  plan_transitions: READ,
  plans: CHANGE,
  prices: APPEND,
  process_heartbeats: REPLACE,
  proposals: CHANGE,
  recon_runs: CHANGE,
  recoveries: APPEND,
  rejected_jobs: APPEND,
  revocations: APPEND,
  statement_bad_lines: APPEND,
  statement_lines: APPEND,
  statement_mappings: APPEND,
  statement_matches: CHANGE,
  statement_repeats: APPEND,
  statements: CHANGE,
  switch_closings: CHANGE,
  switch_waits: CHANGE,
  wallet_events: APPEND,
  wallet_policies: APPEND,
  webhook_deliveries: REPLACE,
  webhook_endpoints: CHANGE,
  // UPDATE is needed for the row locks of the history sweeper; a trigger refuses every change.
  webhook_events: REPLACE,
  webhook_tries: REPLACE,
}

/** Tables that a reconciliation analyzes. From Postgres 17 on the right to do so can be granted. */
export const ANALYZED_TABLES = [
  'statements',
  'statement_lines',
  'statement_repeats',
  'statement_matches',
  'attempts',
] as const
