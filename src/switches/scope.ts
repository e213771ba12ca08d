import { ORDER_KINDS } from '../orders/command.ts'

/** What a switch holds: every order, or those of a kind, a partner, a batch or a plan. */
export type SwitchScope =
  | { readonly of: 'everything' }
  | { readonly of: 'kind' | 'partner'; readonly name: string }
  | { readonly of: 'batch' | 'plan'; readonly id: number }

/** The rule for scopes, for error messages. */
export const SCOPE_EXPECTED = `everything, kind:KIND (${ORDER_KINDS.join(', ')}), partner:NAME, batch:NUMBER or plan:NUMBER`

/** Reads a scope as people write it and as it is stored; null when it is none. */
export function readScope(written: string): SwitchScope | null {
  if (written === 'everything') return { of: 'everything' }
  const [, of = '', rest = ''] = /^(kind|partner|batch|plan):(.+)$/s.exec(written) ?? []
  switch (of) {
    case 'kind':
      return ORDER_KINDS.some((kind) => kind === rest) ? { of, name: rest } : null
    case 'partner':
      return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(rest) ? { of, name: rest } : null
    case 'batch':
    case 'plan':
      return /^[1-9]\d{0,8}$/.test(rest) ? { of, id: Number(rest) } : null
    default:
      return null
  }
}

/** The stored form of a scope. */
export function formatScope(scope: SwitchScope): string {
  switch (scope.of) {
    case 'everything':
      return scope.of
    case 'kind':
    case 'partner':
      return `${scope.of}:${scope.name}`
    case 'batch':
    case 'plan':
      return `${scope.of}:${scope.id}`
  }
}
