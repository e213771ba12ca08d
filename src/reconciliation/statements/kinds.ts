import type { FileRecord } from '../../csv/records.ts'
import { ORDER_KINDS, type OrderKind } from '../../orders/command.ts'
import { columnPositions } from './header.ts'
import { folded, type Mapping } from './mapping.ts'

/**
 * Whether a row names a kind of order and a wallet. No rule may ignore such a row. A cell that cannot be read may name them,
 * but not where both are empty, as in the rows of a title that is merged over several.
 */
export function transactionCheck(mapping: Mapping, header: readonly string[]) {
  const { kind = 0, phone_number = 0 } = columnPositions(mapping, header)
  const kindOf = kindReader(mapping)
  return ({ cells, unreadable }: Pick<FileRecord, 'cells' | 'unreadable'>): boolean => {
    const [word = '', wallet = ''] = [cells[kind], cells[phone_number]?.trim()]
    if (unreadable === undefined) return (kindOf(word) ?? null) !== null && wallet !== ''
    const mayNameKind = unreadable.has(kind) || (kindOf(word) ?? null) !== null
    const mayNameWallet = unreadable.has(phone_number) || wallet !== ''
    return mayNameKind && mayNameWallet && (word !== '' || wallet !== '')
  }
}

/** Reads the kind that a word stands for: null for a word of ignored_kinds, undefined for an unknown word. */
export function kindReader(mapping: Mapping): (word: string) => OrderKind | null | undefined {
  const kinds = new Map<string, OrderKind | null>()
  for (const kind of ORDER_KINDS) for (const word of mapping.kinds[kind] ?? []) kinds.set(folded(word), kind)
  for (const word of mapping.ignored_kinds) kinds.set(folded(word), null)
  // Folding is expensive, and a file has few spellings.
  const spellings = new Map<string, OrderKind | null>()
  return (word) => {
    const known = spellings.get(word)
    if (known !== undefined) return known
    const kind = kinds.get(folded(word))
    if (kind !== undefined && spellings.size < 100) spellings.set(word, kind)
    return kind
  }
}
