import { shownText } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { formatCount, formatMoney, formatWeight, NOTHING } from '../../core/format.ts'
import { RISKS } from '../enums.ts'
import { type DueRisk, overdueIn, type SeenProcess, type Status } from '../status.ts'

/** The status as one screen. */
export function formatStatus(status: Status): string {
  const parts = [
    headline(status),
    risksTable(status),
    section('due first', status.firstDue.map(dueLines)),
    section('statements overdue (`goldpro recon import`)', statementLines(status)),
    section('endpoints paused (`goldpro webhook resume`)', endpointLines(status)),
    section('batches', batchLines(status)),
    section('processes', processLines(status)),
  ]
  return parts.filter((part) => part !== null).join('\n\n')
}

/** The status as one line, for a log. */
export function formatStatusLine(status: Status): string {
  const counts = status.risks.map(
    ({ what, count, rupiah }) => `${what} ${formatCount(count)} (${formatMoney(rupiah)})`,
  )
  return [shownTime(status.at), overdueText(status), ...counts].join('  ')
}

function overdueText(status: Status): string {
  const overdue = overdueIn(status)
  return overdue.length === 0 ? 'nothing is overdue' : `OVERDUE: ${overdue.join(', ')}`
}

const headline = (status: Status) => `${shownTime(status.at)}  ${overdueText(status)}`

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? null : [title, ...lines.map((line) => `  ${line}`)].join('\n')

function risksTable({ risks, at }: Status): string {
  if (risks.length === 0) return 'no money is at risk'
  const headings = ['at risk', 'count', 'overdue', 'rupiah', 'grams', 'oldest', 'next due']
  const rows = risks.map(({ what, count, overdue, rupiah, grams, oldest, nextDueAt }) => [
    RISKS[what],
    count,
    overdue,
    formatMoney(rupiah),
    formatWeight(grams),
    formatAge(at.getTime() - oldest.getTime()),
    shownTime(nextDueAt),
  ])
  return table(headings, rows, ['rupiah', 'grams', 'oldest'])
}

function dueLines(risk: DueRisk): string {
  const { what, id, partner, reference, reason, rupiah, grams, owner, dueAt, overdue, settledBy } = risk
  const name = reference === null ? id : `${partner}/${shownText(reference)}`
  const money = rupiah === '0' ? formatWeight(grams) : formatMoney(rupiah)
  const due = dueAt === null ? NOTHING : `${overdue ? 'OVERDUE since' : 'due'} ${shownTime(dueAt)}`
  const by = owner === null ? '' : `  owner ${shownText(owner)}`
  return `${what} ${name}  ${money}  ${reason}  ${due}${by}\n    needs ${shownText(settledBy)}`
}

const statementLines = ({ overdueStatements }: Status) =>
  overdueStatements.map(({ day, sources }) =>
    sources.length === 0 ? day : `${day}  of ${sources.map(shownText).join(', ')}`,
  )

const endpointLines = ({ pausedEndpoints }: Status) =>
  pausedEndpoints.map(
    ({ endpointId, partner, because, since, pending }) =>
      `${endpointId} of ${partner}  ${because ?? NOTHING} since ${shownTime(since)}  ${formatCount(pending)} waiting`,
  )

const batchLines = ({ batches }: Status) =>
  batches.map(
    ({ batchId, state, rows, ended, failed }) =>
      `${batchId}  ${state}  ${formatCount(ended)} of ${formatCount(rows)} ended, ${formatCount(failed)} failed`,
  )

function processLines({ processes, at }: Status): string[] {
  if (processes.length === 0) return ['none has been seen: start `goldpro worker` and `goldpro scheduler`']
  const seen = (process: SeenProcess) =>
    process.silent
      ? `SILENT since ${shownTime(process.seenAt)}`
      : `seen ${formatAge(at.getTime() - process.seenAt.getTime())} ago`
  return processes.map((process) => `${process.kind} ${process.name}  ${seen(process)}`)
}

const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
] as const

/** A time span in its largest whole unit: "3 h". */
export function formatAge(ms: number): string {
  const unit = UNITS.find((each) => ms >= each.ms) ?? { name: 's', ms: 1_000 }
  return `${Math.max(Math.floor(ms / unit.ms), 0)} ${unit.name}`
}
