// A receiver of webhooks with nothing but Node. Run it, then name http://127.0.0.1:8099/ to `goldpro webhook add`:
//   WEBHOOK_SECRET=whsec_… node examples/verify-webhook.mjs 8099
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const TOLERANCE_SECONDS = 300
const MAX_BODY_BYTES = 64 * 1024

/** Whether a message is ours, unaltered and not an old one sent again. `body` is the bytes as they came. */
function isGenuine(secret, headers, body) {
  const timestamp = Number(headers['webhook-timestamp'])
  if (!(Math.abs(Date.now() / 1000 - timestamp) <= TOLERANCE_SECONDS)) return false
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signed = Buffer.concat([
    Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`),
    body,
  ])
  const expected = createHmac('sha256', key).update(signed).digest()
  // While secrets rotate there are two signatures; one that fits is enough.
  return String(headers['webhook-signature'])
    .split(' ')
    .filter((each) => each.startsWith('v1,'))
    .map((each) => Buffer.from(each.slice(3), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected))
}

async function readBody(request) {
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new Error('too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

// In your database, in the transaction that acts on the message: a message may come twice.
const seen = new Set()

const server = createServer(async (request, response) => {
  try {
    const body = await readBody(request)
    if (!isGenuine(process.env.WEBHOOK_SECRET ?? '', request.headers, body)) {
      console.log('refused: not genuine')
      response.writeHead(400).end()
      return
    }
    const id = request.headers['webhook-id']
    const { type, data } = JSON.parse(body.toString('utf8'))
    if (seen.has(id)) console.log('again', type)
    else console.log('received', type, data.reference ?? data.batch_id ?? '', data.sequence ?? '')
    seen.add(id)
    response.writeHead(204).end()
  } catch {
    response.writeHead(400).end()
  }
})
server.listen(Number(process.argv[2] ?? 8099), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`)
})
