import { CONSOLE_EVENTS, type ConsoleEvent } from './enums.ts'
import type { AuditRow } from './store/audit.ts'
import { type Texts, wordOf } from './texts/texts.ts'

/** What a row of the audit says, and what it is about. */
export interface AuditWords {
  readonly action: string
  readonly subject: string
  /** The page of what it is about; null: it has none. */
  readonly href: string | null
}

const HAS_PAGE = /^\/(?:orders|breaks|batches|plans|deliveries|partners)\/[^/]+/

/** A form of the console is named by its address, which has what it is about; other commands are named by their words. */
export function wordsOf({ command, event, subject }: AuditRow, texts: Texts): AuditWords {
  if (event !== null) {
    const about = subject ?? ''
    const href = /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(about) ? `/orders/${about}` : null
    return { action: wordOf(texts, 'event', event), subject: about, href }
  }
  const [, path] = /^console (\/.*)$/.exec(command ?? '') ?? []
  if (path === undefined) return { action: command ?? '', subject: '', href: null }
  const parts = path.split('/').filter((part) => part !== '')
  const [first = ''] = parts
  const verb = parts.length > 1 ? (parts.at(-1) ?? '') : ''
  const about = parts.length > 2 ? `/${parts.slice(0, -1).join('/')}` : ''
  const href = HAS_PAGE.exec(about)?.[0] ?? null
  return { action: `${first} ${verb}`.trim(), subject: about, href }
}

const escaped = (text: string) => text.replace(/[\\%_]/g, '\\$&')

/** A pattern that finds these words in this order, wherever they stand. */
export const patternOf = (text: string): string =>
  `%${text
    .split(/[\s/]+/)
    .filter((word) => word !== '')
    .map(escaped)
    .join('%')}%`

/** The events of the console whose words have the text, in the reader's language or as they are stored. */
export function eventsNamed(text: string, texts: Texts): ConsoleEvent[] {
  const asked = text.toLowerCase()
  return CONSOLE_EVENTS.filter((event) =>
    [wordOf(texts, 'event', event), event, event.replaceAll('_', ' ')].some((word) =>
      word.toLowerCase().includes(asked),
    ),
  )
}
