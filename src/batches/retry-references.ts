import { createHash } from 'node:crypto'
import { MOST_REFERENCE_CHARACTERS } from '../core/plain-text.ts'

/**
 * The reference of a retry: the first order's, `-retry-` and a number. A reference that would be too long keeps its
 * beginning, and eight digits of its hash keep it apart from others with the same beginning.
 */
export function retryReference(reference: string, number: number): string {
  const suffix = `-retry-${number}`
  if (reference.length + suffix.length <= MOST_REFERENCE_CHARACTERS) return reference + suffix
  const mark = `~${createHash('sha256').update(reference).digest('hex').slice(0, 8)}${suffix}`
  return startOf(reference, MOST_REFERENCE_CHARACTERS - mark.length) + mark
}

/** At most so many code units, without half a character or white space at the end. */
function startOf(text: string, length: number): string {
  return text
    .slice(0, length)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd()
}
