import { executes, FAULTS, type FaultHit } from '../../../src/dev/sandbox/faults.ts'
import { quoteKey } from '../../../src/dev/sandbox/ledger-check.ts'
import type { OrderKind } from '../../../src/orders/command.ts'
import { sql } from '../../support/servers/sessions.ts'
import type { Incident, IncidentName } from './incidents.ts'

/** A doubt that an order has or had. */
export interface Doubt {
  readonly reference: string
  readonly kind: OrderKind
  readonly phoneNumber: string
  readonly quoteId: string
  /** The worker that committed the intent. */
  readonly worker: string
  readonly reason: string
  readonly intentAt: Date
  readonly doubtedAt: Date
}

const DOUBTS = `
  SELECT o.reference, o.kind, o.phone_number AS "phoneNumber", a.quote_id AS "quoteId", a.worker, e.reason,
    a.intent_at AS "intentAt", e.at AS "doubtedAt"
  FROM order_events e JOIN orders o ON o.id = e.order_id
  JOIN attempts a ON a.order_id = e.order_id AND a.seq = (e.detail ->> 'attempt')::int
  WHERE e.to_state = 'in_doubt' ORDER BY e.id`

/** Every doubt there ever was, settled or not. */
export async function readDoubts(databaseUrl: string): Promise<Doubt[]> {
  return await sql<Doubt>(databaseUrl, DOUBTS)
}

/** What explains a doubt, from the most to the least exact. */
export const EXPLANATIONS = ['sandbox_fault', 'kill', 'freeze', 'gateway_cut', 'postgres_away'] as const
export type Explanation = (typeof EXPLANATIONS)[number]

/**
 * A confirm's connection may have been opened, and cut, shortly before its intent. And a statement that Postgres has
 * begun when its connection is cut may commit the intent afterwards, when its worker has already looked whether to
 * withdraw it: nobody sends then, but only the statement knows.
 */
const AHEAD_MS = 3_000

const POSTGRES_AWAY: readonly IncidentName[] = [
  'restart_postgres_fast',
  'restart_postgres_immediate',
  'terminate_sessions',
  'cut_postgres',
]

/** Says of each doubt what caused it; null when nothing that the storm did explains it. */
export function doubtExplainer(
  incidents: readonly Incident[],
  faults: readonly FaultHit[],
): (doubt: Doubt) => Explanation | null {
  const struck = new Set(
    faults.filter(leavesDoubt).map((hit) => quoteKey(hit.type, hit.phoneNumber, hit.quoteId)),
  )
  return (doubt) => {
    const { kind, phoneNumber, quoteId, worker, reason } = doubt
    if (struck.has(quoteKey(kind, phoneNumber, quoteId))) return 'sandbox_fault'
    const isOverdue = reason === 'intent_overdue'
    const near = incidentsNear(doubt, incidents)
    const ofWorker = incidents.filter((incident) => `worker:${incident.worker}` === worker)
    // What a worker has sent may reach Postgres after its death. Its name is no other process's.
    const isDead = ofWorker.some(({ is, from }) => is === 'kill' && from <= doubt.doubtedAt.getTime())
    if (isOverdue && isDead) return 'kill'
    if (ofWorker.some(({ is, from, to }) => is === 'freeze' && overlaps(doubt, from, to))) return 'freeze'
    if (reason === 'reply_lost' && near.some(({ is }) => is === 'cut_gateway')) return 'gateway_cut'
    if (isOverdue && near.some(({ is }) => POSTGRES_AWAY.includes(is))) return 'postgres_away'
    return null
  }
}

/** A refusal that the document lists is an answer: no doubt comes of it. */
const leavesDoubt = ({ fault }: FaultHit) =>
  executes(fault) || FAULTS[fault].spoil.is !== 'refuse' || fault === 'unlisted_message'

function overlaps({ intentAt, doubtedAt }: Doubt, from: number, to: number, aheadMs = 0): boolean {
  return from <= doubtedAt.getTime() && to >= intentAt.getTime() - aheadMs
}

/** What the storm did while a doubt came about, or shortly before. */
export function incidentsNear(doubt: Doubt, incidents: readonly Incident[]): Incident[] {
  return incidents.filter(({ from, to }) => overlaps(doubt, from, to, AHEAD_MS))
}
