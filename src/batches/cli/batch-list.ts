import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { gapNote, type PageOptions, pageOptions, printPage } from '../../cli/page.ts'
import type { RowFormat } from '../../cli/rows.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { NOTHING } from '../../core/format.ts'
import { type BatchSummary, countBatches, listBatches } from '../queries.ts'
import { batchNumber } from './batch-commands.ts'

const LISTED = 100

interface ListOptions extends PageOptions, RowFormat {
  readonly all?: true
  readonly retryOf?: number
}

/** `goldpro batch list` */
export function listCommand(): Command {
  const command = new Command('list')
    .description('list the batches that have not ended, the newest first')
    .option('--all', 'include batches that finished or were cancelled')
    .option(
      '--retry-of <batch>',
      'only batches that retry rows of this one, also those that ended',
      batchNumber,
    )
  return pageOptions(command, LISTED)
    .addHelpText('after', '\nExample:\n  $ goldpro batch list --all')
    .action(async ({ all: isAll, retryOf, limit, skip, ...format }: ListOptions) => {
      const all = isAll === true || retryOf !== undefined
      const { batches, total } = await withDatabase(await settingsHere(), async (database) => ({
        batches: await listBatches(database, limit, all, skip, retryOf ?? null),
        total: await countBatches(database, all, retryOf ?? null),
      }))
      printPage({
        listed: batches.length,
        total,
        limit,
        skip,
        format,
        jsonLines: () => batches.map((batch) => JSON.stringify(batch)),
        table: () => asTable(batches),
        notes: [
          gapNote(
            batches.map(({ batchId }) => batchId),
            `a refused file uses a number too${all ? '' : ', and --all shows the batches that ended'}`,
          ),
        ],
        whenEmpty: all ? 'no batches: see `goldpro batch --help`' : NONE_OPEN,
      })
    })
}

const NONE_OPEN = 'no batch is waiting or running: --all shows those that ended'

function asTable(batches: readonly BatchSummary[]): string {
  const headings = [
    'batch',
    'file',
    'state',
    'rows',
    'sent',
    'ended',
    'failed',
    'owner',
    'by',
    'approved by',
    'runs at',
  ]
  const rows = batches.map((batch) => [
    String(batch.batchId),
    batch.fileName,
    batch.state,
    batch.rows,
    batch.fed,
    batch.ended,
    batch.failed,
    batch.owner ?? '–',
    batch.createdBy,
    batch.approvedBy ?? '–',
    batch.runAt === null ? NOTHING : shownTime(batch.runAt),
  ])
  return table(headings, rows, ['batch', 'rows', 'sent', 'ended', 'failed'])
}
