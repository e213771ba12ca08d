import { type Period, parsePeriod } from '../../core/business-days.ts'
import { html, type Markup } from '../../core/html.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import { formatGrams } from '../../core/money.ts'
import { readPlainText } from '../../core/plain-text.ts'
import { FileRefused } from '../../csv/file-refused.ts'
import { NotProven, sessionOf } from '../../operators/acting.ts'
import type { Person } from '../../operators/person-commands.ts'
import type { Session } from '../../postgres/session.ts'
import { reconcileAll } from '../../reconciliation/run-all.ts'
import type { RunCounts } from '../../reconciliation/run-counts.ts'
import { type ImportResult, importStatement } from '../../reconciliation/statements/import.ts'
import type { BadLine } from '../../reconciliation/statements/line.ts'
import { readMapping } from '../../reconciliation/statements/mappings.ts'
import { previewStatement, type StatementPreview } from '../../reconciliation/statements/preview.ts'
import { MappingMismatch, StatementRefused } from '../../reconciliation/statements/statement-refused.ts'
import { countOf, EMPTY, facts, gramsOf, rupiahOf, safeText, section, table, timeTag } from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'
import type { UploadedFile } from '../uploads.ts'
import { proposalLink, reconciliationPage } from './reconciliation.ts'

const FIRST_ROWS = 12
const SHOWN_BAD_LINES = 50

/** How a file is to be read, as the form says. */
interface Asked {
  readonly source: string
  readonly mapping: string
  readonly complete: boolean
  readonly replace: boolean
  readonly period: Period | null
}

/** @throws StatementRefused when the period cannot be read */
function readAsked({ form }: Call): Asked {
  const [from, to] = [(form.get('from') ?? '').slice(0, 16), (form.get('to') ?? '').slice(0, 16)]
  const period =
    from === '' && to === '' ? null : parsePeriod(`${from}..${to === '' ? 'now' : to}`, new Date())
  if (period === null && (from !== '' || to !== ''))
    throw new StatementRefused('the period ends before it begins')
  return {
    source: readPlainText(form.get('source') ?? '', 100) ?? 'gateway',
    mapping: (form.get('mapping') ?? '').slice(0, 100),
    complete: form.get('complete') === 'yes',
    replace: form.get('replace') === 'yes',
    period,
  }
}

/** Runs what reads a file; a refusal becomes the page with its reason. */
async function orRefused(call: Call, work: () => Promise<Answer>, uploadId?: string): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof MappingMismatch && uploadId !== undefined)
      return await reconciliationPage(call, { problem: error.message, proposalOf: uploadId })
    if (error instanceof StatementRefused || error instanceof FileRefused || error instanceof NotProven)
      return await reconciliationPage(call, { problem: error.message })
    throw error
  }
}

const importAs = (session: Session, person: Person, file: UploadedFile, asked: Asked, dryRun: boolean) =>
  importStatement(sessionOf(session, person), file.read(), {
    ...asked,
    fileName: file.name,
    badLines: 'refuse',
    dryRun,
    by: person.by,
    nowMs: Date.now(),
  })

/** Shows what an upload would store: its first rows as the mapping reads them, and what cannot be read. */
export async function previewUpload(call: Call): Promise<Answer> {
  const { texts, file: received, uploads, operator } = call
  const file = received === null ? null : uploads.find(operator.name, received.uploadId)
  if (file === null) return await reconciliationPage(call, { problem: texts('recon.no_file') })
  const preview = async () => {
    const asked = readAsked(call)
    if (asked.mapping === '')
      return { is: 'redirect', to: `/reconciliation/proposal?upload=${file.uploadId}` } satisfies Answer
    const { mapping } = await readMapping(call.database, asked.mapping)
    const bounds = { period: asked.period, nowMs: Date.now() }
    const first = await previewStatement(file.read(), mapping, bounds, FIRST_ROWS)
    const result = await call.inSession((session) =>
      importAs(session, call.person('previewed at the console'), file, asked, true),
    )
    return page({
      title: texts('recon.preview.of', { file: file.name }),
      main: html`${outcome(result, texts)}${result.is === 'refused' ? proposalLink(file.uploadId, texts) : EMPTY}${firstRows(first, texts)}${importForm(call, file, result)}`,
    })
  }
  return await orRefused(call, preview, file.uploadId)
}

function outcome(result: ImportResult, texts: Texts): Markup {
  if (result.is === 'refused')
    return html`<p class="calls">! ${texts('recon.bad_lines', { n: countOf(result.badLineCount) })}</p>${badLines(result.badLines, texts)}`
  const { period, lineCount, repeatCount, replaced } = result
  return facts([
    [texts('col.lines'), countOf(lineCount)],
    [texts('col.period'), html`${timeTag(period.from, texts)} – ${timeTag(period.to, texts)}`],
    [texts('recon.repeated'), countOf(repeatCount)],
    ...(replaced.length === 0 ? [] : ([[texts('recon.replaces'), replaced.join(', ')]] as const)),
  ])
}

function badLines(lines: readonly BadLine[], texts: Texts): Markup {
  const columns = [
    { heading: texts('col.number') },
    { heading: texts('col.column') },
    { heading: texts('col.problem') },
  ]
  const rows = lines
    .slice(0, SHOWN_BAD_LINES)
    .map(({ lineNumber, column, problem }) => [String(lineNumber), safeText(column ?? ''), safeText(problem)])
  return table(texts('col.problem'), columns, rows)
}

function firstRows({ lines }: StatementPreview, texts: Texts): Markup {
  const columns = [
    { heading: texts('col.number') },
    { heading: texts('col.when') },
    { heading: texts('col.kind') },
    { heading: texts('col.wallet') },
    { heading: texts('col.grams'), isNumber: true },
    { heading: texts('col.rupiah'), isNumber: true },
    { heading: texts('col.session') },
  ]
  const rows = lines.map((line) => [
    String(line.lineNumber),
    timeTag(line.executedAt, texts),
    wordOf(texts, 'kind', line.kind),
    maskPhoneNumber(line.phoneNumber),
    gramsOf(formatGrams(line.goldWeight)),
    rupiahOf(String(line.amount)),
    safeText(line.sessionId ?? ''),
  ])
  return section(texts('recon.first_rows'), table(texts('recon.first_rows'), columns, rows))
}

/** The second step: the file is kept for it, so that it need not be sent again. */
function importForm({ form, texts }: Call, { uploadId }: UploadedFile, result: ImportResult): Markup {
  if (result.is === 'refused') return EMPTY
  const kept = ['mapping', 'source', 'from', 'to', 'complete', 'replace']
  return html`<form method="post" action="/reconciliation/import">
<input type="hidden" name="upload" value="${uploadId}">
${kept.map((name) => html`<input type="hidden" name="${name}" value="${form.get(name) ?? ''}">`)}
<p><button class="primary">${texts('recon.import')}</button> <a href="/reconciliation">${texts('recon.cancel')}</a></p></form>`
}

/** Imports a file that was looked at. */
export async function importUpload(call: Call): Promise<Answer> {
  return await orRefused(call, async () => {
    const { form, uploads, operator, texts } = call
    const file = uploads.find(operator.name, form.get('upload') ?? '')
    if (file === null) return await reconciliationPage(call, { problem: texts('recon.no_file') })
    const asked = readAsked(call)
    const result = await call.inSession((session) =>
      importAs(session, call.person('imported at the console'), file, asked, false),
    )
    if (result.is === 'refused')
      return await reconciliationPage(call, {
        problem: texts('recon.bad_lines', { n: countOf(result.badLineCount) }),
      })
    uploads.drop(file.uploadId)
    const counts = await reconcileEverything(call)
    return await reconciliationPage(call, counts === null ? {} : { counts })
  })
}

/** Reconciles everything that statements cover, and says what changed. */
export async function run(call: Call): Promise<Answer> {
  return await orRefused(call, async () => {
    const counts = await reconcileEverything(call)
    return await reconciliationPage(
      call,
      counts === null ? { problem: call.texts('today.no_statements') } : { counts },
    )
  })
}

/** Null: there is no statement. */
async function reconcileEverything(call: Call): Promise<RunCounts | null> {
  const person = call.person('reconciled at the console')
  const request = { by: person.by, lagMs: call.reconLagMs }
  const result = await call.inSession((session) => reconcileAll(sessionOf(session, person), request))
  return result?.counts ?? null
}
