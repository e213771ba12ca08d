import { shownText } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { formatMoney, formatWeight } from '../../core/format.ts'
import { formatGrams, type GoldWeight, type Rupiah } from '../../core/money.ts'
import type { StatementRunner } from '../../postgres/pool.ts'

/** A line of a statement that is an order's execution. */
export interface StatementLine {
  readonly statementId: number
  readonly lineNumber: number
  readonly rule: string
  readonly differs: boolean
  readonly fileName: string
  readonly goldWeight: GoldWeight
  readonly amount: Rupiah
  readonly executedAt: Date
}

/** A webhook about an order, to one endpoint. */
export interface Delivery {
  readonly kind: string
  readonly at: Date
  readonly state: string
  readonly tries: number
  readonly url: string
}

/** Reads what other rooms, which build on this one, know of an order. */
export interface EvidenceReaders {
  readonly readLines: (runner: StatementRunner, orderId: string) => Promise<readonly StatementLine[]>
  readonly readDeliveries: (runner: StatementRunner, orderId: string) => Promise<readonly Delivery[]>
}

export interface Evidence {
  /** Grams with four decimals. */
  readonly statementLines: readonly (Omit<StatementLine, 'goldWeight'> & { readonly goldWeight: string })[]
  readonly deliveries: readonly Delivery[]
}

export async function readEvidence(
  runner: StatementRunner,
  orderId: string,
  { readLines, readDeliveries }: EvidenceReaders,
): Promise<Evidence> {
  const [lines, deliveries] = [await readLines(runner, orderId), await readDeliveries(runner, orderId)]
  return {
    statementLines: lines.map((line) => ({
      ...line,
      fileName: shownText(line.fileName),
      goldWeight: formatGrams(line.goldWeight),
    })),
    deliveries: deliveries.map((delivery) => ({ ...delivery, url: shownText(delivery.url) })),
  }
}

/** The same for a terminal, below an order's history. */
export function evidenceLines({ statementLines, deliveries }: Evidence): string[] {
  const statements = statementLines.map(
    ({ statementId, lineNumber, fileName, rule, differs, executedAt, goldWeight, amount }) =>
      `${shownTime(executedAt)}    line ${lineNumber} of statement ${statementId} (${fileName}), matched by ${rule}: ${formatWeight(goldWeight)} for ${formatMoney(String(amount))}${differs ? ', which differs from the order' : ''}`,
  )
  const webhooks = deliveries.map(
    ({ at, kind, state, tries, url }) =>
      `${shownTime(at)}    webhook ${kind} to ${url}: ${state}, ${tries} tries`,
  )
  const all = [...statements, ...webhooks]
  return all.length === 0 ? [] : ['', ...all]
}
