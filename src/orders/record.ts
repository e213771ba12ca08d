import type { OrderDeps } from './deps.ts'
import type { ConfirmOutcome } from './outcomes.ts'
import type { Recorded, Settlement, Verdict } from './ports.ts'

/** How long a reply in hand is offered to a database that does not take it. After that it is only in the log. */
const RECORDING_GIVE_UP_MS = 600_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

/**
 * Records how a confirm ended, and does not let go of a reply in hand because Postgres is away for a while.
 * Repeating it changes nothing. When others have meanwhile marked the order in_doubt, a genuine reply settles it.
 * @throws the store's error once the time to give up has come; the intent then becomes a doubt by itself
 */
export async function recordVerdict(verdict: Verdict, deps: OrderDeps): Promise<Recorded> {
  const startedAtMs = deps.monotonicMs()
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await recordOnce(verdict, deps)
    } catch (error) {
      const limitMs = deps.stopping.aborted ? deps.policy.sendDeadlineMs : RECORDING_GIVE_UP_MS
      const isOver = deps.monotonicMs() - startedAtMs > limitMs
      deps.log.error(
        { ...evidenceOf(verdict), err: error },
        isOver ? 'reply not recorded' : 'reply not recorded yet',
      )
      if (isOver) throw error
      await deps.pause(pauseMs)
    }
  }
}

async function recordOnce(verdict: Verdict, deps: OrderDeps): Promise<Recorded> {
  const [ended] = await deps.store.endIntents([verdict], deps.actor)
  if (ended !== undefined) return ended
  const settlement = lateSettlement(verdict, deps.actor)
  if (settlement !== null) await deps.store.settle([settlement])
  const [order] = await deps.store.load([verdict.orderId])
  if (order === undefined) throw new Error('an order with an attempt is missing')
  return order
}

/** Success is evidence and wins over doubt; a refusal or a send that never was is evidence too. */
function lateSettlement({ orderId, seq, outcome }: Verdict, actor: string): Settlement | null {
  const detail = { outcome: outcome.is, message: outcome.reply.message }
  const late = { orderId, seq, reason: 'late_reply', actor, detail, reply: outcome.reply } as const
  switch (outcome.is) {
    case 'succeeded':
      return { ...late, executed: outcome.executed }
    case 'price_changed':
    case 'rejected':
    case 'not_sent':
      return { ...late, executed: null }
    case 'in_doubt':
      return null
  }
}

/** What a person needs to settle the order by hand if this is lost. No personal data. */
function evidenceOf({ orderId, seq, outcome }: Verdict): Record<string, unknown> {
  const executed = executedOf(outcome)
  return {
    order_id: orderId,
    attempt: seq,
    outcome: outcome.is,
    session_id: executed?.sessionId,
    response_id: executed?.responseId,
  }
}

function executedOf(outcome: ConfirmOutcome) {
  return outcome.is === 'succeeded' ? outcome.executed : null
}
