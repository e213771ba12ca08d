import { classOf, INVISIBLE, plainTextExpected, readPlainText } from './plain-text.ts'

const MOST_CHARACTERS = 200

/** The rule for names of persons, for error messages. It quotes no value. */
export const PERSON_EXPECTED = `${plainTextExpected(MOST_CHARACTERS)}, and with a letter or digit`

/** A person's name in its stored form; null when it is not a name. */
export function readPersonName(written: unknown): string | null {
  const name = readPlainText(written, MOST_CHARACTERS)
  return name !== null && /[\p{L}\p{N}]/u.test(name) && personKey(name) !== '' ? name : null
}

/**
 * Whether two names belong to one person, for decisions that need two people. Differences in spaces, case, accents, invisible
 * characters and look-alike letters of other alphabets do not count. Equal to `person_key` in Postgres, which enforces it.
 */
export const isSamePerson = (a: string, b: string): boolean => personKey(a) === personKey(b)

/** Whether a name has the form of a holder of the partner's keys: `<partner>/<holder>`. */
export const isHolderOf = (partner: string, name: string): boolean =>
  personKey(name).startsWith(`${personKey(partner)}/`)

/** The key that all names of one person share. */
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

/** Letters, and below each its replacement: capitals of other alphabets, and letters that look like Latin ones. */
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
