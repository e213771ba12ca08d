import type { Session } from '../db/session.ts'
import { submitOrders as storeOrders } from '../db/submissions.ts'
import type { SkipReason } from '../domain/plan-lifecycle.ts'
import { InvalidOrderError, parseSubmission, type Submission } from '../domain/submission.ts'
import { submitOrders } from '../orders/submit.ts'
import type { OrderSource, Plan } from './plan.ts'

/** A run to be started, and the reference of its order. */
export interface StartingRun {
  readonly dueAt: Date
  readonly reference: string
}

/** A run that is left out. */
export interface Skip {
  readonly run: { readonly dueAt: Date }
  readonly reason: SkipReason
}

const START_RUNS = {
  name: 'start_plan_runs',
  text: `
    UPDATE plan_runs r SET state = 'started', reason = 'order_submitted', actor = $2, order_id = x.order_id
    FROM unnest($3::timestamptz[], $4::uuid[]) AS x (due_at, order_id)
    WHERE r.plan_id = $1 AND r.due_at = x.due_at AND r.state = 'planned'`,
}

/** Submits the runs' orders. A reference that is another order's, and an order that is none any more, are refused. */
export async function startRuns(
  session: Session,
  plan: Plan,
  source: OrderSource,
  runs: readonly StartingRun[],
  now: Date,
  work: { readonly actor: string; newId(): string },
): Promise<{ orderIds: string[]; refused: Skip[] }> {
  const refused: Skip[] = []
  const ready: { run: StartingRun; submission: Submission }[] = []
  for (const run of runs) {
    const submission = submissionOf(plan, source, run.reference, now)
    if (submission === null) refused.push({ run, reason: 'refused' })
    else ready.push({ run, submission })
  }
  if (ready.length === 0) return { orderIds: [], refused }
  const submitted = await submitOrders(
    ready.map(({ submission }) => submission),
    {
      store: { submit: (rows, actor) => storeOrders(session, rows, actor) },
      newId: work.newId,
      actor: `plan:${plan.planId}`,
    },
  )
  const started: { dueAt: Date; orderId: string }[] = []
  submitted.forEach((each, position) => {
    const { run } = ready[position] ?? {}
    if (run === undefined) throw new Error('more answers than submissions')
    if (each.is === 'conflict') refused.push({ run, reason: 'reference_taken' })
    else started.push({ dueAt: run.dueAt, orderId: each.order.orderId })
  })
  const orderIds = started.map(({ orderId }) => orderId)
  await session.run(START_RUNS, [plan.planId, work.actor, started.map(({ dueAt }) => dueAt), orderIds])
  return { orderIds, refused }
}

/** The order of a run; null when the rules for orders have changed and do not allow it any more. */
function submissionOf(
  { partner, deadlineMinutes }: Plan,
  source: OrderSource,
  reference: string,
  now: Date,
): Submission | null {
  const deadline =
    deadlineMinutes === null
      ? {}
      : { deadline: new Date(now.getTime() + deadlineMinutes * 60_000).toISOString() }
  const data = { ...source.content, ...deadline, partner, reference, phone_number: source.phone_number }
  try {
    return parseSubmission(source.kind, data)
  } catch (error) {
    if (error instanceof InvalidOrderError) return null
    throw error
  }
}
