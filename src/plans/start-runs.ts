import { and, eq, sql } from 'drizzle-orm'
import { submitApprovedOrders } from '../orders/store/submissions.ts'
import { InvalidOrderError, parseSubmission, type Submission } from '../orders/submission.ts'
import { submitApproved } from '../orders/submit.ts'
import { admitSubmissions, countUse, type Owner } from '../partners/admission.ts'
import type { Breach } from '../partners/limits.ts'
import type { Session } from '../postgres/session.ts'
import { rows, statement } from '../postgres/statement.ts'
import type { SkipReason } from './lifecycle.ts'
import type { Plan } from './plan.ts'
import { planRuns } from './schema.ts'
import type { OrderSource } from './source.ts'

/** A run to start, and the reference of its order. */
export interface StartingRun {
  readonly dueAt: Date
  readonly reference: string
}

/** A run that is skipped. */
export interface Skip {
  readonly run: { readonly dueAt: Date }
  readonly reason: SkipReason
  /** The limit that was reached. */
  readonly breach?: Breach
}

/** The result of starting runs. */
export interface Started {
  readonly orderIds: readonly string[]
  readonly skips: readonly Skip[]
  /** Runs that their owner's limits allow in a later minute. */
  readonly putOff: readonly StartingRun[]
}

interface Ready {
  readonly run: StartingRun
  readonly submission: Submission
}

const setStarted = statement(
  'start_plan_runs',
  {
    planId: planRuns.planId,
    actor: planRuns.actor,
    started: rows({ dueAt: planRuns.dueAt, orderId: planRuns.orderId }),
  },
  (db, { planId, actor, started }) =>
    db
      .update(planRuns)
      .set({ state: 'started', reason: 'order_submitted', actor, orderId: sql`${started.orderId}` })
      .from(started)
      .where(
        and(
          eq(planRuns.planId, planId),
          eq(planRuns.dueAt, started.dueAt),
          sql`${planRuns.state} = 'planned'`,
        ),
      ),
)

/**
 * Submits the runs' orders as far as the owner's limits admit them. A run is skipped when its reference is another order's,
 * when its wallet is not its partner's, or when the order is no longer valid.
 */
export async function startRuns(
  session: Session,
  plan: Plan,
  source: OrderSource,
  { runs, owner, now }: { runs: readonly StartingRun[]; owner: Owner | null; now: Date },
  work: { readonly actor: string; newId(): string },
): Promise<Started> {
  const skips: Skip[] = []
  const ready: Ready[] = []
  for (const run of runs) {
    const submission = submissionOf(plan, source, run.reference, now)
    if (submission === null) skips.push({ run, reason: 'refused' })
    else ready.push({ run, submission })
  }
  if (ready.length === 0) return { orderIds: [], skips, putOff: [] }
  const { admitted, refused, putOff } = await admit(session, owner, ready)
  const { orderIds, taken } = await submitRuns(session, plan, admitted, owner, work)
  return { orderIds, skips: [...skips, ...refused, ...taken], putOff }
}

/** The runs by the verdict of their owner's limits; an operator's plan has none. */
async function admit(session: Session, owner: Owner | null, ready: readonly Ready[]) {
  const submissions = ready.map(({ submission }) => submission)
  const verdicts = owner === null ? [] : await admitSubmissions(session, owner, submissions)
  const judged = ready.map((each, position) => ({ ...each, verdict: verdicts[position] }))
  return {
    admitted: judged.filter(({ verdict }) => verdict === undefined || verdict.is === 'admitted'),
    refused: judged.flatMap(({ run, verdict }): Skip[] =>
      verdict?.is === 'refused' ? [{ run, reason: 'limit_reached', breach: verdict.breach }] : [],
    ),
    putOff: judged.flatMap(({ run, verdict }) => (verdict?.is === 'deferred' ? [run] : [])),
  }
}

async function submitRuns(
  session: Session,
  plan: Plan,
  ready: readonly Ready[],
  owner: Owner | null,
  work: { readonly actor: string; newId(): string },
): Promise<{ orderIds: string[]; taken: Skip[] }> {
  const store = {
    submitApproved: (rows: Parameters<typeof submitApprovedOrders>[1], actor: string) =>
      submitApprovedOrders(session, rows, actor),
  }
  const submissions = ready.map(({ submission }) => submission)
  const submitted = await submitApproved(submissions, {
    store,
    newId: work.newId,
    actor: `plan:${plan.planId}`,
  })
  const taken: Skip[] = []
  const started: { dueAt: Date; orderId: string }[] = []
  // An order that existed before was counted then.
  const stored: Submission[] = []
  submitted.forEach((each, position) => {
    const { run, submission } = ready[position] ?? {}
    if (run === undefined || submission === undefined) throw new Error('more answers than submissions')
    if (each.is === 'wallet_refused') taken.push({ run, reason: 'wallet_refused' })
    else if (each.is === 'conflict') taken.push({ run, reason: 'reference_taken' })
    else started.push({ dueAt: run.dueAt, orderId: each.order.orderId })
    if (each.is === 'stored' && each.isNew) stored.push(submission)
  })
  const orderIds = started.map(({ orderId }) => orderId)
  await setStarted(session, { planId: plan.planId, actor: work.actor, started })
  if (owner !== null) await countUse(session, owner, stored)
  return { orderIds, taken }
}

/** The order of a run; null when the rules for orders have changed and no longer allow it. */
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
