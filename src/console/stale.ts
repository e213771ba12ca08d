import { createHash } from 'node:crypto'
import { canonicalJson } from '../approvals/differences.ts'
import { safeText } from './html/parts.ts'
import type { Call } from './route.ts'
import { type Texts, wordOf } from './texts/texts.ts'

/** What a page shows of the thing that a form is about, field by field. */
export type Shown = Readonly<Record<string, unknown>>

/** What a form repeats of it, so that a refusal can say what was there before. The hash is of all of it. */
const MOST_FIELDS = 60
const LONGEST_FIELD = 120
const HASH_DIGITS = 16

/** The form's record of what its page showed: a hash, which is compared, and the fields in short, which are told. */
export function seenOf(shown: Shown): string {
  return `${hashOf(shown)} ${JSON.stringify(inShort(shown))}`
}

/** A hash of some content, as pages show it and forms carry it. */
export function hashOf(content: unknown): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex').slice(0, HASH_DIGITS)
}

/**
 * Whether what a form is about is still what its page showed: null, or a sentence that says what has changed.
 * @param now what there is to see of it now; null: it is not there any more, or somebody has decided about it
 */
export function staleness({ form, texts }: Pick<Call, 'form' | 'texts'>, now: Shown | null): string | null {
  const [, hash = '', fields = ''] = /^([0-9a-f]{16}) (\{.*\})$/s.exec(form.get('seen') ?? '') ?? []
  if (now !== null && hash === hashOf(now)) return null
  const before = readFields(fields)
  if (before === null) return texts('stale.unread')
  if (now === null) return texts('approvals.gone')
  const changes = changesBetween(before, inShort(now), texts)
  return changes.length === 0 ? texts('stale.hidden') : texts('stale', { changes: changes.join('; ') })
}

type InShort = Readonly<Record<string, string>>

function inShort(shown: Shown): InShort {
  const fields = Object.entries(shown).slice(0, MOST_FIELDS)
  return Object.fromEntries(fields.map(([name, value]) => [name, shortly(value)]))
}

function shortly(value: unknown): string {
  if (value === null || value === undefined) return '–'
  const text =
    value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : canonicalJson(value)
  return safeText(text).slice(0, LONGEST_FIELD)
}

/** The fields that a form carries; null when it carries none. */
function readFields(json: string): InShort | null {
  try {
    const fields: unknown = JSON.parse(json)
    return typeof fields === 'object' && fields !== null && !Array.isArray(fields)
      ? Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shortly(value)]))
      : null
  } catch {
    return null
  }
}

function changesBetween(before: InShort, now: InShort, texts: Texts): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].slice(0, MOST_FIELDS)
  return names
    .filter((name) => before[name] !== now[name])
    .map((name) => `${wordOf(texts, 'field', name)}: ${inWords(before[name])} → ${inWords(now[name])}`)
}

const inWords = (value: string | undefined): string => (value ?? '–').replaceAll('_', ' ')
