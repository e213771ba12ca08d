import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { CLOCKS } from '../clocks.ts'
import type { Settings } from '../config.ts'
import { createGatewayClient, type GatewayClient } from '../gateway/client.ts'
import type { Repeating } from '../repeat.ts'
import { startBatchFeeder } from '../schedulers/batch-feeder.ts'
import { startOrderSweeper } from '../schedulers/order-sweeper.ts'
import { startPlanScheduler } from '../schedulers/plan-scheduler.ts'
import { startPriceCapture } from '../schedulers/price-capture.ts'
import type { ConfiguredMetrics } from './metrics.ts'

/** Starts what a scheduler does about orders: it keeps plans, feeds batches, sweeps, and captures prices, as the settings say. */
export function startSchedulersOfOrders(
  settings: Settings,
  databaseUrl: string,
  metrics: ConfiguredMetrics,
  log: Logger,
): Repeating[] {
  const { redisUrl, gateway, chartPhoneNumber } = settings
  const parts = { databaseUrl, redisUrl, name: `${hostname()}-${process.pid}`, log }
  const schedulers = [startPlanScheduler(parts), startBatchFeeder(parts)]
  // Without the gateway's settings nobody here knows when an intent is overdue: workers do.
  if (gateway !== null) schedulers.push(startOrderSweeper({ ...parts, callTimeoutMs: gateway.timeoutMs }))
  if (gateway !== null && chartPhoneNumber !== null) {
    const client = createGatewayClient(gateway, {
      ...{ ...CLOCKS, log },
      ...(metrics.onCall === undefined ? {} : { onCall: metrics.onCall }),
    })
    schedulers.push(startConfiguredPriceCapture(client, chartPhoneNumber, databaseUrl, log))
  }
  return schedulers
}

function startConfiguredPriceCapture(
  client: GatewayClient,
  phoneNumber: string,
  databaseUrl: string,
  log: Logger,
): Repeating {
  const capture = startPriceCapture({ databaseUrl, chart: (side) => client.chart(side, phoneNumber), log })
  return {
    async stop() {
      await capture.stop()
      client.close()
    },
  }
}
