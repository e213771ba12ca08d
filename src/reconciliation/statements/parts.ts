import { type GoldWeight, MAX_GOLD_WEIGHT, parseRupiah, type Rupiah } from '../../core/money.ts'
import type { StatementLine } from './line-fields.ts'
import type { Mapping } from './mapping.ts'

/**
 * The line of a transaction that a sender writes over several rows: sums are exact, and the first row says the rest. Whatever
 * might be a second execution is no part of the first: other ids, another kind or another wallet.
 * @returns null when the row is no part of the transaction
 */
export function joinedLine(whole: StatementLine, part: StatementLine): StatementLine | null {
  const isPart =
    whole.sessionId !== null &&
    whole.sessionId === part.sessionId &&
    whole.responseId === part.responseId &&
    whole.requestId === part.requestId &&
    whole.kind === part.kind &&
    whole.phoneNumber === part.phoneNumber &&
    (whole.executedTo === null) === (part.executedTo === null)
  const goldWeight = whole.goldWeight + part.goldWeight
  const amount = parseRupiah(whole.amount + part.amount)
  const fee = feeOf(whole.fee, part.fee)
  if (!isPart || goldWeight > MAX_GOLD_WEIGHT || amount === null || fee === undefined) return null
  return { ...whole, goldWeight: goldWeight as GoldWeight, amount, fee }
}

/** Undefined: only one of them says its fee, or the sum is out of range. */
function feeOf(whole: Rupiah | null, part: Rupiah | null): Rupiah | null | undefined {
  if (whole === null || part === null) return whole === part ? null : undefined
  return parseRupiah(whole + part) ?? undefined
}

/** Holds back each line until the row below it is no part of it. */
export interface PartsJoiner {
  /** @returns the line before, which is whole now; null when there is none, or when this row is a part of it */
  take(line: StatementLine): { readonly whole: StatementLine | null; readonly isPart: boolean }
  /** @returns the line that is held back: a row that is no transaction ends it, and so does the file */
  end(): StatementLine | null
}

/** Joins as the mapping says. */
export function partsJoiner({ parts }: Pick<Mapping, 'parts'>): PartsJoiner {
  if (parts === 'separate') return SEPARATE_LINES
  let held: StatementLine | null = null
  return {
    take(line) {
      const joined = held === null ? null : joinedLine(held, line)
      const whole = joined === null ? held : null
      held = joined ?? line
      return { whole, isPart: joined !== null }
    },
    end() {
      const whole = held
      held = null
      return whole
    },
  }
}

/** Every row is a line of its own. */
const SEPARATE_LINES: PartsJoiner = {
  take: (line) => ({ whole: line, isPart: false }),
  end: () => null,
}
