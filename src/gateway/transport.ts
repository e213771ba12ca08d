import type { ClientRequest } from 'node:http'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import axios, { AxiosError, type AxiosInstance } from 'axios'

/** A reply far longer than any documented one is no reply. */
const MAX_REPLY_BYTES = 256 * 1024

/** What came of one POST. `wasSent: false` is proof: no connection came about, so not a byte of it left. */
export type Exchange =
  | { readonly is: 'reply'; readonly status: number; readonly text: string }
  | { readonly is: 'failure'; readonly wasSent: boolean; readonly code: string }

export interface PostRequest {
  readonly path: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /**
   * A kept-alive socket that the server closes just as a request goes out gives a reset, with nothing to tell whether
   * the request was read. Whatever moves money or gold therefore goes out on a connection of its own.
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

/** Opens the way to the gateway. Redirects, proxies and retries are off: each could send a body twice. */
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
  // axios' own timeout counts idle time only: a reply that trickles in would hold the order for ever.
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

/** Node writes a request's first byte only on a connected socket; until then nothing was sent. */
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

/** A TLS socket knows its protocol only once its handshake is done. */
function isSecure(socket: object): boolean {
  const { getProtocol } = socket as { getProtocol?: () => string | null }
  return getProtocol?.call(socket) != null && !(socket as { connecting: boolean }).connecting
}

function codeOf(error: unknown): string {
  if (error instanceof AxiosError && error.code !== undefined) return error.code
  return error instanceof Error ? error.name : 'unknown'
}
