import { html, type Markup } from '../../core/html.ts'
import { type Texts, wordOf } from '../texts/texts.ts'
import { code, EMPTY } from './parts.ts'

/** What a switch holds, in words, and beside them the scope as it is typed. */
export function scopeInWords(scope: string, texts: Texts): Markup {
  const [of = '', name = ''] = scope.split(/:(.*)/s)
  const shown = of === 'kind' ? wordOf(texts, 'kind', name) : name
  const words = wordOf(texts, 'scope', of)
  return html`${words}${shown === '' ? EMPTY : html` ${shown}`} ${code(scope)}`
}
