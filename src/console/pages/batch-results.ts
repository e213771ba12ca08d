import { type ResultFormat, writeResults } from '../../batches/results.ts'
import type { Answer, Call } from '../route.ts'
import { appendEvent } from '../store/events.ts'
import { spooled } from '../temporary-file.ts'
import { readBatchView } from './batch.ts'

/** The result of each row as CSV, which has no phone numbers. The audit says who took it. */
export const batchResultsCsv = (call: Call): Promise<Answer> => resultsFile(call, 'results')

/** The same with the columns of bookkeeping. */
export const batchAccountingCsv = (call: Call): Promise<Answer> => resultsFile(call, 'accounting')

async function resultsFile(call: Call, format: ResultFormat): Promise<Answer> {
  const { batchId } = await readBatchView(call)
  const { database, operator, address, inSession } = call
  const event = { operator: operator.name, event: 'results_exported', address } as const
  await appendEvent(database, { ...event, subject: `batch ${batchId}` })
  return {
    is: 'file',
    name: `batch-${batchId}-${format}.csv`,
    type: 'text/csv; charset=utf-8',
    body: await spooled((add) => inSession((session) => writeResults(session, batchId, add, format))),
  }
}
