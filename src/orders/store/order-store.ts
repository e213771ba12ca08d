import type { Database } from '../../postgres/pool.ts'
import type { OrderStore } from '../ports.ts'
import { commitIntents, endIntents, withdrawIntents } from './intents.ts'
import { moveOrders, postponeOrders, settleDoubts } from './moves.ts'
import { loadOrders, submitOrders } from './submissions.ts'
import { doubtOverdueIntents } from './sweeps.ts'

/** The orders in Postgres. */
export function createOrderStore(database: Database): OrderStore {
  return {
    submit: (submissions, actor) => submitOrders(database, submissions, actor),
    load: (orderIds) => loadOrders(database, orderIds),
    commitIntents: (intents, actor) => commitIntents(database, intents, actor),
    withdrawIntents: (intentIds, actor) => withdrawIntents(database, intentIds, actor),
    endIntents: (verdicts, actor) => endIntents(database, verdicts, actor),
    move: (move, rows) => moveOrders(database, move, rows),
    settle: (settlements) => settleDoubts(database, settlements),
    doubtOverdueIntent: (orderId, sendDeadlineMs, actor) =>
      doubtOverdueIntents(database, sendDeadlineMs, actor, 1, [orderId]),
    postpone: (rows) => postponeOrders(database, rows),
  }
}
