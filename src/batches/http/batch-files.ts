import { maskNumbersIn } from '../../core/masking.ts'
import { FileRefused } from '../../csv/file-refused.ts'
import { Problem } from '../../http/problems.ts'
import type { Answer, Call } from '../../http/route.ts'
import { spoolAnswer, type Upload } from '../../http/uploads.ts'
import type { NumberedProblem } from '../copy-rows.ts'
import { createBatch } from '../create.ts'
import { checkFile } from '../file/check.ts'
import { ownerRowOptions } from '../owner.ts'
import { findPartnerBatch } from '../partner-batches.ts'
import type { BatchSummary } from '../queries.ts'
import { writeResults } from '../results.ts'
import { badRowOf, batchAnswerOf } from './batch-answer.ts'

const MOST_PROBLEMS = 1_000
/** The same time as for an upload. */
const READ_WITHIN_MS = 5 * 60_000

/** A batch of the caller. @throws Problem when the caller has none of this number */
export async function partnerBatch(id: number, { database, caller }: Call): Promise<BatchSummary> {
  const batch = await findPartnerBatch(database, caller.partner, id)
  if (batch === null) throw new Problem('not_found')
  return batch
}

/** Reads a whole file and reports its problems. Stores nothing. */
export async function checkUpload(upload: Upload, { caller }: Call): Promise<Answer> {
  const reported: NumberedProblem[] = []
  const checked = await orRefused(
    checkFile(upload.read(), ownerRowOptions(caller), async (problems, _source, _delimiter, rowNumber) => {
      for (const problem of problems)
        if (reported.length < MOST_PROBLEMS) reported.push({ rowNumber, ...problem })
    }),
  )
  const { rows, badRows, problems } = checked
  const body = { rows, bad_rows: badRows, problem_count: problems, problems: reported.map(badRowOf) }
  return { status: 200, body }
}

/** Stores a file as a batch of the caller. The same rows again are the same batch. */
export async function createFromUpload(upload: Upload, fileName: string, call: Call): Promise<Answer> {
  const { caller } = call
  const request = {
    fileName: maskNumbersIn(fileName),
    partner: caller.partner,
    by: `${caller.partner}/${caller.holder}`,
    owner: caller,
  }
  const result = await orRefused(call.inSession((session) => createBatch(session, upload.read(), request)))
  if (result.is === 'refused')
    throw new Problem('batch_refused', {
      detail: `${result.badRows} rows are bad: POST /v1/batches/check reports more of them`,
      problems: result.problems.map(badRowOf),
    })
  const { batchId } = result
  return {
    status: result.is === 'created' ? 201 : 200,
    body: batchAnswerOf(await partnerBatch(batchId, call)),
    headers: { location: `/v1/batches/${batchId}` },
  }
}

async function orRefused<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error
    // A partner cannot run the command that the message recommends.
    throw new Problem('batch_refused', { detail: error.message.replace(/: see `[^`]*`$/, '') })
  }
}

/** Sends the results of a batch. The file is complete before it is sent, so that a slow client holds no snapshot. */
export async function sendResults(id: number, call: Call): Promise<Answer> {
  await partnerBatch(id, call)
  const release = call.uploadSlots.take(call.caller.partner)
  const { stream, bytes } = await spoolAnswer(release, call.signal, READ_WITHIN_MS, (add) =>
    call.inSession((session) => writeResults(session, id, add)),
  )
  return {
    status: 200,
    body: stream,
    headers: {
      'content-length': String(bytes),
      'content-disposition': `attachment; filename="batch-${id}-results.csv"`,
    },
  }
}
