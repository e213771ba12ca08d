import axios, { Axios, AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { type Connections, createConnections } from './connections.ts'
import { HttpExchange } from './http-exchange.ts'

/** The result of one POST. `wasSent: false` is proof that no byte of the request was written. */
export type Exchange =
  | { readonly is: 'reply'; readonly status: number; readonly text: string }
  | { readonly is: 'failure'; readonly wasSent: boolean; readonly code: string }

export interface PostRequest {
  readonly path: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /**
   * A server may close a kept-alive connection while a request is sent on it. The resulting reset does not tell whether
   * the request was read. Requests that move money or gold therefore have a connection each, never used before or after.
   */
  readonly connection: 'fresh' | 'kept'
  /** Wall-clock deadline of the whole exchange. */
  readonly timeoutMs: number
}

export interface Transport {
  /** Sends one POST, once, and never throws. */
  post(request: PostRequest): Promise<Exchange>
  /** Begins to open a connection for a coming `fresh` request. Call the returned function when there will be none. */
  openAhead(): () => void
  close(): void
}

/** Creates the HTTP transport. It knows no redirects, proxies and retries, because each could send a body twice. */
export function openTransport(baseUrl: string): Transport {
  const url = new URL(baseUrl)
  const connections = createConnections(url)
  const basePath = url.pathname.replace(/\/$/, '')
  // Axios without the defaults of `axios.create`: merging them costs more than the exchange's own work.
  const client = new Axios({ adapter: (config) => send(config as PostConfig) })
  return {
    post: (request) => post(client, basePath + request.path, new Sending(connections, request)),
    openAhead: connections.openAhead,
    close: connections.close,
  }
}

/** Encodings are declined, because replies are short. A request without a User-Agent is refused by some firewalls. */
const HEADERS = {
  Accept: 'application/json',
  'Accept-Encoding': 'identity',
  'Content-Type': 'application/json',
  'User-Agent': `axios/${axios.VERSION}`,
}

/** A request on its way through axios, which copies plain objects but passes on an instance of a class. */
class Sending {
  readonly connections: Connections
  readonly request: PostRequest
  exchange: HttpExchange | null = null

  constructor(connections: Connections, request: PostRequest) {
    this.connections = connections
    this.request = request
  }
}

interface PostConfig extends InternalAxiosRequestConfig<string> {
  readonly sending: Sending
}

async function post(client: Axios, path: string, sending: Sending): Promise<Exchange> {
  try {
    // Headers go past axios: its header objects cost three times as much as the rest of it.
    const config = { method: 'post', url: path, data: sending.request.body, sending }
    const { status, data } = await client.request<string>(config)
    return { is: 'reply', status, text: data }
  } catch (error) {
    return { is: 'failure', wasSent: sending.exchange?.wasSent ?? false, code: codeOf(error) }
  }
}

/** Axios's adapter over undici: one request on one connection. Every status is a reply. */
function send(config: PostConfig): Promise<AxiosResponse<string>> {
  const { sending, url: path = '/', data: body = '' } = config
  const { connections, request } = sending
  const isFresh = request.connection === 'fresh'
  return new Promise((resolve, reject) => {
    const connection = connections.get(request.connection)
    const exchange = new HttpExchange(connection, request.timeoutMs, (failure, { status, text }) => {
      connections.done(connection, failure === null && !isFresh)
      if (failure !== null) reject(new AxiosError(failure.message, failure.code))
      else resolve({ status, data: text, statusText: '', headers: {}, config })
    })
    sending.exchange = exchange
    const headers = { ...HEADERS, ...request.headers }
    connection.client.dispatch({ method: 'POST', path, headers, body, reset: isFresh }, exchange)
  })
}

function codeOf(error: unknown): string {
  if (error instanceof AxiosError && error.code !== undefined) return error.code
  return error instanceof Error ? error.name : 'unknown'
}
