import { html, Markup } from '../../core/html.ts'

/** A text whose parts between backticks are code. */
export function prose(text: string): Markup {
  const parts = text
    .split('`')
    .map((part, position) => (position % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))
  return new Markup(parts.map((part) => part.text).join(''))
}
