import { type BatchSummary, listBatches } from '../../batches/queries.ts'
import { html, type Markup } from '../../core/html.ts'
import { commandForm, input } from '../html/forms.ts'
import { badge, columnsOf, countOf, EMPTY, empty, link, safeText, table, timeTag } from '../html/parts.ts'
import { type Answer, type Call, PROPOSES, page } from '../route.ts'
import { type Texts, wordOf } from '../texts/texts.ts'

const MOST_SHOWN = 100

export interface Shown {
  readonly problem?: string
  /** What is wrong with a file that was sent. */
  readonly results?: Markup
}

/** Batches, the newest first, and the form that makes one. */
export async function batchesPage(call: Call, { problem, results }: Shown = {}): Promise<Answer> {
  const { database, query, texts } = call
  const isAll = query.get('ended') === 'yes'
  const batches = await listBatches(database, MOST_SHOWN, isAll, 0)
  const other = isAll
    ? link('/batches', texts('batches.open'))
    : link('/batches?ended=yes', texts('batches.all'))
  return page({
    title: texts('nav.batches'),
    isLive: problem === undefined,
    ...(problem === undefined ? {} : { problem, status: 409 }),
    main: html`${results ?? EMPTY}
${call.may(...PROPOSES) ? html`<div class="commands">${uploadForm(texts)}</div>` : EMPTY}
<p class="tools">${other}</p>
${batches.length === 0 ? empty(texts('batches.none')) : batchTable(batches, texts)}`,
  })
}

function batchTable(batches: readonly BatchSummary[], texts: Texts): Markup {
  const rows = batches.map((each) => [
    link(`/batches/${each.batchId}`, String(each.batchId)),
    safeText(each.fileName),
    badge(each.state, wordOf(texts, 'batch', each.state)),
    countOf(each.rows),
    countOf(each.ended),
    countOf(each.failed),
    html`${safeText(each.createdBy)}, ${timeTag(each.createdAt, texts)}`,
  ])
  const keys = [
    'col.number',
    'col.file',
    'col.state',
    'col.rows',
    'col.done',
    'col.failed',
    'col.created',
  ] as const
  return table(texts('nav.batches'), columnsOf(texts, keys, [3, 4, 5]), rows)
}

/** The form that sends a batch file. */
function uploadForm(texts: Texts): Markup {
  return commandForm({
    id: 'upload',
    action: '/batches/upload',
    title: texts('batches.upload'),
    explains: texts('batches.upload.what'),
    takesFile: true,
    fields: html`<div class="field"><label for="u-file">${texts('col.file')}</label><input id="u-file" name="file" type="file" accept=".csv,.jsonl,text/csv" required></div>
${input({ id: 'u-partner', name: 'partner', label: texts('col.partner'), hint: texts('batches.upload.partner') })}`,
    button: texts('batches.upload'),
  })
}
