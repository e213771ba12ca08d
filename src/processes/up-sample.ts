import { TEST_WALLETS } from '../dev/sandbox/test-wallets.ts'
import { firstAcceptedAt } from '../orders/queries/order-figures.ts'
import { openDatabase } from '../postgres/pool.ts'
import type { OrderRequest } from '../queue/order-request.ts'
import { createProducer, type ProducerOptions } from '../queue/producer.ts'

/** The wallet of the transaction that no order knows. */
const STRANGER = '081234500009'

const PARTNER = 'sample'

/** An order of every test wallet of the sandbox but the one that tries until its deadline, and some more that succeed. */
function sampleOrders(): OrderRequest[] {
  const fates = TEST_WALLETS.filter(({ phoneNumber }) => phoneNumber !== '089999000005')
  const ordinary = Array.from({ length: 6 }, (_, n) => `08123450001${n}`)
  const wallets = [...fates.map(({ phoneNumber }) => phoneNumber), ...ordinary]
  return wallets.map((phone_number, n) => ({
    ...{ kind: 'buy', partner: PARTNER, reference: `S-${n + 1}`, phone_number },
    amount: 50_000 * (n + 1),
  }))
}

/**
 * Places orders that give the console something to look at: most succeed, some are refused, and two end in doubt. The gateway
 * also executes one transaction that no order knows, so that its statement leaves a difference to decide about.
 * @returns whether they were placed: a database that has orders keeps to its own
 */
export async function placeSample(
  databaseUrl: string,
  redisUrl: string | null,
  gatewayUrl: string,
): Promise<boolean> {
  if (await hasOrders(databaseUrl)) return false
  await executeForNobody(gatewayUrl)
  const place: ProducerOptions = redisUrl === null ? { databaseUrl } : { redisUrl }
  const producer = createProducer(place)
  try {
    await producer.enqueueMany(sampleOrders())
  } finally {
    await producer.close()
  }
  return true
}

async function hasOrders(databaseUrl: string): Promise<boolean> {
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError: () => {} })
  try {
    return (await firstAcceptedAt(database)) !== null
  } finally {
    await database.close()
  }
}

/** A purchase at the sandbox, as somebody beside this program would make it. */
async function executeForNobody(gatewayUrl: string): Promise<void> {
  const order = { phone_number: STRANGER, amount: 75_000 }
  const post = async (path: string, body: object) => {
    const reply = await fetch(`${gatewayUrl}/v2/gold-pro/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    return (await reply.json()) as { readonly data: { readonly response_id: string } }
  }
  const { data } = await post('checkout/rupiah', order)
  await post('purchase/rupiah', { ...order, request_id: data.response_id })
}
