import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { shownText } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import type { AnyChangeKind } from '../change-kind.ts'
import { differencesFrom } from '../differences.ts'
import { findRequest, type RequestRow } from '../queries.ts'
import { asJson, descriptionOf } from './request-format.ts'
import { requestNumber } from './request-number.ts'

/** `goldpro approvals show` */
export function showCommand(kinds: readonly AnyChangeKind[]): Command {
  return new Command('show')
    .description('show a change, who proposed it and why, and what has changed since')
    .argument('<request>', 'its number', requestNumber)
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ goldpro approvals show 1')
    .action(async (requestId: number, { json }: { json?: true }) => {
      const { row, changed } = await withDatabase(await settingsHere(), async (database) => {
        const [found] = await findRequest(database, { requestId })
        if (found === undefined)
          throw new Failure(1, `there is no request ${requestId}: see \`goldpro approvals list\``)
        return { row: found, changed: await changesSince(database, kinds, found) }
      })
      if (json) console.log(JSON.stringify({ ...asJson(kinds, row), changed }))
      else console.log(asText(kinds, row, changed))
    })
}

/** What an open request's change would start from now, where the proposer saw something else. */
async function changesSince(
  runner: StatementRunner,
  kinds: readonly AnyChangeKind[],
  row: RequestRow,
): Promise<string[]> {
  const kind = kinds.find(({ name }) => name === row.kind)
  if (kind === undefined || row.state !== 'open') return []
  return differencesFrom(row.seen, await kind.readCurrent(runner, row.payload))
}

function asText(kinds: readonly AnyChangeKind[], row: RequestRow, changed: readonly string[]): string {
  const lines = [
    `request ${row.requestId} (${row.kind}): ${descriptionOf(kinds, row)}`,
    `proposed by ${shownText(row.proposedBy)}, ${shownTime(row.proposedAt)}: ${shownText(row.note)}`,
  ]
  if (row.decidedBy !== null)
    lines.push(
      `${row.state} by ${shownText(row.decidedBy)}, ${shownTime(row.decidedAt)}: ${shownText(row.decisionNote ?? '')}`,
    )
  else lines.push('open: it waits for another person')
  for (const each of changed) lines.push(`changed since it was proposed: ${shownText(each)}`)
  return lines.join('\n')
}
