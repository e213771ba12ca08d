import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GoldWeight, Rupiah } from '../../core/money.ts'
import { type Access, createAccess, type OAuthAccess, type SigningAccess } from './access.ts'
import { answerMalformed, answerRequest, type World } from './answer.ts'
import { answerPage, type SandboxControls } from './controls.ts'
import { send } from './deliver.ts'
import { createFaults, type FaultName, type FaultSetting } from './faults.ts'
import type { Fields } from './fields.ts'
import { forgetfulJournal, type Journal } from './journal.ts'
import { type OperationRow, operations } from './operations.ts'
import { type OpeningBalances, openState } from './state.ts'
import { statementCsv } from './statement.ts'

const PATH_PREFIX = '/v2/gold-pro'
const MAX_BODY_BYTES = 64 * 1024

export interface SandboxOptions {
  /** A free port when it is not said. */
  readonly port?: number
  readonly host?: string
  /** The same seed and the same requests give the same prices, ids and faults. */
  readonly seed: number
  readonly faults?: Partial<Record<FaultName, FaultSetting>>
  /** What a wallet starts with that is seen for the first time; null: it is not found. */
  readonly openWallets: OpeningBalances | null
  /** The price moves after every so many checkouts; by itself never, when it is not said. */
  readonly priceMoveEvery?: number
  /** How late a slow reply comes. */
  readonly slowMs?: number
  readonly sellPath?: string
  readonly oauth?: OAuthAccess
  readonly signing?: SigningAccess
  /** Where the ledger is kept, with its own seed; it forgets everything at its end, when it is not said. */
  readonly journal?: Journal
  /** Told when a request could not be answered, such as for a ledger that cannot be written. */
  readonly onError?: (error: unknown) => void
}

export interface Sandbox extends SandboxControls {
  readonly url: string
  stop(): Promise<void>
}

/** Who is let in, and to what. */
interface Door {
  readonly access: Access
  readonly rows: readonly OperationRow[]
}

/** Starts the gateway's double. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { openWallets, priceMoveEvery = null, oauth = null, signing = null, onError = () => {} } = options
  const now = Date.now
  const journal = options.journal ?? forgetfulJournal(options.seed, new Date(now()))
  const { seed } = journal
  const world: World = {
    seed,
    slowMs: options.slowMs ?? 30_000,
    books: openState(journal, openWallets, priceMoveEvery, now),
    faults: createFaults(seed, options.faults ?? {}),
    confirms: [],
    closing: new WeakSet(),
    requests: 0,
  }
  const door = {
    access: createAccess(seed, oauth, signing, now),
    rows: operations(options.sellPath ?? '/checkout/sell'),
  }
  const server = createServer((request, response) => {
    serve(request, response, world, door, sandbox).catch((error: unknown) => {
      onError(error)
      // Whoever asked must not take silence, or half an answer, for a refusal.
      if (response.headersSent) response.destroy()
      else send(response, { status: 500, text: '<html>500 the ledger cannot be kept</html>' })
    })
  })
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1')
  await once(server, 'listening')
  const { address, port, family } = server.address() as AddressInfo
  const sandbox = sandboxOf(
    world,
    `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      journal.close()
    },
  )
  return sandbox
}

function sandboxOf(world: World, url: string, stop: () => Promise<void>): Sandbox {
  const { books, faults, confirms } = world
  return {
    url,
    ledger: () => books.ledger.entries(),
    statementCsv: () => statementCsv(books.ledger.entries()),
    confirmsReceived: () => confirms,
    faultCounts: () => faults.counts(),
    faultLog: () => faults.log(),
    setFault: (fault, setting) => faults.set(fault, setting),
    openWallet: (phoneNumber, { rupiah, goldWeight, premium }) =>
      books.ledger.openWallet(phoneNumber, {
        rupiah: rupiah as Rupiah,
        goldWeight: goldWeight as GoldWeight,
        premium,
      }),
    wallet: (phoneNumber) => books.ledger.wallet(phoneNumber),
    movePrice: () => books.prices.move(),
    stop,
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  world: World,
  { access, rows }: Door,
  sandbox: Sandbox,
): Promise<void> {
  const body = await readBody(request)
  const path = (request.url ?? '').split('?')[0] ?? ''
  if (body === null) return send(response, { status: 413, text: '<html>413 Too Large</html>' })
  if (path.startsWith('/sandbox/')) {
    const page = answerPage(sandbox, request.method ?? '', path.slice('/sandbox/'.length), body)
    response.writeHead(page.status, { 'Content-Type': page.type }).end(page.text)
    return
  }
  if (path === access.tokenPath) return send(response, access.issueToken(request.headers, body))
  if (!access.admits(path, request.headers)) return send(response, { status: 401, text: '' })
  const fields = parseFields(body)
  const row = rows.find(
    (candidate) => PATH_PREFIX + candidate.path === path && (candidate.when?.(fields ?? {}) ?? true),
  )
  if (row === undefined || request.method !== 'POST')
    return send(response, { status: 404, text: '<html>404 Not Found</html>' })
  if (fields === null) answerMalformed(response, world)
  else answerRequest(response, row, fields, world)
}

/** The whole body as text; null when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request) {
      size += (chunk as Buffer).length
      if (size <= MAX_BODY_BYTES) chunks.push(chunk as Buffer)
    }
  } catch {
    return ''
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8')
}

/** The fields of a body; null when it is no JSON object. */
function parseFields(body: string): Fields | null {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Fields) : null
  } catch {
    return null
  }
}
