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
import { inMemoryJournal, type Journal } from './journal.ts'
import { type OperationRow, operations } from './operations.ts'
import { type OpeningBalances, openState } from './state.ts'
import { statementCsv } from './statement.ts'

const PATH_PREFIX = '/v2/gold-pro'
const MAX_BODY_BYTES = 64 * 1024

export interface SandboxOptions {
  /** Default: a free port. */
  readonly port?: number
  readonly host?: string
  /** The same seed and the same requests give the same prices, ids and faults. */
  readonly seed: number
  readonly faults?: Partial<Record<FaultName, FaultSetting>>
  /** The balances of a wallet that is first seen; null: unknown wallets are not found. */
  readonly openWallets: OpeningBalances | null
  /** The number of checkouts after which the price moves. Default: it never moves by itself. */
  readonly priceMoveEvery?: number
  /** The delay of a slow reply. */
  readonly slowMs?: number
  readonly sellPath?: string
  readonly oauth?: OAuthAccess
  readonly signing?: SigningAccess
  /** Stores the ledger, with its own seed. Default: the ledger is in memory only. */
  readonly journal?: Journal
  /** Called when a request could not be answered, for example because the ledger cannot be written. */
  readonly onError?: (error: unknown) => void
}

export interface Sandbox extends SandboxControls {
  readonly url: string
  stop(): Promise<void>
}

/** The access rules and the routes. */
interface Routing {
  readonly access: Access
  readonly rows: readonly OperationRow[]
}

/** Starts a sandbox gateway. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { openWallets, priceMoveEvery = null, oauth = null, signing = null, onError = () => {} } = options
  const now = Date.now
  const journal = options.journal ?? inMemoryJournal(options.seed, new Date(now()))
  const { seed } = journal
  const world: World = {
    seed,
    slowMs: options.slowMs ?? 30_000,
    state: openState(journal, openWallets, priceMoveEvery, now),
    faults: createFaults(seed, options.faults ?? {}),
    confirms: [],
    closing: new WeakSet(),
    requests: 0,
  }
  const routing = {
    access: createAccess(seed, oauth, signing, now),
    rows: operations(options.sellPath ?? '/checkout/sell'),
  }
  const server = createServer((request, response) => {
    serve(request, response, world, routing, sandbox).catch((error: unknown) => {
      onError(error)
      // The client must not take a missing or partial answer for a refusal.
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
  const { state, faults, confirms } = world
  return {
    url,
    ledger: () => state.ledger.entries(),
    statementCsv: () => statementCsv(state.ledger.entries()),
    confirmsReceived: () => confirms,
    faultCounts: () => faults.counts(),
    faultLog: () => faults.log(),
    setFault: (fault, setting) => faults.set(fault, setting),
    openWallet: (phoneNumber, { rupiah, goldWeight, premium }) =>
      state.ledger.openWallet(phoneNumber, {
        rupiah: rupiah as Rupiah,
        goldWeight: goldWeight as GoldWeight,
        premium,
      }),
    wallet: (phoneNumber) => state.ledger.wallet(phoneNumber),
    movePrice: () => state.prices.move(),
    stop,
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  world: World,
  { access, rows }: Routing,
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

/** The fields of a body; null when it is not a JSON object. */
function parseFields(body: string): Fields | null {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Fields) : null
  } catch {
    return null
  }
}
