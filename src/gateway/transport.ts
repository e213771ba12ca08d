import type { ClientRequest } from 'node:http'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import axios, { AxiosError, type AxiosInstance } from 'axios'

/** Far more than any documented reply has; longer ones are refused. */
const MAX_REPLY_BYTES = 256 * 1024

/** The result of one POST. `wasSent: false` is proof that nothing was sent: there was no connection. */
export type Exchange =
  | { readonly is: 'reply'; readonly status: number; readonly text: string }
  | { readonly is: 'failure'; readonly wasSent: boolean; readonly code: string }

export interface PostRequest {
  readonly path: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /**
   * A server may close a kept-alive connection while a request is sent on it. The resulting reset does not tell whether
   * the request was read. Requests that move money or gold therefore use a new connection each.
   */
  readonly connection: 'fresh' | 'kept'
  /** Wall-clock deadline of the whole exchange. */
  readonly timeoutMs: number
}

export interface Transport {
  /** Sends one POST, once, and never throws. */
  post(request: PostRequest): Promise<Exchange>
  close(): void
}

/** Creates the HTTP transport. Redirects, proxies and retries are off, because each could send a body twice. */
export function openTransport(baseUrl: string): Transport {
  const isHttps = baseUrl.startsWith('https:')
  const Agent = isHttps ? HttpsAgent : HttpAgent
  const agents = { fresh: new Agent(), kept: new Agent({ keepAlive: true, maxFreeSockets: 64 }) }
  const client = axios.create({
    baseURL: baseUrl,
    adapter: 'http',
    proxy: false,
    maxRedirects: 0,
    maxContentLength: MAX_REPLY_BYTES,
    maxBodyLength: MAX_REPLY_BYTES,
    responseType: 'text',
    transformResponse: (text: unknown) => text,
    transformRequest: (body: unknown) => body,
    validateStatus: () => true,
  })
  return {
    post: (request) => post(client, agents[request.connection], isHttps, request),
    close() {
      agents.fresh.destroy()
      agents.kept.destroy()
    },
  }
}

async function post(
  client: AxiosInstance,
  agent: HttpAgent,
  isHttps: boolean,
  request: PostRequest,
): Promise<Exchange> {
  const sending = { began: false }
  const abort = new AbortController()
  // The time-out of axios counts idle time only: a reply that trickles in would hold the order without end.
  const deadline = setTimeout(() => abort.abort(), request.timeoutMs)
  try {
    const { status, data } = await client.post<unknown>(request.path, request.body, {
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...request.headers },
      httpAgent: agent,
      httpsAgent: agent,
      signal: abort.signal,
      transport: { request: watching(isHttps ? httpsRequest : httpRequest, sending) },
    } as object)
    return { is: 'reply', status, text: typeof data === 'string' ? data : '' }
  } catch (error) {
    const code = abort.signal.aborted ? 'ETIMEDOUT' : codeOf(error)
    return { is: 'failure', wasSent: sending.began, code }
  } finally {
    clearTimeout(deadline)
  }
}

type Requester = (options: object, callback: (response: never) => void) => ClientRequest

/** Notes when the socket is connected: Node writes no byte of a request before. */
function watching(request: unknown, sending: { began: boolean }): Requester {
  const send = request as Requester
  return (options, callback) => {
    const outgoing = send(options, callback)
    outgoing.on('socket', (socket) => {
      const connected = () => {
        sending.began = true
      }
      const isTls = 'encrypted' in socket
      const isConnecting = socket.connecting || (isTls && !isSecure(socket))
      if (isConnecting) socket.once(isTls ? 'secureConnect' : 'connect', connected)
      else connected()
    })
    return outgoing
  }
}

/** A TLS socket has a protocol only after its handshake. */
function isSecure(socket: object): boolean {
  const { getProtocol } = socket as { getProtocol?: () => string | null }
  return getProtocol?.call(socket) != null && !(socket as { connecting: boolean }).connecting
}

function codeOf(error: unknown): string {
  if (error instanceof AxiosError && error.code !== undefined) return error.code
  return error instanceof Error ? error.name : 'unknown'
}
