import type { BatchAnswerBody } from './batch-answer-schemas.ts'

/** Invented batches for the OpenAPI description. Tests compare them with the schemas. */
export const BATCH_FILES = {
  'text/csv': [
    'kind,reference,phone_number,gold_weight,amount,max_price_per_gram',
    'buy,PAYROLL-1,081234500001,0.5,,1100000',
    'buy,PAYROLL-2,081234500002,,250000,',
    '',
  ].join('\n'),
  'application/x-ndjson': [
    '{"kind":"buy","reference":"BONUS-1","phone_number":"081234500001","gold_weight":"0.5"}',
    '{"kind":"sell","reference":"BONUS-2","phone_number":"081234500002","gold_weight":"0.25"}',
    '',
  ].join('\n'),
}

export const CHECKED: BatchAnswerBody = {
  id: 7,
  file_name: 'payroll.csv',
  state: 'checked',
  reason: 'every_row_is_good',
  rows: 2,
  content_hash: '4f6c3b1d9a5e8f7061b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718',
  created_at: '2026-02-09T05:52:06.104Z',
  created_by: 'acme/main',
  approved_by: null,
  run_at: null,
  rate_per_second: null,
  stop_after_failures: null,
  started_at: null,
  ended_at: null,
  sent: 0,
  ended: 0,
  failed: 0,
  copied_from: null,
  retry_of: null,
}

export const APPROVED: BatchAnswerBody = {
  ...CHECKED,
  state: 'approved',
  reason: 'approved_by_person',
  approved_by: 'acme/finance',
}

const TOTAL = {
  to_pay: { stated: '250000', estimated: '441000', total: '691000' },
  to_receive: { stated: '0', estimated: '0', total: '0' },
  moved_grams: '0.0000',
  moved_worth: '0',
}

export const APPROVED_WITH_TOTAL = { ...APPROVED, total: TOTAL }

export const RUNNING: BatchAnswerBody = {
  ...APPROVED,
  state: 'running',
  reason: 'run_by_person',
  run_at: '2026-02-09T06:00:00.000Z',
  rate_per_second: 20,
  started_at: '2026-02-09T06:00:00.000Z',
}

export const PAUSED: BatchAnswerBody = { ...RUNNING, state: 'paused', reason: 'paused_by_person', sent: 1 }

export const RESUMED: BatchAnswerBody = { ...PAUSED, state: 'running', reason: 'resumed_by_person' }

export const CANCELLED: BatchAnswerBody = {
  ...PAUSED,
  state: 'cancelled',
  reason: 'cancelled_by_person',
  ended_at: '2026-02-09T06:01:00.000Z',
}

export const RETRIED = {
  batch: { ...CHECKED, id: 8, retry_of: 7, rows: 1 },
  left_out: { succeeded: 1 },
}

export const IN_PROGRESS = {
  ...RUNNING,
  sent: 2,
  ended: 1,
  progress: {
    succeeded: 1,
    failed: 0,
    in_doubt: 0,
    under_way: 1,
    waiting: 0,
    not_sent: 0,
    rows_per_second: 0.5,
    seconds_left: 2,
  },
}

export const REPORT = {
  rows: 2,
  bad_rows: 1,
  problem_count: 1,
  problems: [{ row: 2, line: 3, column: 'amount', value: '250.000', expected: 'must be whole rupiah' }],
}

export const PREVIEW = {
  id: 7,
  state: 'checked',
  rows: 2,
  content_hash: CHECKED.content_hash,
  price_per_gram: { buy: 882_000, sell: 850_000 },
  price_of_day: { buy: null, sell: null },
  kinds: [
    {
      kind: 'buy',
      rows: 2,
      grams: '0.5000',
      estimated_grams: '0.2834',
      rupiah: '250000',
      estimated_rupiah: '441000',
      worth_rupiah: null,
    },
  ],
  total: TOTAL,
  known_orders: 0,
  conflicts: 0,
  overdue: 0,
  repeated_wallets: 0,
  top_wallets: [],
  largest: [
    {
      row: 1,
      reference: 'PAYROLL-1',
      kind: 'buy',
      grams: '0.5000',
      rupiah: null,
      estimated_rupiah: '441000',
    },
  ],
}

export const BATCH_EVENTS = {
  events: [
    {
      at: '2026-02-09T05:52:06.104Z',
      from: null,
      to: 'draft',
      reason: 'created',
      by: 'partner',
      holder: 'main',
      row: null,
      limit: null,
    },
    {
      at: '2026-02-09T06:00:01.311Z',
      from: 'running',
      to: 'paused',
      reason: 'limit_forbids',
      by: 'feeder',
      holder: null,
      row: 2,
      limit: 'rupiah_per_order',
    },
  ],
}

export const RESULTS =
  'row,line,partner,reference,kind,outcome,reason,order_id,session_id,request_id,response_id,gold_weight,amount,fee,settled_at\n1,2,acme,PAYROLL-1,buy,succeeded,executed,019c4f2a-7b1e-7c3d-9a4b-5e6f70818293,764FC70DD96B9E07713D95A9AD004702,1612853774,1082102090000011,0.5000,441000,5000,2026-02-09T06:00:02.311Z\n'
