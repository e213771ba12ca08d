import type { Session } from '../postgres/session.ts'
import { type RunResult, type RunStep, reconcile } from './run.ts'
import { statementsSpan } from './scope.ts'
import { DEFAULT_RECON_SETTINGS } from './settings.ts'

/** Who has it run, and with which lag. */
export interface RunAllRequest {
  readonly by: string
  /** `RECON_LAG_MINUTES`, in milliseconds. */
  readonly lagMs: number
}

/**
 * Reconciles the whole period of all statements, without tolerances, as it is done after a statement has arrived.
 * @param session one in which the person acts
 * @returns null when there is no statement
 */
export async function reconcileAll(
  session: Session,
  { by, lagMs }: RunAllRequest,
  onStep?: (step: RunStep) => void,
): Promise<RunResult | null> {
  const period = await statementsSpan(session)
  if (period === null) return null
  const { tolerance } = DEFAULT_RECON_SETTINGS
  const request = {
    period,
    settings: { lagMs, configuredLagMs: lagMs, tolerance },
    actor: `person:${by}`,
    scheduledFor: null,
  }
  return await reconcile(session, request, onStep === undefined ? {} : { onStep })
}
