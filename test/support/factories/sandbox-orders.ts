import { randomUUID } from 'node:crypto'
import { CLOCKS } from '../../../src/core/clocks.ts'
import type { Sandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { createGatewayClient } from '../../../src/gateway/client.ts'
import { executeOrder } from '../../../src/orders/execute.ts'
import { parseSubmission } from '../../../src/orders/submission.ts'
import { submitOrders } from '../../../src/orders/submit.ts'
import { silentLog, testEffects } from '../deps.ts'
import { gatewaySettings } from './gateway-settings.ts'
import { jobData } from './job-data.ts'
import { aWallet, type openStores } from './stored-orders.ts'

type Stores = ReturnType<typeof openStores>
export type OrderName = keyof typeof jobData
export const ORDER_NAMES = Object.keys(jobData) as OrderName[]

/** Runs orders one by one against a sandbox through the real client, without a queue. */
export function orderRunner(stores: Stores, sandbox: Sandbox, timeoutMs: number) {
  const client = createGatewayClient(gatewaySettings(sandbox.url, { timeoutMs }), {
    ...CLOCKS,
    log: silentLog,
  })
  const deps = testEffects(stores.store, client, { ...CLOCKS, pause: async () => {} })
  const load = async (orderId: string) => {
    const [order] = await stores.store.load([orderId])
    if (order === undefined) throw new Error('no such order')
    return order
  }
  return {
    client,
    /** Each order has a wallet of its own unless one is given: a doubt holds up the next of its wallet. */
    async submit(name: OrderName, overrides: object = {}): Promise<string> {
      const kind = name === 'buyRupiah' ? 'buy' : name
      const submission = parseSubmission(kind, jobData[name]({ phone_number: aWallet(), ...overrides }))
      const [submitted] = await submitOrders([submission], {
        store: stores.store,
        newId: randomUUID,
      })
      if (submitted?.is !== 'stored') throw new Error('not stored')
      return submitted.order.orderId
    },
    run: async (orderId: string) => await executeOrder(await load(orderId), deps),
    load,
  }
}
