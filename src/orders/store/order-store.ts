import type { StatementRunner } from '../../postgres/pool.ts'
import { againIfRaced } from '../../wallets/permitted.ts'
import type { OrderStore } from '../ports.ts'
import { commitIntents, withdrawIntents } from './intents.ts'
import { moveOrders, postponeOrders } from './moves.ts'
import { settleDoubts } from './settlements.ts'
import { loadOrders, submitOrders } from './submissions.ts'
import { doubtOverdueIntent } from './sweeps.ts'
import { endIntents } from './verdicts.ts'

/** The orders in Postgres: over a pool, a session or a transaction alike. */
export function createOrderStore(runner: StatementRunner): OrderStore {
  return {
    submit: (submissions) => againIfRaced(() => submitOrders(runner, submissions)),
    load: (orderIds) => loadOrders(runner, orderIds),
    commitIntents: (intents, actor) => commitIntents(runner, intents, actor),
    withdrawIntents: (claims, actor) => withdrawIntents(runner, claims, actor),
    endIntents: (verdicts, actor) => endIntents(runner, verdicts, actor),
    move: (move, moves) => moveOrders(runner, move, moves),
    settle: (settlements) => settleDoubts(runner, settlements),
    doubtOverdueIntent: (orderId, sendDeadlineMs, actor) =>
      doubtOverdueIntent(runner, orderId, sendDeadlineMs, actor),
    postpone: (deferrals) => postponeOrders(runner, deferrals),
  }
}
