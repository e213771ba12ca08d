import { html, type Markup } from '../../core/html.ts'
import type { Texts } from '../texts/texts.ts'
import { spanOf, timeTag } from './parts.ts'

/** A coming time in words: the day of the week and how far away it is, beside the time itself. */
export function dueInWords(moment: Date, nowMs: number, texts: Texts): Markup {
  const locale = texts.language === 'id' ? 'id-ID' : 'en-GB'
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'Asia/Jakarta' }).format(
    moment,
  )
  const ms = moment.getTime() - nowMs
  const away = ms < 0 ? texts('plans.is_due') : texts('plans.in', { span: spanOf(ms, texts) })
  return html`${weekday}, ${timeTag(moment, texts)} – ${away}`
}
