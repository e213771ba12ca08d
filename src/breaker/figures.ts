/** What a kind or a partner's confirms of the window came to. Confirms that were not sent do not count. */
export interface Figures {
  readonly confirms: number
  /** Confirms whose outcome is not known. */
  readonly unknown: number
  /** Those of them whose reply contradicts the quote, itself, or another order. */
  readonly contradictions: number
  /** The most frequent reason of refusals; null without one. */
  readonly refusals: { readonly reason: string; readonly count: number } | null
  readonly slow: number
  readonly rupiah: bigint
  readonly rupiahInDoubt: bigint
  /** In 0.0001 g, of doubts without a price. */
  readonly gramsInDoubt: number
}

/** Confirms of one scope with the same outcome and reason. */
export interface FigureRow {
  readonly scope: string
  readonly outcome: string
  readonly reason: string
  readonly count: number
  readonly slow: number
  readonly rupiah: bigint
  /** Of those without a price. */
  readonly grams: number
}

/** The reasons of doubts that are contradictions: the gateway said something that cannot be so. */
const CONTRADICTIONS = new Set([
  'reply_contradicts_quote',
  'reply_contradicts_itself',
  'reply_may_be_a_quote',
  'transaction_of_another_order',
])

/** The figures of each scope. */
export function figuresByScope(rows: readonly FigureRow[]): Map<string, Figures> {
  const scopes = new Map<string, FigureRow[]>()
  for (const row of rows) scopes.set(row.scope, [...(scopes.get(row.scope) ?? []), row])
  return new Map([...scopes].map(([scope, ofScope]) => [scope, figuresOf(ofScope)]))
}

function figuresOf(rows: readonly FigureRow[]): Figures {
  const doubts = rows.filter(({ outcome }) => outcome === 'in_doubt')
  const [refusals = null] = rows
    .filter(({ outcome }) => outcome === 'rejected')
    .sort((a, b) => b.count - a.count)
    .map(({ reason, count }) => ({ reason, count }))
  return {
    confirms: sum(rows.map(({ count }) => count)),
    unknown: sum(doubts.map(({ count }) => count)),
    contradictions: sum(doubts.filter(({ reason }) => CONTRADICTIONS.has(reason)).map(({ count }) => count)),
    refusals,
    slow: sum(rows.map(({ slow }) => slow)),
    rupiah: rows.reduce((total, { rupiah }) => total + rupiah, 0n),
    rupiahInDoubt: doubts.reduce((total, { rupiah }) => total + rupiah, 0n),
    gramsInDoubt: sum(doubts.map(({ grams }) => grams)),
  }
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
