import { Command, Option } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { type PageOptions, pageOptions, printPage } from '../../cli/page.ts'
import type { RowFormat } from '../../cli/rows.ts'
import { shownText } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import type { AnyChangeKind } from '../change-kind.ts'
import { REQUEST_STATES, type RequestState } from '../enums.ts'
import { listRequests } from '../queries.ts'
import { asJson, descriptionOf } from './request-format.ts'

interface ListOptions extends PageOptions, RowFormat {
  readonly state: RequestState | 'all'
}

/** `goldpro approvals list` */
export function listCommand(kinds: readonly AnyChangeKind[]): Command {
  const state = new Option('--state <state>', 'only those in this state, or all')
    .choices([...REQUEST_STATES, 'all'])
    .default('open')
  return pageOptions(
    new Command('list').description('list the changes that wait for a second person, the newest first'),
  )
    .addOption(state)
    .addHelpText('after', '\nExample:\n  $ goldpro approvals list --state all')
    .action(async ({ state: given, limit, skip, ...format }: ListOptions) => {
      const rows = await withDatabase(await settingsHere(), (database) =>
        listRequests(database, { state: given === 'all' ? null : given, limit, skip }),
      )
      printPage({
        listed: rows.length,
        total: rows[0]?.total ?? 0,
        limit,
        skip,
        format,
        jsonLines: () => rows.map((row) => JSON.stringify(asJson(kinds, row))),
        table: () =>
          table(
            ['request', 'change', 'proposed by', 'at', 'state', 'decided by'],
            rows.map((row) => [
              String(row.requestId),
              descriptionOf(kinds, row),
              shownText(row.proposedBy),
              shownTime(row.proposedAt),
              row.state,
              row.decidedBy === null ? '' : shownText(row.decidedBy),
            ]),
            ['request'],
          ),
        whenEmpty: given === 'open' ? 'nothing waits for a second person' : 'no requests',
      })
    })
}
