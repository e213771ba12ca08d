// Places one order over HTTP and follows it to its end: Node 20 or newer, nothing installed.
// GOLDPRO_URL and GOLDPRO_KEY say where and as whom; GOLDPRO_SIGNING_SECRET signs, where the key asks for it.
// Usage: node place-order.mjs REFERENCE
import { createHmac, randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

const { GOLDPRO_URL, GOLDPRO_KEY, GOLDPRO_SIGNING_SECRET } = process.env
const ENDED = ['succeeded', 'rejected', 'expired', 'cancelled', 'in_doubt']

function signature(method, path, body) {
  if (!GOLDPRO_SIGNING_SECRET) return {}
  const timestamp = String(Math.floor(Date.now() / 1_000))
  const nonce = randomBytes(16).toString('hex')
  const signed = `${method}\n${path}\n${timestamp}\n${nonce}\n${body}`
  const hex = createHmac('sha256', GOLDPRO_SIGNING_SECRET).update(signed).digest('hex')
  return { 'X-Timestamp': timestamp, 'X-Nonce': nonce, 'X-Signature': `v1=${hex}` }
}

/** Asks until there is an answer: whatever got lost on the way, asking again places no second order. */
async function ask(method, path, body = '') {
  for (let tries = 1; ; tries += 1) {
    try {
      const response = await fetch(GOLDPRO_URL + path, {
        method,
        headers: {
          Authorization: `Bearer ${GOLDPRO_KEY}`,
          ...(body === '' ? {} : { 'Content-Type': 'application/json' }),
          ...signature(method, path, body),
        },
        ...(body === '' ? {} : { body }),
        signal: AbortSignal.timeout(40_000),
      })
      const answer = await response.json()
      if (response.ok) return answer
      if (response.status !== 429 && response.status < 500)
        throw new Error(`refused: ${JSON.stringify(answer)}`)
      if (tries === 8) throw new Error(`gave up: ${JSON.stringify(answer)}`)
      await wait(1_000 * Number(response.headers.get('retry-after') ?? tries))
    } catch (error) {
      if (error.message.startsWith('refused') || tries === 8) throw error
      await wait(tries * 500)
    }
  }
}

const order = {
  kind: 'buy',
  reference: process.argv[2] ?? `A-${Date.now()}`,
  phone_number: '081234500003',
  amount: 100_000,
}
let placed = await ask('POST', '/v1/orders?wait=20', JSON.stringify(order))
while (!ENDED.includes(placed.state)) placed = await ask('GET', `/v1/orders/${placed.id}?wait=30`)
console.log(`${placed.reference} ${placed.state} ${placed.executed?.session_id ?? placed.reason}`)
