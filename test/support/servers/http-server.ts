import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedRequest {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Tells the client's connections apart. */
  readonly fromPort: number | undefined
}

export interface TestServer {
  readonly url: string
  readonly port: number
  readonly requests: ReceivedRequest[]
  stop(): Promise<void>
}

/** A gateway whose every reply is written by the test. The request has been read wholly before it is answered. */
export async function startServer(
  answer: (request: ReceivedRequest, response: ServerResponse) => void,
): Promise<TestServer> {
  const requests: ReceivedRequest[] = []
  const listener: RequestListener = async (incoming, response) => {
    let body = ''
    for await (const chunk of incoming) body += chunk
    const request = {
      path: incoming.url ?? '',
      headers: incoming.headers,
      body,
      fromPort: incoming.socket.remotePort,
    }
    requests.push(request)
    answer(request, response)
  }
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

export function replyWith(response: ServerResponse, status: number, text: string, type = 'application/json') {
  response.writeHead(status, { 'Content-Type': type }).end(text)
}

/** The documented envelope. */
export function envelope(data: unknown, message = 'Success', isSuccess = true, code = isSuccess ? 200 : 400) {
  return JSON.stringify({
    ...(data === undefined ? {} : { data }),
    general_response: {
      response_status: isSuccess,
      response_code: code,
      response_message: message,
      response_timestamp: '2026-02-09T12:52:06+07:00',
    },
  })
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<string> {
  const server = await startServer((_request, response) => response.end())
  await server.stop()
  return String(server.port)
}
