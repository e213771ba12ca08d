import { z } from 'zod'
import { parsePeriod } from '../../core/business-days.ts'
import { plainTextExpected, readPlainText } from '../../core/plain-text.ts'
import { count, inOneForm, time } from '../../http/field-schemas.ts'

const YES_OR_NO = { error: 'must be true or false' }
const flag = (meaning: string) => z.enum(['true', 'false'], YES_OR_NO).describe(meaning).optional()
const PERIOD_EXPECTED =
  'must be a day such as 2026-02-09, days such as 2026-02-01..2026-02-28, or times such as 2026-02-09T08:00..2026-02-09T12:30'

const period = z.string().transform((written, context) => {
  const read = parsePeriod(written, new Date())
  if (read !== null) return read
  context.addIssue({ code: 'custom', message: PERIOD_EXPECTED })
  return z.NEVER
})

const MAPPING_EXPECTED = { error: 'must be the name of a mapping: letters, digits, - and _, at most 40' }

/** What is said of the file beside its bytes: the options of `goldpro recon import`. */
export const statementQuery = z.strictObject({
  mapping: z
    .string()
    .regex(/^[\w-]{1,40}$/, MAPPING_EXPECTED)
    .describe('how its columns are read; default: sandbox')
    .optional(),
  source: inOneForm((text) => readPlainText(text, 100), plainTextExpected(100))
    .describe('who sends the statement; default: gateway')
    .optional(),
  period: period.describe('2026-02-09, or 2026-02-01..2026-02-28; default: the days of its lines').optional(),
  complete: flag('the file has every transaction of its period; another person must approve that'),
  replace: flag('replaces the statement with the same content or the same period'),
  dry_run: flag('stores nothing'),
  import_only: flag('does not reconcile'),
  file_name: inOneForm((text) => readPlainText(text, 200), plainTextExpected(200))
    .describe('the name of the file, for people')
    .optional(),
})
export type StatementQuery = z.infer<typeof statementQuery>

const counts = (meaning: string) => z.record(z.string(), z.int().min(0)).describe(meaning)

const runAnswer = z
  .strictObject({
    run_id: z.string().describe('the number of the run'),
    matched: counts('new matches of lines with orders, by rule'),
    unmatched_lines: count('lines that belong to no order'),
    settled: z
      .strictObject({
        succeeded: count('as executed'),
        rejected: count('as not executed'),
      })
      .describe('orders in doubt that evidence has settled'),
    still_in_doubt: counts('orders that stay in doubt, by reason'),
    opened: counts('new breaks, by type'),
    reopened: count('breaks that were found again'),
    explained: count('breaks that are explained by now'),
    open_breaks: count('breaks that are open'),
  })
  .meta({ id: 'ReconciliationRun', description: 'What a run of reconciliation changed' })

export const statementAnswer = z
  .strictObject({
    statement_id: z.int().min(1).nullable().describe('its number; null for a dry run'),
    period: z
      .strictObject({ from: time('the first moment'), to: time('the moment after the last') })
      .describe('the time that it covers'),
    lines: count('its transactions'),
    ignored: counts('rows that are no transactions, by the rule that says so'),
    repeated: count('lines that earlier statements have too: they count once'),
    replaced: z.array(z.int()).describe('the statements that it replaces'),
    to_approve: z.boolean().describe('it is complete only once another person approves that'),
    reconciliation: z
      .enum(['done', 'not_asked', 'failed'])
      .describe('failed: the statement is stored, and a run must be repeated'),
    run: runAnswer.nullable().describe('what changed; null when nothing was run'),
  })
  .meta({ id: 'ImportedStatement', description: 'A statement that has arrived, and what it changed' })

export const STATEMENT_EXAMPLE = {
  statement_id: 7,
  period: { from: '2026-02-08T17:00:00.000Z', to: '2026-02-09T17:00:00.000Z' },
  lines: 1_204,
  ignored: { blank: 0, above_header: 3, ignored_kinds: 0, ignored_rows: 0, trailer: 1, joined: 0 },
  repeated: 0,
  replaced: [],
  to_approve: true,
  reconciliation: 'done',
  run: {
    run_id: '12',
    matched: { session_id: 1_203 },
    unmatched_lines: 1,
    settled: { succeeded: 2, rejected: 0 },
    still_in_doubt: { completeness_unapproved: 1 },
    opened: { missing_here: 1 },
    reopened: 0,
    explained: 0,
    open_breaks: 1,
  },
}
