import { classOf, INVISIBLE, plainTextExpected, readPlainText } from './plain-text.ts'

const MOST_CHARACTERS = 200

/** What the name of a person must be. For errors: it names no value. */
export const PERSON_EXPECTED = `${plainTextExpected(MOST_CHARACTERS)}, and with a letter or digit`

/** A person's name in its one form; null when it is none. */
export function readPersonName(written: unknown): string | null {
  const name = readPlainText(written, MOST_CHARACTERS)
  return name !== null && /[\p{L}\p{N}]/u.test(name) && personKey(name) !== '' ? name : null
}

/**
 * Whether two names are one person's, for decisions that need a second one: a space more, a capital, an accent, a sign
 * that nobody sees or a letter of another alphabet that looks the same is no second person. Equal to `person_key` in
 * Postgres, which holds decisions to it.
 */
export const isSamePerson = (a: string, b: string): boolean => personKey(a) === personKey(b)

/** Whether a name is spelled as that of a holder of a partner's keys: `<partner>/<holder>`. */
export const isHolderOf = (partner: string, name: string): boolean =>
  personKey(name).startsWith(`${personKey(partner)}/`)

/** What two names of one person have in common. */
export function personKey(name: string): string {
  const letters = Array.from(name.normalize('NFKD').replace(IGNORED, ''))
  return letters
    .map((letter) => LOOKS_LIKE.get(letter) ?? letter)
    .join('')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Accents of Latin, Greek and Cyrillic letters. */
export const ACCENTS = [
  [0x300, 0x36f],
  [0x483, 0x489],
  [0x1ab0, 0x1aff],
  [0x1dc0, 0x1dff],
  [0x20d0, 0x20ff],
  [0xfe20, 0xfe2f],
] as const

const IGNORED = new RegExp(`[ ${classOf(INVISIBLE)}${classOf(ACCENTS)}]`, 'gu')

/** Letters, and below each what it is read as: capitals of other alphabets, and what looks like a Latin letter. */
export const LOOK_ALIKES = [
  // Cyrillic
  ['АаВвЕеКкМмНнОоРрСсТтУуХхІіЈјЅѕԚԛԜԝԀԁҺһ', 'aabbeekkmmhhooppccttyyxxiijjssqqwwddhh'],
  ['БГДЖЗИЛПФЦЧШЩЪЫЬЭЮЯЂЄЉЊЋЏҐ', 'бгджзилпфцчшщъыьэюяђєљњћџґ'],
  // Greek
  ['ΑαΒβΕεΖζΗηΙιΚκΜμΝνΟοΡρΤτΥυΧχ', 'aabbeezzhhiikkmmnnooppttyyxx'],
  ['ΓΔΘΛΞΠΣςΦΨΩ', 'γδθλξπσσφψω'],
  // Latin
  ['ıŁłØøĐđÐðĦħŦŧɑɡɩ', 'illooddddhhttagi'],
  ['ÆŒÞẞƏŊ', 'æœþßəŋ'],
  // Signs
  ['⁄∕‐‒–—−’‘ʼ′`', "//-----'''''"],
] as const

const LOOKS_LIKE = new Map(
  LOOK_ALIKES.flatMap(([letters, looks]) => {
    const read = Array.from(looks)
    return Array.from(letters, (letter, position) => [letter, read[position] ?? letter] as const)
  }),
)
