import { Command, Option } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { formatCount } from '../../core/format.ts'
import { readProgress } from '../queries.ts'
import { RESULT_FORMATS, type ResultFormat, writeResults } from '../results.ts'
import { batchNumber } from './batch-commands.ts'
import { openOutput, print } from './batch-file.ts'

/** `goldpro batch results ID` */
export function resultsCommand(): Command {
  return new Command('results')
    .description('write the result of each row as CSV, in the order of the file')
    .argument('<batch>', 'its number', batchNumber)
    .option('--output <file>', 'write to this file instead of standard output')
    .addOption(
      new Option(
        '--format <format>',
        'accounting: with days in Jakarta, and each figure in plain and Indonesian digits',
      )
        .choices(RESULT_FORMATS)
        .default('results'),
    )
    .addHelpText(
      'after',
      `
Results are available at any time: rows that have not ended are waiting, accepted or confirming. They have no phone numbers.

With --format accounting there is no line of totals, which a sum over the column would count again: \`goldpro batch show\` has them.

Examples:
  $ goldpro batch results 1 --output results.csv
  $ goldpro batch results 1 --format accounting --output buku.csv`,
    )
    .action(async (batchId: number, { output, format }: { output?: string; format: ResultFormat }) => {
      await withSessionHere(await settingsHere(), async (session) => {
        if ((await readProgress(session, batchId)) === null)
          throw new Failure(1, `there is no batch ${batchId}: see \`goldpro batch list\``)
        const file = output === undefined ? null : await openOutput(output)
        const stream = file?.stream ?? process.stdout
        const rows = await writeResults(session, batchId, (text) => print(stream, text), format)
        await file?.end()
        if (output !== undefined) console.log(`${output} has ${formatCount(rows)} rows`)
      })
    })
}
