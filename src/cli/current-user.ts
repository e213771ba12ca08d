import { userInfo } from 'node:os'
import { Option } from 'commander'
import { PERSON_EXPECTED, readPersonName } from '../core/person.ts'
import { parsedBy } from './options.ts'

/** Who acts when nobody is named. */
export function currentUser(): string {
  return readPersonName(userInfo().username) ?? `user ${userInfo().uid}`
}

/** Reads a person's name as it is kept. */
export const personName = parsedBy(readPersonName, PERSON_EXPECTED.replace(/^must be /, ''))

/** `--by`: who does it. */
export function byOption(does: string, fallback: string = currentUser()): Option {
  return new Option('--by <name>', does).argParser(personName).default(fallback)
}
