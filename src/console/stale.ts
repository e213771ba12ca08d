import type { Call } from './route.ts'

const SHOWN = 120

/**
 * Whether what a form is about is still what its page showed: null, or a sentence that says what it was and what it is now.
 * @param now the version in words, as `seen` of the form was made
 */
export function staleness({ form, texts }: Pick<Call, 'form' | 'texts'>, now: string): string | null {
  const seen = form.get('seen') ?? ''
  if (seen === now) return null
  const shown = (version: string) => {
    const words = version.slice(0, SHOWN).replaceAll('_', ' ').trim()
    return words === '' ? '–' : words
  }
  return texts('stale', { before: shown(seen), now: shown(now) })
}
