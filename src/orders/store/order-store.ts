import type { StatementRunner } from '../../postgres/pool.ts'
import { againIfRaced } from '../../wallets/permitted.ts'
import type { OrderStore } from '../ports.ts'
import { commitIntents, withdrawIntents } from './intents.ts'
import { waitForTurn } from './lanes.ts'
import { loadOrders } from './load.ts'
import { moveOrders, postponeOrders } from './moves.ts'
import { settleDoubts } from './settlements.ts'
import { submitOrders } from './submissions.ts'
import { doubtOverdueIntent } from './sweeps.ts'
import { endIntents } from './verdicts.ts'

export interface LaneRules {
  /** Whether debits of a wallet wait while an order of it is in doubt. */
  readonly debitsWait: boolean
}

const DEBITS_WAIT: LaneRules = { debitsWait: true }

/**
 * The orders in Postgres: over a pool, a session or a transaction alike.
 * @param lanes null for who only accepts orders: whose turn it is costs a look
 */
export function createOrderStore(runner: StatementRunner, lanes: LaneRules | null = DEBITS_WAIT): OrderStore {
  const asked = lanes?.debitsWait ?? null
  const debitsWait = asked ?? DEBITS_WAIT.debitsWait
  return {
    submit: (submissions) => againIfRaced(() => submitOrders(runner, submissions, asked)),
    load: (orderIds) => loadOrders(runner, orderIds, asked),
    commitIntents: (intents, actor) => commitIntents(runner, intents, { actor, debitsWait }),
    withdrawIntents: (claims, actor) => withdrawIntents(runner, claims, actor),
    endIntents: (verdicts, actor) => endIntents(runner, verdicts, actor),
    move: (move, moves) => moveOrders(runner, move, moves),
    settle: (settlements) => settleDoubts(runner, settlements),
    doubtOverdueIntent: (orderId, sendDeadlineMs, actor) =>
      doubtOverdueIntent(runner, orderId, sendDeadlineMs, actor),
    waitForTurn: (orderIds) => waitForTurn(runner, orderIds, debitsWait),
    postpone: (deferrals) => postponeOrders(runner, deferrals),
  }
}
