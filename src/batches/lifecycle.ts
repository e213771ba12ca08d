/** The states of a batch. `docs/batches.md` has a diagram. */
export const BATCH_STATES = [
  'draft',
  'checked',
  'approved',
  'running',
  'paused',
  'finished',
  'cancelled',
] as const
export type BatchState = (typeof BATCH_STATES)[number]

/** One legal move of a batch: the states from which it is allowed, and its reasons. */
export interface BatchTransition {
  /** Null only for the batch's creation. */
  readonly from: readonly BatchState[] | null
  readonly to: BatchState
  readonly reasons: readonly string[]
}

/**
 * Every legal move. The table `batch_transitions` holds the same rows and a trigger refuses all others;
 * a test keeps the two equal.
 */
export const BATCH_TRANSITIONS = {
  create: { from: null, to: 'draft', reasons: ['created'] },
  seal: { from: ['draft'], to: 'checked', reasons: ['every_row_is_good'] },
  approve: { from: ['checked'], to: 'approved', reasons: ['approved_by_person', 'approved_with_plan'] },
  schedule: { from: ['approved'], to: 'approved', reasons: ['scheduled_by_person'] },
  start: { from: ['approved'], to: 'running', reasons: ['run_by_person', 'run_time_reached', 'run_by_plan'] },
  pause: {
    from: ['running'],
    to: 'paused',
    reasons: [
      'paused_by_person',
      'too_many_failures',
      'content_changed',
      'limit_forbids',
      'partner_suspended',
      'retried_order_executed',
    ],
  },
  resume: { from: ['paused'], to: 'running', reasons: ['resumed_by_person'] },
  finish: { from: ['running'], to: 'finished', reasons: ['every_row_ended'] },
  cancel: {
    from: ['checked', 'approved', 'running', 'paused'],
    to: 'cancelled',
    reasons: ['cancelled_by_person'],
  },
  /** A batch that a plan copies ends with the plan. */
  retire: { from: ['approved'], to: 'cancelled', reasons: ['plan_over'] },
} as const satisfies Record<string, BatchTransition>

export type BatchMove = keyof typeof BATCH_TRANSITIONS

/** The reasons that a move may have. */
export type BatchReasonFor<M extends BatchMove> = (typeof BATCH_TRANSITIONS)[M]['reasons'][number]

/** The states of a row: `stored`, its order is stored; `queued`, its order was given to the queue; `ended`, its order ended. */
export const ROW_STATES = ['waiting', 'stored', 'queued', 'ended', 'conflict', 'refused'] as const
export type RowState = (typeof ROW_STATES)[number]

/**
 * Every legal move of a row. A `conflict` is a row whose reference is an order with other content; `refused` is one whose
 * wallet was not its partner's at its turn.
 */
export const ROW_TRANSITIONS = [
  { from: 'waiting', to: 'stored' },
  { from: 'waiting', to: 'conflict' },
  { from: 'waiting', to: 'refused' },
  { from: 'stored', to: 'queued' },
  { from: 'stored', to: 'ended' },
  { from: 'queued', to: 'ended' },
] as const satisfies readonly { from: RowState; to: RowState }[]
