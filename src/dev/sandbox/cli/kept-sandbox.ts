import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { dayOf, formatMinute } from '../../../core/business-days.ts'
import { firstAcceptedAt } from '../../../orders/queries/order-figures.ts'
import { type Database, openDatabase } from '../../../postgres/pool.ts'
import { readDatabaseIdentity } from '../database-identity.ts'
import { startSandbox } from '../sandbox.ts'
import { openKeptLedger } from './kept-ledger.ts'
import { OPEN_WALLETS, printError } from './sandbox-command.ts'

/** The sandbox of `goldpro up`. */
export interface KeptSandbox {
  readonly url: string
  /** The beginning of the period that its statement covers completely, in the form of `--period`. */
  readonly statementFrom: string
}

const MINUTE_MS = 60_000

/**
 * Starts the sandbox with the ledger of the database. The ledger lies beside the data. Another database, or one that was
 * created again, gets another ledger.
 */
export async function startKeptSandbox(
  folder: string,
  databaseUrl: string,
  stops: (() => Promise<unknown>)[],
): Promise<KeptSandbox> {
  const { identity, firstOrderAt } = await readDatabase(databaseUrl)
  mkdirSync(folder, { recursive: true })
  const kept = openKeptLedger(join(folder, `sandbox-${identity}.jsonl`), Date.now() % 1_000_000)
  stops.push(async () => kept.release())
  const { journal, transactions } = kept
  const sandbox = await startSandbox({
    ...{ seed: journal.seed, journal, openWallets: OPEN_WALLETS, priceMoveEvery: 20 },
    onError: printError,
  })
  stops.push(() => sandbox.stop())
  const isComplete = firstOrderAt === null || firstOrderAt >= journal.begunAt
  if (transactions > 0) console.error(`the sandbox continues its ledger: ${transactions} transactions`)
  if (!isComplete)
    console.error(
      `the sandbox's ledger begins at ${formatMinute(journal.begunAt)} (Jakarta), and the database has older orders`,
    )
  return { url: sandbox.url, statementFrom: completeFrom(journal.begunAt, isComplete) }
}

/** The day on which the ledger began; if the database has older orders, the minute after its beginning. */
function completeFrom(begunAt: Date, isComplete: boolean): string {
  if (isComplete) return dayOf(begunAt)
  return formatMinute(new Date(Math.ceil(begunAt.getTime() / MINUTE_MS) * MINUTE_MS))
}

async function readDatabase(databaseUrl: string): Promise<{ identity: string; firstOrderAt: Date | null }> {
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError: () => {} })
  try {
    const identity = await identityOf(database, databaseUrl)
    return { identity, firstOrderAt: await firstAcceptedAt(database) }
  } finally {
    await database.close()
  }
}

/** The identity of the database, or a hash of its address where the server does not tell it. */
async function identityOf(database: Database, databaseUrl: string): Promise<string> {
  const identity = await readDatabaseIdentity(database).catch(() => null)
  if (identity !== null) return identity
  const { host, pathname } = new URL(databaseUrl)
  return createHash('sha256').update(`${host}${pathname}`).digest('hex').slice(0, 16)
}
