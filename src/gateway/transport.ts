import type { AgentOptions, ClientRequest } from 'node:http'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import axios, { AxiosError, type AxiosInstance } from 'axios'

/** A reply far longer than any documented one is no reply. */
const MAX_REPLY_BYTES = 256 * 1024

/** A kept-alive socket idle for longer may be closed by the server just as a confirm goes out on it. */
const MAX_SOCKET_IDLE_MS = 1_000

/** What came of one POST. `wasSent: false` is proof: no connection came about, so not a byte of it left. */
export type Exchange =
  | { readonly is: 'reply'; readonly status: number; readonly text: string }
  | { readonly is: 'failure'; readonly wasSent: boolean; readonly code: string }

export interface PostRequest {
  readonly path: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
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
  const agents = { httpAgent: freshSocketAgent(HttpAgent), httpsAgent: freshSocketAgent(HttpsAgent) }
  const client = axios.create({
    baseURL: baseUrl,
    ...agents,
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
  const isHttps = baseUrl.startsWith('https:')
  return {
    post: (request) => post(client, isHttps, request),
    close() {
      agents.httpAgent.destroy()
      agents.httpsAgent.destroy()
    },
  }
}

async function post(client: AxiosInstance, isHttps: boolean, request: PostRequest): Promise<Exchange> {
  const sending = { began: false }
  const abort = new AbortController()
  // axios' own timeout counts idle time only: a reply that trickles in would hold the order for ever.
  const deadline = setTimeout(() => abort.abort(), request.timeoutMs)
  try {
    const { status, data } = await client.post<unknown>(request.path, request.body, {
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...request.headers },
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

type AgentClass = typeof HttpAgent | typeof HttpsAgent

/** A keep-alive agent that hands out a free socket only if it was used within the last second. */
function freshSocketAgent<T extends AgentClass>(Base: T): InstanceType<T> {
  const options: AgentOptions = { keepAlive: true, maxFreeSockets: 64, scheduling: 'lifo' }
  const agent = new Base(options) as InstanceType<T>
  const freedAt = new WeakMap<Duplex, number>()
  agent.on('free', (socket: Duplex) => freedAt.set(socket, performance.now()))
  const internals = agent as unknown as {
    addRequest(...args: unknown[]): void
    readonly freeSockets: Record<string, Duplex[] | undefined>
  }
  const addRequest = internals.addRequest.bind(agent)
  internals.addRequest = (...args) => {
    const oldest = performance.now() - MAX_SOCKET_IDLE_MS
    for (const sockets of Object.values(internals.freeSockets))
      for (const socket of [...(sockets ?? [])])
        if ((freedAt.get(socket) ?? 0) < oldest) discard(socket, sockets)
    addRequest(...args)
  }
  return agent
}

/** Removes at once: a destroyed socket leaves the agent's list only on its close event. */
function discard(socket: Duplex, sockets: Duplex[] | undefined): void {
  sockets?.splice(sockets.indexOf(socket), 1)
  socket.destroy()
}
