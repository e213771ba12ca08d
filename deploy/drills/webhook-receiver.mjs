// A receiver of webhooks on this machine, as a partner's would be.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const MAX_BODY_BYTES = 64 * 1024

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

/** Whether one of a message's signatures is of this secret. */
function isSignedBy({ headers, body }, secret) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key)
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`)
    .update(body)
    .digest()
  return String(headers['webhook-signature'])
    .split(' ')
    .map((each) => Buffer.from(each.replace(/^v1,/, ''), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected))
}

/** Starts it on a free port. It keeps each message once, by its id, in the order of arrival. */
export async function startReceiver(stage) {
  const messages = new Map()
  const server = createServer(async (request, response) => {
    try {
      const body = await readBody(request)
      const id = request.headers['webhook-id']
      if (!messages.has(id)) messages.set(id, { headers: request.headers, body, type: JSON.parse(body).type })
      response.writeHead(204).end()
    } catch {
      response.writeHead(400).end()
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  stage.atTheEnd(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    succeeded: () => [...messages.values()].filter(({ type }) => type === 'order.succeeded'),
    isSignedBy,
  }
}
