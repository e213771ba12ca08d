import type { Log } from '../../core/log.ts'
import { type PeriodicTask, runEvery } from '../../core/periodic-task.ts'
import { sweepDayWallets } from '../../partners/store/day-wallets.ts'
import { sweepNonces } from '../../partners/store/nonces.ts'
import { type Database, openDatabase } from '../../postgres/pool.ts'
import {
  deletePastDeliveries,
  deletePastEvents,
  erasePreviousSecrets,
  giveUpForRemoved,
} from '../../webhooks/history.ts'

/** The configuration of a sweeper of history. */
export interface HistorySweeperOptions {
  readonly databaseUrl: string
  /** Webhooks that ended longer ago are deleted. */
  readonly webhookKeepDays: number
  readonly log: Log
  readonly everyMs?: number
  readonly pieceSize?: number
}

const SWEEP_EVERY_MS = 5 * 60_000
/** Rows of one statement, so that it holds its locks only briefly. */
const PIECE_SIZE = 1_000

/** Sweeps one piece of one kind of rows; returns the number of rows. */
type SweepPiece = (database: Database, limit: number) => Promise<number>

/** Deletes old rows. Any number of sweepers may run: each skips rows that another has locked. */
export function startHistorySweeper(parts: HistorySweeperOptions): PeriodicTask {
  const { databaseUrl, webhookKeepDays, log, everyMs = SWEEP_EVERY_MS, pieceSize = PIECE_SIZE } = parts
  const onError = (error: Error) => log.warn({ err: error }, 'postgres error')
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError })
  let isStopped = false
  const sweepAll = async (sweepPiece: SweepPiece): Promise<number> => {
    let total = 0
    let swept = pieceSize
    while (swept >= pieceSize && !isStopped) {
      swept = await sweepPiece(database, pieceSize)
      total += swept
    }
    return total
  }
  const sweep = async () => {
    const swept = {
      nonces: await sweepAll(sweepNonces),
      day_wallets: await sweepAll(sweepDayWallets),
      secrets: await erasePreviousSecrets(database),
      webhooks_of_removed: await giveUpForRemoved(database),
      // Before the events, which go when they have no delivery left.
      deliveries: await sweepAll((runner, limit) => deletePastDeliveries(runner, webhookKeepDays, limit)),
      events: await sweepAll((runner, limit) => deletePastEvents(runner, webhookKeepDays, limit)),
    }
    if (Object.values(swept).some((count) => count > 0)) log.info(swept, 'history swept')
  }
  const sweeping = runEvery(everyMs, sweep, (error) =>
    log.warn({ err: error }, 'history not swept, tried again'),
  )
  return {
    async stop() {
      isStopped = true
      await sweeping.stop()
      await database.close()
    },
  }
}
