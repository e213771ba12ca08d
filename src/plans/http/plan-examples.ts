import type { PlanAnswer, RunAnswer } from './plan-schemas.ts'

/** Invented plans, for the description and for the tests that hold it true. */
export const PLAN_BODIES = {
  'monthly savings': {
    name: 'savings-1',
    order: { kind: 'buy', phone_number: '081234500001', amount: 100_000 },
    schedule: { monthly: { day: 25, weekend: 'before', at: '09:00' } },
    from: '2026-03-01',
    deadline: '2h',
  },
  'a gift every Friday': {
    name: 'gift-1',
    order: {
      kind: 'transfer',
      phone_number: '081234500001',
      gold_weight: '0.1',
      recipient: '081234500002',
      remarks: 'hadiah',
    },
    schedule: { cron: '0 9 * * fri' },
    time_zone: 'Asia/Makassar',
    count: 12,
    missed: 'run_all',
    max_age: '12h',
    overlap: 'wait',
  },
  'an approved batch': {
    name: 'payroll-1',
    batch_id: 1,
    schedule: { monthly: { day: 25 } },
    rate_per_second: 50,
    stop_after_failures: '5%',
  },
} as const

export const RUN_NOW_BODIES = { now: { due_at: '2026-02-09T05:52:06Z' } } as const

export const PLAN: PlanAnswer = {
  name: 'savings-1',
  state: 'active',
  reason: 'added',
  order: { kind: 'buy', phone_number: '08xxxxxxx001', request: { amount: 100_000 } },
  batch: null,
  schedule: { monthly: { day: 25, weekend: 'before', at: '09:00' } },
  time_zone: 'Asia/Jakarta',
  starts_at: '2026-02-28T17:00:00.000Z',
  ends_at: null,
  count: null,
  missed: 'run_once',
  max_age: '1d',
  overlap: 'skip',
  deadline: '2h',
  next_due: [
    '2026-03-25T02:00:00.000Z',
    '2026-04-24T02:00:00.000Z',
    '2026-05-25T02:00:00.000Z',
    '2026-06-25T02:00:00.000Z',
    '2026-07-24T02:00:00.000Z',
  ],
  created_at: '2026-02-09T05:52:06.104Z',
}

export const PAUSED: PlanAnswer = { ...PLAN, state: 'paused', reason: 'paused_by_partner', next_due: [] }
export const RESUMED: PlanAnswer = { ...PLAN, reason: 'resumed_by_partner' }
export const REMOVED: PlanAnswer = { ...PLAN, state: 'removed', reason: 'removed_by_partner', next_due: [] }

export const PLANNED_RUN: RunAnswer = {
  due_at: '2026-02-09T05:52:06.000Z',
  state: 'planned',
  reason: 'asked_by_partner',
  breach: null,
  order: null,
  batch: null,
  started_at: null,
  ended_at: null,
}

export const RUNS: readonly RunAnswer[] = [
  {
    ...PLANNED_RUN,
    due_at: '2026-04-24T02:00:00.000Z',
    state: 'skipped',
    reason: 'limit_reached',
    breach: 'rupiah_per_day',
    ended_at: '2026-04-24T02:00:01.220Z',
  },
  {
    ...PLANNED_RUN,
    due_at: '2026-03-25T02:00:00.000Z',
    state: 'finished',
    reason: 'order_ended',
    order: {
      id: '019c4f2a-7b1e-7c3d-9a4b-5e6f70818293',
      reference: 'plan-savings-1-2026-03-25T09:00+07:00',
      state: 'succeeded',
      reason: 'executed',
    },
    started_at: '2026-03-25T02:00:01.104Z',
    ended_at: '2026-03-25T02:00:05.311Z',
  },
]
