import { html, type Markup } from '../../core/html.ts'
import type { RunCounts } from '../../reconciliation/run-counts.ts'
import { listRuns, type RunSummary } from '../../reconciliation/run-queries.ts'
import { listMappings } from '../../reconciliation/statements/mappings.ts'
import { listStatements, type StatementSummary } from '../../reconciliation/statements/read-statements.ts'
import { checkbox, commandForm, input, select } from '../html/forms.ts'
import { badge, countOf, EMPTY, empty, link, safeText, section, table, timeTag } from '../html/parts.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { type Answer, type Call, PROPOSES, page } from '../route.ts'
import type { Texts } from '../texts/texts.ts'
import { runChanges } from './run-changes.ts'

const MOST_RUNS = 20

/** What a page says first: a problem, or what a run has just changed. */
export interface ReconciliationNews {
  readonly problem?: string
  readonly counts?: RunCounts
  /** A file that was uploaded, and that its mapping does not fit. */
  readonly proposalOf?: string
}

/** Statements, their upload, and runs. */
export async function reconciliationPage(
  call: Call,
  { problem, counts, proposalOf }: ReconciliationNews = {},
): Promise<Answer> {
  const { database, texts } = call
  const statements = await listStatements(database, false)
  const runs = await listRuns(database, MOST_RUNS)
  return page({
    title: texts('nav.reconciliation'),
    isLive: problem === undefined && counts === undefined,
    ...(problem === undefined ? {} : { problem, status: 409 }),
    main: html`${proposalOf === undefined ? EMPTY : proposalLink(proposalOf, texts)}${counts === undefined ? EMPTY : runChanges(counts, texts)}<p class="tools"><a href="/reconciliation/report">${texts('recon.report')}</a> <a href="/breaks">${texts('nav.breaks')}</a></p>
${call.may(...PROPOSES) ? html`<div class="commands">${await uploadForm(call)}${runForm(texts)}</div>` : EMPTY}
${section(texts('today.statements'), statements.length === 0 ? empty(texts('today.no_statements')) : statementTable(statements, texts))}
${section(texts('recon.runs'), runs.length === 0 ? empty(texts('recon.no_runs')) : runTable(runs, texts))}`,
  })
}

/** Where a mapping is proposed for a file that was uploaded. */
export function proposalLink(uploadId: string, texts: Texts): Markup {
  return html`<p class="calls">${link(`/reconciliation/proposal?upload=${uploadId}`, texts('recon.propose'))}</p>`
}

async function uploadForm({ database, texts }: Call): Promise<Markup> {
  const names = [...new Set((await listMappings(database)).map(({ name }) => name))]
  const none = { value: '', label: texts('recon.mapping.none') }
  const mappings = [...names.map((name) => ({ value: name, label: name })), none]
  return commandForm({
    id: 'upload',
    action: '/reconciliation/preview',
    title: texts('recon.upload'),
    explains: texts('recon.upload.what'),
    takesFile: true,
    fields: html`<div class="field"><label for="u-file">${texts('col.file')}</label><input id="u-file" name="file" type="file" accept=".csv,.gz,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" required></div>
${select('u-mapping', 'mapping', texts('recon.mapping'), mappings, 'sandbox')}
${input({ id: 'u-source', name: 'source', label: texts('col.source'), value: 'gateway' })}
${input({ id: 'u-from', name: 'from', label: texts('recon.from'), type: 'datetime-local', hint: texts('recon.period.hint') })}
${input({ id: 'u-to', name: 'to', label: texts('recon.to'), type: 'datetime-local' })}
${checkbox('u-complete', 'complete', texts('recon.complete'))}${checkbox('u-replace', 'replace', texts('recon.replace'))}`,
    button: texts('recon.preview'),
  })
}

function runForm(texts: Texts): Markup {
  return commandForm({
    id: 'run',
    action: '/reconciliation/run',
    title: texts('recon.run'),
    explains: texts('recon.run.what'),
    button: texts('recon.run'),
  })
}

function statementTable(statements: readonly StatementSummary[], texts: Texts): Markup {
  const columns = [
    { heading: texts('col.number') },
    { heading: texts('col.source') },
    { heading: texts('col.period') },
    { heading: texts('col.lines'), isNumber: true },
    { heading: texts('col.complete') },
    { heading: texts('col.file') },
    { heading: texts('col.who') },
  ]
  const rows = statements.map((each) => [
    link(`/reconciliation/statements/${each.statementId}`, String(each.statementId)),
    safeText(each.source),
    html`${timeTag(each.periodFrom, texts)} – ${timeTag(each.periodTo, texts)}`,
    countOf(each.lineCount),
    completeOf(each, texts),
    safeText(each.fileName),
    html`${safeText(each.importedBy)}, ${timeTag(each.importedAt, texts)}`,
  ])
  return table(texts('today.statements'), columns, rows)
}

function completeOf({ complete, approved }: StatementSummary, texts: Texts): Markup {
  if (!complete) return html`${texts('no')}`
  return approved ? badge('approved', texts('recon.approved')) : badge('open', texts('recon.to_approve'))
}

function runTable(runs: readonly RunSummary[], texts: Texts): Markup {
  const columns = [
    { heading: texts('col.number') },
    { heading: texts('col.when') },
    { heading: texts('col.who') },
    { heading: texts('recon.matched'), isNumber: true },
    { heading: texts('recon.settled'), isNumber: true },
    { heading: texts('recon.left'), isNumber: true },
    { heading: texts('recon.opened'), isNumber: true },
    { heading: texts('recon.explained'), isNumber: true },
  ]
  const sum = (counts: Readonly<Record<string, number | undefined>> | undefined) =>
    countOf(Object.values(counts ?? {}).reduce<number>((total, count) => total + (count ?? 0), 0))
  const rows = runs.map(({ runId, startedAt, finishedAt, actor, counts }) => [
    runId,
    html`${timeTag(startedAt, texts)}${finishedAt === null ? html` ${badge('running', texts('recon.unfinished'))}` : EMPTY}`,
    safeText(actor),
    sum(counts?.matched),
    sum(counts?.settled),
    sum(counts?.stayInDoubt),
    sum(counts?.opened),
    countOf(counts?.explained ?? 0),
  ])
  return table(texts('recon.runs'), columns, rows)
}

/** One statement; what is proposed about it is decided under Approvals. */
export async function statementPage({ database, params, texts }: Call): Promise<Answer> {
  const all = await listStatements(database, true)
  const found = all.find(({ statementId }) => String(statementId) === params.id)
  if (found === undefined) throw new ConsoleProblem('not_found')
  const ignored = Object.entries(found.ignoredRows).map(
    ([by, count]) => `${by.replaceAll('_', ' ')}: ${count}`,
  )
  return page({
    title: `${texts('today.statements')} ${found.statementId}`,
    main: html`${statementTable([found], texts)}
<p>${texts('recon.bad_lines', { n: countOf(found.badLineCount) })}${ignored.length === 0 ? '' : ` · ${ignored.join(', ')}`}</p>
${found.replacedBy === null ? EMPTY : html`<p class="calls">${texts('recon.replaced')} ${link(`/reconciliation/statements/${found.replacedBy}`, String(found.replacedBy))}</p>`}
${found.complete && !found.approved ? html`<p>${link('/approvals', texts('nav.approvals'))}</p>` : EMPTY}`,
  })
}
