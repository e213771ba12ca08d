import { hostname } from 'node:os'
import type { Settings } from '../../config.ts'
import type { PeriodicTask } from '../../core/periodic-task.ts'
import type { Logger } from '../../observability/log.ts'
import { startBatchFeeder } from './batch-feeder.ts'
import { startOrderSweeper } from './order-sweeper.ts'
import { startPlanScheduler } from './plan-scheduler.ts'

/**
 * Starts what a scheduler does about orders: it keeps plans, feeds batches and sweeps, as the settings say. It calls
 * partners' URLs, so it calls nothing of the gateway and needs none of its secrets.
 */
export function startSchedulersOfOrders(
  settings: Settings,
  databaseUrl: string,
  log: Logger,
): PeriodicTask[] {
  const { redisUrl, gateway } = settings
  const parts = { databaseUrl, redisUrl, name: `${hostname()}-${process.pid}`, log }
  const schedulers = [startPlanScheduler(parts), startBatchFeeder(parts)]
  // Without the gateway's settings nobody here knows when an intent is overdue: workers do.
  if (gateway !== null) schedulers.push(startOrderSweeper({ ...parts, callTimeoutMs: gateway.timeoutMs }))
  return schedulers
}
