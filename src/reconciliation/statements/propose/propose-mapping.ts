import type { Readable } from 'node:stream'
import { withoutEmptyEnd } from '../../../csv/columns.ts'
import type { FileRecord } from '../../../csv/records.ts'
import { HEADER_WITHIN, LINE_FIELDS, type LineField } from '../mapping.ts'
import { type Column, type ColumnChoices, chooseColumns, numbersAmong } from './columns.ts'
import { type FirstRows, readFirstRows } from './first-rows.ts'
import { columnNote, type ProposalNote, proposeDates, proposeKinds } from './notes.ts'
import { possibleSigns } from './signs.ts'
import { headingScore } from './words.ts'

export type { ProposalNote }

/** A mapping as `goldpro recon mappings add` takes it, as far as the first rows of a file tell it. */
export interface MappingProposal {
  readonly mapping: Readonly<Record<string, unknown>>
  readonly notes: readonly ProposalNote[]
  /** Nothing is left to decide. */
  readonly isComplete: boolean
}

/**
 * Proposes how a file's columns are read. It never chooses between two: what may be either is left out of the mapping, or
 * stands there as a value that no mapping may have, and both are named.
 * @param open opens the file from its beginning
 * @throws FileRefused
 */
export async function proposeMapping(
  open: () => Readable,
  sheet: string | null = null,
): Promise<MappingProposal> {
  const first = await readFirstRows(open, sheet)
  const header = headerOf(first.rows('.'))
  if (header === null) return withoutHeader(first)
  const columns = columnsUnder(header, first.rows('.'))
  const choices = chooseColumns(columns)
  const kinds = proposeKinds(choices.kind)
  const times = proposeDates(choices.executed_at, columns)
  const signs = proposeSigns(choices, first, header)
  const notes = [
    ...LINE_FIELDS.map((field) => columnNote(field, choices[field])),
    ...kinds.notes,
    ...signs.notes,
    ...times.notes,
  ]
  const mapping = {
    columns: Object.fromEntries(
      LINE_FIELDS.flatMap((field) => {
        const choice = choices[field]
        return choice.is === 'found' ? [[field, choice.column.heading]] : []
      }),
    ),
    kinds: kinds.kinds,
    ignored_kinds: [],
    ...(header.isFirst ? {} : { header_row: 'found' }),
    ...(sheet === null ? {} : { sheet }),
    ...(first.delimiter === null ? {} : { delimiter: first.delimiter }),
    ...(first.encoding === null ? {} : { encoding: first.encoding }),
    ...signs.signs,
    dates: times.dates,
    time_zone: 'Asia/Jakarta',
  }
  return { mapping, notes, isComplete: notes.every(({ is }) => is === 'found' || is === 'check') }
}

interface FoundHeader {
  readonly record: FileRecord
  readonly isFirst: boolean
}

/** The row with the most headings of different fields; the first of several. */
function headerOf(rows: readonly FileRecord[]): FoundHeader | null {
  let best: { record: FileRecord; count: number } | null = null
  for (const record of rows) {
    if (record.lineNumber > HEADER_WITHIN) break
    const count = LINE_FIELDS.filter((field) =>
      record.cells.some((cell) => headingScore(cell, field) > 0),
    ).length
    if (best === null || count > best.count) best = { record, count }
  }
  return best === null || best.count < 2 ? null : { record: best.record, isFirst: best.record === rows[0] }
}

function withoutHeader({ delimiter }: FirstRows): MappingProposal {
  const says = `none of the first ${HEADER_WITHIN} rows has headings that are known${delimiter === null ? '' : ` (read with the delimiter ${JSON.stringify(delimiter)})`}: write the mapping by hand, from \`goldpro recon mappings show sandbox\``
  return {
    mapping: { columns: {}, kinds: {} },
    notes: [{ field: 'header_row', is: 'missing', says }],
    isComplete: false,
  }
}

function columnsUnder({ record }: FoundHeader, rows: readonly FileRecord[]): Column[] {
  const below = rows.slice(rows.indexOf(record) + 1)
  return withoutEmptyEnd(record.cells).map((heading, position) => ({
    heading: heading.trim(),
    position,
    cells: below
      .filter(({ unreadable }) => unreadable?.has(position) !== true)
      .map(({ cells }) => (cells[position] ?? '').trim())
      .filter((cell) => cell !== ''),
  }))
}

function proposeSigns(choices: ColumnChoices, first: FirstRows, header: FoundHeader) {
  const cellsOf = (fields: readonly LineField[]) => (decimal: '.' | ',') => {
    const columns = columnsUnder(header, sameRows(first, decimal, header))
    return fields.flatMap((field) => {
      const choice = choices[field]
      return choice.is === 'found' ? numbersAmong(field, columns[choice.column.position]?.cells ?? []) : []
    })
  }
  const possible = possibleSigns({ rupiah: cellsOf(['amount', 'fee']), grams: cellsOf(['gold_weight']) })
  const shown = possible.map(
    ({ decimal, thousands }) => `${JSON.stringify(decimal)} with thousands ${JSON.stringify(thousands)}`,
  )
  const [signs] = possible
  if (signs !== undefined && possible.length === 1)
    return { signs, notes: [{ field: 'decimal', is: 'found', says: `${shown[0]}` }] satisfies ProposalNote[] }
  const says =
    signs === undefined
      ? 'no signs read all numbers of amount, fee and gold_weight: some rows are totals or wrong; write decimal and thousands'
      : `may be ${shown.join(' or ')}, and the numbers differ: write the right ones`
  return {
    signs: { decimal: '?' },
    notes: [{ field: 'decimal', is: 'unsure', says }] satisfies ProposalNote[],
  }
}

/** The rows from the header on: `columnsUnder` looks for the header's own record. */
function sameRows(first: FirstRows, decimal: '.' | ',', { record }: FoundHeader): readonly FileRecord[] {
  return first.rows(decimal).map((row) => (row.lineNumber === record.lineNumber ? record : row))
}
