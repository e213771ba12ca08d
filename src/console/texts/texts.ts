import { ACTION_TEXTS } from './action-texts.ts'
import { BATCH_TEXTS } from './batch-texts.ts'
import { COLUMN_TEXTS } from './column-texts.ts'
import { DECISION_TEXTS } from './decision-texts.ts'
import { FRAME_TEXTS } from './frame-texts.ts'
import { ORDER_TEXTS } from './order-texts.ts'
import { PARTNER_TEXTS } from './partner-texts.ts'
import { PLAN_WORDS } from './plan-words.ts'
import { REASON_TEXTS } from './reason-texts.ts'
import { RECON_TEXTS } from './recon-texts.ts'
import { SIGN_IN_TEXTS } from './sign-in-texts.ts'
import { STAY_TEXTS } from './stay-texts.ts'
import { SWITCH_TEXTS } from './switch-texts.ts'
import { TODAY_TEXTS } from './today-texts.ts'
import { WORD_TEXTS } from './word-texts.ts'

/** Every text of the console: Indonesian and English. */
export const TEXTS = {
  ...FRAME_TEXTS,
  ...SIGN_IN_TEXTS,
  ...WORD_TEXTS,
  ...REASON_TEXTS,
  ...STAY_TEXTS,
  ...PLAN_WORDS,
  ...SWITCH_TEXTS,
  ...TODAY_TEXTS,
  ...COLUMN_TEXTS,
  ...ORDER_TEXTS,
  ...RECON_TEXTS,
  ...DECISION_TEXTS,
  ...BATCH_TEXTS,
  ...PARTNER_TEXTS,
  ...ACTION_TEXTS,
} as const
export type TextKey = keyof typeof TEXTS

export const LANGUAGES = ['id', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

/** The texts in one language. `{name}` in a text is replaced by the value of this name. */
export interface Texts {
  (key: TextKey, values?: Readonly<Record<string, string>>): string
  readonly language: Language
}

export const isTextKey = (key: string): key is TextKey => Object.hasOwn(TEXTS, key)

export function textsIn(language: Language): Texts {
  const position = LANGUAGES.indexOf(language)
  const texts = (key: TextKey, values: Readonly<Record<string, string>> = {}) =>
    (TEXTS[key][position] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
  return Object.assign(texts, { language })
}

/** A word of a closed list, such as a state; itself where the table has none. */
export function wordOf(texts: Texts, kind: string, word: string): string {
  const key = `${kind}.${word}`
  return isTextKey(key) ? texts(key) : word.replaceAll('_', ' ')
}

/** The chosen language, else the first of the browser's that is known, else English. */
export function languageOf(chosen: string, accepted: string | undefined): Language {
  const wanted = [chosen, ...(accepted ?? '').split(',').map((each) => each.trim().slice(0, 2).toLowerCase())]
  return LANGUAGES.find((language) => language === wanted.find((each) => isLanguage(each))) ?? 'en'
}

const isLanguage = (text: string): text is Language => LANGUAGES.some((language) => language === text)
