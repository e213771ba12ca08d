import type { NumberedProblem } from '../../batches/copy-rows.ts'
import { type CreateResult, createBatch } from '../../batches/create.ts'
import type { Markup } from '../../core/html.ts'
import { maskNumbersIn } from '../../core/masking.ts'
import { readPlainText } from '../../core/plain-text.ts'
import { sessionOf } from '../../operators/acting.ts'
import { orRefusal } from '../command-outcome.ts'
import { columnsOf, countOf, safeText, section, table } from '../html/parts.ts'
import { type Answer, type Call, done } from '../route.ts'
import type { Texts } from '../texts/texts.ts'
import { batchesPage } from './batches.ts'

/** Stores a file whose rows are all good as a batch, which waits for another person; else shows what is wrong, cell by cell. */
export async function uploadBatch(call: Call): Promise<Answer> {
  const { texts, file: received, uploads, operator, form } = call
  const file = received === null ? null : uploads.find(operator.name, received.uploadId)
  if (file === null) return await batchesPage(call, { problem: texts('recon.no_file') })
  const person = call.person('uploaded at the console')
  const request = {
    fileName: maskNumbersIn(file.name),
    partner: readPlainText(form.get('partner') ?? '', 63),
    by: person.by,
  }
  const work = async () => {
    const result = await call.inSession((session) =>
      createBatch(sessionOf(session, person), file.read(), request),
    )
    return await answerTo(call, result)
  }
  try {
    return await orRefusal(work, (problem) => batchesPage(call, { problem }))
  } finally {
    uploads.drop(file.uploadId)
  }
}

async function answerTo(call: Call, result: CreateResult): Promise<Answer> {
  const { texts } = call
  switch (result.is) {
    case 'created':
      return done(`/batches/${result.batchId}`, 'batch_created')
    case 'known':
      return await batchesPage(call, { problem: texts('batches.known', { n: String(result.batchId) }) })
    case 'refused':
      return await batchesPage(call, {
        problem: texts('batches.bad_rows', { n: countOf(result.badRows) }),
        results: problemTable(result.problems, texts),
      })
  }
}

function problemTable(problems: readonly NumberedProblem[], texts: Texts): Markup {
  const rows = problems.map(({ lineNumber, column, maskedValue, expected }) => [
    String(lineNumber),
    safeText(column ?? ''),
    safeText(maskedValue),
    safeText(expected),
  ])
  const title = texts('batches.problems')
  const columns = columnsOf(texts, ['col.line', 'col.column', 'col.value', 'col.problem'])
  return section(title, table(title, columns, rows), 'problems')
}
