import { ACTION_TEXTS } from './action-texts.ts'
import { FRAME_TEXTS } from './frame-texts.ts'
import { PAGE_TEXTS } from './page-texts.ts'
import { SIGN_IN_TEXTS } from './sign-in-texts.ts'
import { WORD_TEXTS } from './word-texts.ts'

/** Every text of the console: Indonesian and English. */
export const TEXTS = {
  ...FRAME_TEXTS,
  ...SIGN_IN_TEXTS,
  ...WORD_TEXTS,
  ...PAGE_TEXTS,
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
