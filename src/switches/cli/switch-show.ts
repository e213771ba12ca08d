import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { jsonLinesOf, printRows, type RowFormat, rowFormatOptions } from '../../cli/rows.ts'
import { shownText, shownTextOrNull } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { formatCount } from '../../core/format.ts'
import { type ClosedSwitch, type Closing, listClosed, listClosings } from '../queries.ts'

const MOST_LISTED = 200

/** `goldpro switch show` */
export function showCommand(): Command {
  const command = new Command('show')
    .description('show the closed switches, who closed them and why, and how many orders wait')
    .option('--all', `the last ${MOST_LISTED} closings, opened ones too`)
    .addHelpText('after', '\nExample:\n  $ goldpro switch show')
  return rowFormatOptions(command).action(async ({ all, ...format }: { all?: true } & RowFormat) => {
    await withDatabase(await settingsHere(), async (database) => {
      const closed = await listClosed(database, {})
      const closings = all ? await listClosings(database, { limit: MOST_LISTED }) : closed
      printRows(format, {
        jsonLines: () => jsonLinesOf(closings.map(asJson)),
        text: () => (all ? historyText(closings) : closedText(closed)),
      })
    })
  })
}

function asJson(closing: Closing | ClosedSwitch): Record<string, unknown> {
  const { reason, closedBy, openedBy, ...rest } = closing
  return {
    ...rest,
    reason: shownText(reason),
    closedBy: shownText(closedBy),
    openedBy: shownTextOrNull(openedBy),
  }
}

function closedText(closed: readonly ClosedSwitch[]): string {
  if (closed.length === 0) return 'no switch is closed'
  return table(
    ['scope', 'closed', 'by', 'deadlines', 'waiting', 'reason'],
    closed.map((each) => [...commonCells(each), formatCount(each.waiting), shownText(each.reason)]),
    ['waiting'],
  )
}

function historyText(closings: readonly Closing[]): string {
  if (closings.length === 0) return 'no switch was ever closed'
  return table(
    ['scope', 'closed', 'by', 'deadlines', 'opened', 'by', 'request', 'reason'],
    closings.map((each) => [
      ...commonCells(each),
      each.openedAt === null ? 'closed' : shownTime(each.openedAt),
      shownTextOrNull(each.openedBy) ?? '',
      each.requestId ?? '',
      shownText(each.reason),
    ]),
    ['request'],
  )
}

function commonCells({ scope, closedAt, closedBy, extendsDeadlines }: Closing): string[] {
  return [scope, shownTime(closedAt), shownText(closedBy), extendsDeadlines ? 'stand still' : 'keep running']
}
