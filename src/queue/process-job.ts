import { backoffMs } from '../orders/backoff.ts'
import type { OrderDeps } from '../orders/deps.ts'
import type { Execution } from '../orders/end-run.ts'
import type { StoredOrder } from '../orders/ports.ts'
import { DEADLINE_PASSED, InvalidOrderError, WALLET_REFUSED } from '../orders/submission.ts'
import { submitOrders } from '../orders/submit.ts'
import type { QueueJob } from './backend.ts'
import { parseJob } from './job.ts'
import type { JobOutcome } from './job-result.ts'
import { type RejectedJob, rejectedJob } from './rejected-job.ts'
import { endOf, executeWatched, type OrderWatch } from './watched-order.ts'

/** The dependencies of processing a job. */
export interface JobDeps extends OrderDeps, OrderWatch {
  /** An order has ended or stopped: the next one of its wallet may go. */
  laneLeft(): void
  keepRejected(job: RejectedJob): Promise<void>
}

/** Reads a job, stores or finds its order, executes the order and returns the outcome. Never throws. */
export async function processJob(job: QueueJob, deps: JobDeps): Promise<JobOutcome> {
  try {
    const order = await findOrder(job, deps)
    const execution = await executeWatched(order, deps)
    logExecution(order, execution, deps)
    if (execution.is === 'ended' || execution.is === 'left') deps.laneLeft()
    deps.counts.ended(endOf(execution))
    return { is: 'executed', orderId: order.orderId, execution }
  } catch (error) {
    if (error instanceof InvalidOrderError) return await refuse(job, error, deps)
    return trouble(job, error, deps)
  }
}

/** One log line per order and run, without the wallet. */
function logExecution({ orderId, kind }: StoredOrder, execution: Execution, { log }: JobDeps): void {
  const fields = { order_id: orderId, kind }
  switch (execution.is) {
    case 'ended': {
      const { state, reason } = execution
      if (state === 'in_doubt') log.warn({ ...fields, state, reason }, 'order in doubt')
      else log.info({ ...fields, state, reason }, 'order ended')
      return
    }
    case 'left':
      log.debug({ ...fields, state: execution.state, reason: execution.reason }, 'order left alone')
      return
    case 'waiting':
      log.debug({ ...fields, waits_for: execution.waitsFor }, 'order waits for its turn in its wallet')
      return
    case 'later':
      log.info(
        { ...fields, trouble: execution.trouble, delay_ms: Math.round(execution.delayMs) },
        'order put off',
      )
  }
}

async function findOrder(job: QueueJob, deps: JobDeps): Promise<StoredOrder> {
  const request = parseJob(job.name, job.data)
  switch (request.is) {
    case 'wake': {
      const [order] = await deps.store.load([request.orderId])
      if (order === undefined) throw new InvalidOrderError('orderId', 'there is no such order')
      return order
    }
    case 'order': {
      const [submitted] = await submitOrders([request.submission], deps)
      if (submitted === undefined) throw new Error('a submission without an answer')
      if (submitted.is === 'conflict')
        throw new InvalidOrderError(
          'reference',
          `conflict: this reference is order ${submitted.orderId} with other content, which stands`,
        )
      if (submitted.is === 'wallet_refused') throw new InvalidOrderError('phone_number', WALLET_REFUSED)
      if (submitted.is === 'overdue') throw new InvalidOrderError('deadline', DEADLINE_PASSED)
      return submitted.order
    }
  }
}

async function refuse(job: QueueJob, error: InvalidOrderError, deps: JobDeps): Promise<JobOutcome> {
  try {
    await deps.keepRejected(rejectedJob(job, error))
  } catch (storageError) {
    return trouble(job, storageError, deps)
  }
  deps.counts.ended('refused')
  deps.log.warn({ job_id: job.id, field: error.field, reason: error.message }, 'job refused')
  return { is: 'refused', reason: error.message }
}

function trouble(job: QueueJob, error: unknown, deps: JobDeps): JobOutcome {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error'
  deps.counts.ended('trouble')
  deps.log.error({ job_id: job.id, err: error }, 'job put off')
  return { is: 'trouble', reason, delayMs: backoffMs(job.attemptsMade, deps.random()) }
}
