import type { Period } from '../../../src/core/business-days.ts'
import type { StayReason } from '../../../src/reconciliation/enums.ts'
import { type RunResult, reconcile } from '../../../src/reconciliation/run.ts'
import { statementsSpan } from '../../../src/reconciliation/scope.ts'
import { DEFAULT_RECON_SETTINGS, type ReconSettings } from '../../../src/reconciliation/settings.ts'
import { DAY, rowsOf } from '../factories/recorded-orders.ts'
import { borrowTestDatabase } from '../servers/borrowed-database.ts'
import { inSession, sessionDatabase } from '../servers/sessions.ts'

/** A database of a test's own, reconciled at its word. */
export async function openScene() {
  const { databaseUrl, drop } = await borrowTestDatabase()
  const database = sessionDatabase(databaseUrl)
  return {
    databaseUrl,
    database,
    async run(
      options: {
        period?: Period
        settings?: Partial<ReconSettings>
        dryRun?: boolean
        absenceChecks?: readonly StayReason[]
      } = {},
    ): Promise<RunResult> {
      const { period, settings = {}, dryRun = false, absenceChecks } = options
      return await inSession(databaseUrl, async (session) =>
        reconcile(
          session,
          {
            period: period ?? (await statementsSpan(session)) ?? DAY,
            settings: { ...DEFAULT_RECON_SETTINGS, ...settings },
            actor: 'person:test',
            scheduledFor: null,
          },
          { dryRun, ...(absenceChecks === undefined ? {} : { absenceChecks }) },
        ),
      )
    },
    /** What stands after it: as short as a test can read it. */
    async outcome() {
      const matches = await rowsOf<{ row: string }>(
        database,
        `SELECT statement_id || '/' || line_number || ' ' || rule AS row FROM statement_matches WHERE current
         ORDER BY statement_id, line_number`,
      )
      const breaks = await rowsOf<{ type: string }>(
        database,
        `SELECT type FROM breaks WHERE state = 'open' ORDER BY type, key`,
      )
      const orders = await rowsOf<{ order: string }>(
        database,
        `SELECT state || ' ' || reason AS order FROM orders ORDER BY accepted_at, id`,
      )
      const stays = await rowsOf<{ because: string }>(
        database,
        'SELECT because FROM doubt_stays ORDER BY because',
      )
      return {
        rules: matches.map(({ row }) => row.split(' ')[1]),
        matches: matches.map(({ row }) => row),
        breaks: breaks.map(({ type }) => type),
        orders: orders.map(({ order }) => order),
        stays: stays.map(({ because }) => because),
      }
    },
    close: drop,
  }
}

export type Scene = Awaited<ReturnType<typeof openScene>>
