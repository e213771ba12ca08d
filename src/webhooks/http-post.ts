import type { LookupAddress } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { type RequestOptions, request as requestHttps } from 'node:https'
import { isIP, type LookupFunction, type TcpSocketConnectOpts } from 'node:net'
import { hostOf, type ParsedUrl, parseEndpointUrl } from './endpoint-url.ts'
import { isLoopback, mayReach } from './reachable-addresses.ts'

/** The result of one POST to an endpoint. */
export type Answer =
  | Reply
  /** No status was received; `trouble` is the reason, as a code. */
  | { readonly is: 'failure'; readonly trouble: string }

export interface Reply {
  readonly is: 'reply'
  readonly status: number
  readonly text: string
  /** The header's text, unparsed. */
  readonly retryAfter: string | null
}

export interface PostRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Post = (request: PostRequest) => Promise<Answer>

export interface PostSettings {
  /** For development: http and https may connect to loopback addresses. */
  readonly allowLoopback: boolean
  /** For the URL of a setting, whose host the operator knows: it may be in a private network, also by http. */
  readonly trustsUrl?: boolean
  /** Deadline of name resolution, connection, request and reply together. */
  readonly timeoutMs: number
  /** All addresses of a name. */
  resolve(host: string): Promise<readonly LookupAddress[]>
  /** Certificate authorities to trust instead of those that Node brings. */
  readonly ca?: string
}

const MAX_REPLY_BYTES = 4_096

/** Creates the client that posts to partners' URLs: once, only to vetted addresses, without redirects or proxies. It never throws. */
export function createPost(settings: PostSettings): Post {
  return async (request) => {
    const deadline = AbortSignal.timeout(settings.timeoutMs)
    const parsed: ParsedUrl = settings.trustsUrl
      ? { is: 'allowed', url: new URL(request.url) }
      : parseEndpointUrl(request.url, settings.allowLoopback)
    if (parsed.is === 'refused') return { is: 'failure', trouble: 'url_refused' }
    const vetted = await vet(parsed.url, settings, deadline)
    if (vetted.is === 'failure') return vetted
    return await send(parsed.url, vetted.addresses, request, settings, deadline)
  }
}

type Vetted =
  | { readonly is: 'vetted'; readonly addresses: readonly LookupAddress[] }
  | Extract<Answer, { is: 'failure' }>

/** Resolves the name once. One refused address refuses the name: the connection could use any of them. */
async function vet(url: URL, settings: PostSettings, deadline: AbortSignal): Promise<Vetted> {
  const host = hostOf(url)
  const family = isIP(host)
  const addresses =
    family === 0 ? await until(deadline, settings.resolve(host)).catch(() => []) : [{ address: host, family }]
  if (deadline.aborted) return { is: 'failure', trouble: 'time_out' }
  if (addresses.length === 0) return { is: 'failure', trouble: 'name_not_resolved' }
  const isAllowed = ({ address }: LookupAddress) =>
    settings.trustsUrl ||
    (settings.allowLoopback && isLoopback(address)) ||
    (url.protocol === 'https:' && mayReach(address))
  if (!addresses.every(isAllowed)) return { is: 'failure', trouble: 'address_refused' }
  return { is: 'vetted', addresses }
}

function until<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    deadline.addEventListener('abort', () => reject(new Error('too late')), { once: true })
    work.then(resolve, reject)
  })
}

/** A lookup that always returns the vetted addresses, so that nothing is resolved between vetting and connection. */
function vettedLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, { all }, callback) => {
    const [first] = addresses
    if (first === undefined) callback(new Error('no address'), '', 4)
    else if (all) callback(null, [...addresses])
    else callback(null, first.address, first.family)
  }
}

function send(
  url: URL,
  addresses: readonly LookupAddress[],
  { headers, body }: PostRequest,
  { ca }: PostSettings,
  deadline: AbortSignal,
): Promise<Answer> {
  const options: RequestOptions & Pick<TcpSocketConnectOpts, 'autoSelectFamilyAttemptTimeout'> = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    lookup: vettedLookup(addresses),
    // A new connection each time: a kept-alive one would outlive its vetting.
    agent: false,
    // Checked even if NODE_TLS_REJECT_UNAUTHORIZED turns it off for the process.
    rejectUnauthorized: true,
    // Node's default of 250 ms is too short for a distant receiver.
    autoSelectFamilyAttemptTimeout: 3_000,
    ...(ca === undefined ? {} : { ca }),
  }
  return new Promise((resolve) => {
    const requester = url.protocol === 'https:' ? requestHttps : requestHttp
    const outgoing = requester(url, options)
    let hasStatus = false
    const fail = (trouble: string) => {
      if (!hasStatus) resolve({ is: 'failure', trouble })
    }
    outgoing.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'connection_failed'))
    outgoing.on('close', () => fail('no_reply'))
    const giveUp = () => {
      fail('time_out')
      outgoing.destroy()
    }
    deadline.addEventListener('abort', giveUp, { once: true })
    if (deadline.aborted) giveUp()
    outgoing.on('response', async (incoming) => {
      // The status decides. A body that is slow, cut off or endless does not change the result.
      hasStatus = true
      deadline.removeEventListener('abort', giveUp)
      const text = await beginningOf(incoming, deadline)
      const retryAfter = incoming.headers['retry-after'] ?? null
      resolve({ is: 'reply', status: incoming.statusCode ?? 0, text, retryAfter })
      outgoing.destroy()
    })
    outgoing.end(body)
  })
}

/** The first bytes of a reply, until it ends, is long enough, or the deadline passes. */
function beginningOf(incoming: IncomingMessage, deadline: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const done = () => resolve(Buffer.concat(chunks).subarray(0, MAX_REPLY_BYTES).toString('utf8'))
    incoming.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size >= MAX_REPLY_BYTES) done()
    })
    for (const event of ['end', 'error', 'close']) incoming.on(event, done)
    deadline.addEventListener('abort', done, { once: true })
    if (deadline.aborted) done()
  })
}
