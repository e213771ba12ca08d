import { InvalidOrderError, parseSubmission, type Submission } from '../../orders/submission.ts'
import type { Headings } from './cells.ts'
import { type ColumnName, columnOf, maskedValue } from './columns.ts'
import { valueSuggestion } from './value-suggestions.ts'

/** What is wrong with a row: where, its value, and what is expected. Phone and KTP numbers are masked. */
export interface RowProblem {
  readonly lineNumber: number
  /** The heading, or the field of a JSON line; null when the row as a whole is wrong. */
  readonly column: string | null
  readonly maskedValue: string
  readonly expected: string
}

/** A row as it is in the file, so that it can be written to a file of bad rows. */
export type SourceRow = { readonly cells: Partial<Record<ColumnName, string>> } | { readonly text: string }

/** One row of a batch file. */
export type ReadRow =
  | { readonly is: 'good'; readonly lineNumber: number; readonly submission: Submission }
  | {
      readonly is: 'bad'
      readonly problems: readonly RowProblem[]
      readonly source: SourceRow
      /** The order, when the row is one and breaks nothing but the rule. */
      readonly submission?: Submission
    }

/** A rule for rows that are orders. @returns the field that breaks it and what is expected; null when none does */
export type RowRule = (submission: Submission) => { readonly field: string; readonly problem: string } | null

/** Reads one row. `headings` is null for a JSON line. */
export type RowReader = (
  data: Record<string, unknown>,
  lineNumber: number,
  source: () => SourceRow,
  headings: Headings | null,
) => ReadRow

/** What is expected of a reference that an earlier row has. */
export const repeatedReference = (earlierLine: number): string =>
  `must be unique in the file: line ${earlierLine} has it too`

/**
 * Reads the rows of one file, one by one.
 * @param partner the partner of rows that name none
 * @param findsRepeats false: the caller finds references that stand twice
 */
export function rowReader(partner: string | null, rule: RowRule, findsRepeats: boolean): RowReader {
  const seen = findsRepeats ? new SeenReferences() : null
  return (given, lineNumber, source, headings) => {
    const { kind, ...data } = given
    if (partner !== null) data.partner ??= partner
    const problemAt = (field: string, expected: string): RowProblem => ({
      lineNumber,
      // The problem of a JSON line names the field as the line does.
      column: headings === null ? field : (columnOf(field) ?? field),
      maskedValue: maskedValue(columnOf(field), field === 'kind' ? kind : valueAt(data, field)),
      expected,
    })
    try {
      const submission = parseSubmission(kind, data)
      const earlier = seen?.add(submission, lineNumber) ?? null
      const broken =
        earlier === null ? rule(submission) : { field: 'reference', problem: repeatedReference(earlier) }
      if (broken === null) return { is: 'good', lineNumber, submission }
      const problems = [problemAt(broken.field, broken.problem)]
      return { is: 'bad', problems, source: source(), ...(earlier === null ? { submission } : {}) }
    } catch (error) {
      if (!(error instanceof InvalidOrderError)) throw error
      const problems = error.problems.map(({ field, problem }) =>
        problemAt(field, problem + valueSuggestion(columnOf(field), valueAt(data, field))),
      )
      return { is: 'bad', problems, source: source() }
    }
  }
}

function valueAt(data: Record<string, unknown>, field: string): unknown {
  return field
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
      data,
    )
}

/** The references of a file so far, per partner. Nothing else in memory grows with the file. */
class SeenReferences {
  readonly #lines = new Map<string, Map<string, number>>()

  /** Adds a row's reference. @returns the earlier line that has it; null when none does */
  add({ partner, reference }: Submission, lineNumber: number): number | null {
    const lines = this.#lines.get(partner) ?? new Map<string, number>()
    this.#lines.set(partner, lines)
    const earlier = lines.get(reference)
    if (earlier === undefined) lines.set(reference, lineNumber)
    return earlier ?? null
  }
}
