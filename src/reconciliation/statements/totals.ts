import type { FileRecord } from '../../csv/records.ts'
import { columnPositions } from './header.ts'
import type { StatementLine } from './line-fields.ts'
import type { Mapping } from './mapping.ts'
import { numberReader } from './numbers.ts'
import { StatementRefused } from './statement-refused.ts'

/** Compares the sums of the lines with the totals of the trailer. */
export interface TotalsCheck {
  add(line: StatementLine): void
  /**
   * Compares the totals of a trailer row with the lines so far.
   * @throws StatementRefused when they differ
   */
  compare(trailer: FileRecord): void
  /** @throws StatementRefused when there is a trailer without one of the totals */
  end(): void
}

const NO_CHECK: TotalsCheck = { add: () => {}, compare: () => {}, end: () => {} }

const VALUES = {
  amount: ({ amount }: StatementLine) => amount,
  fee: ({ fee }: StatementLine) => fee ?? 0,
  gold_weight: ({ goldWeight }: StatementLine) => goldWeight,
} as const

/** A check of the totals that the mapping names. */
export function totalsCheck(mapping: Mapping, header: readonly string[]): TotalsCheck {
  const fields = mapping.trailer?.totals ?? []
  if (fields.length === 0) return NO_CHECK
  const positions = columnPositions(mapping, header)
  const numbers = numberReader(mapping)
  const sums = { amount: 0n, fee: 0n, gold_weight: 0n }
  const compared = new Set<string>()
  let trailerLine: number | null = null
  return {
    add(line) {
      for (const field of fields) sums[field] += BigInt(VALUES[field](line))
    },
    compare({ cells, lineNumber, unreadable }) {
      trailerLine = lineNumber
      for (const field of fields) {
        const position = positions[field] ?? -1
        const problem = unreadable?.get(position)
        if (problem !== undefined)
          throw new StatementRefused(
            `the total of ${field}: ${problem}; or remove it from trailer.totals of the mapping`,
          )
        const cell = (cells[position] ?? '').trim()
        if (cell === '') continue
        compared.add(field)
        const total = field === 'gold_weight' ? numbers.gramsSum(cell) : numbers.rupiahSum(cell)
        if (total !== sums[field]) throw differs(field, lineNumber, total, sums[field])
      }
    },
    end() {
      const missing = fields.filter((field) => !compared.has(field))
      if (trailerLine === null || missing.length === 0) return
      throw new StatementRefused(
        `the trailer (line ${trailerLine}) has no total of ${missing.join(', ')}: remove it from trailer.totals of the mapping`,
      )
    },
  }
}

function differs(
  field: keyof typeof VALUES,
  lineNumber: number,
  total: bigint | null,
  sum: bigint,
): StatementRefused {
  const unit = field === 'gold_weight' ? ' (in 0.0001 g)' : ''
  const says = total === null ? 'is not a number' : `is ${total}`
  return new StatementRefused(
    `the total of ${field} in the trailer (line ${lineNumber}) ${says}, and the lines add up to ${sum}${unit}: lines are missing, or the total includes other rows; get the whole file, or remove ${field} from trailer.totals of the mapping`,
  )
}
