import { userInfo } from 'node:os'
import { Option } from 'commander'
import { PERSON_EXPECTED, readPersonName } from '../core/person.ts'
import { parsedBy } from './options.ts'

/** The person of a command without `--by`: the operating system's user. */
export function currentUser(): string {
  return readPersonName(userInfo().username) ?? `user ${userInfo().uid}`
}

/** Reads a person's name into its stored form. */
export const personName = parsedBy(readPersonName, PERSON_EXPECTED.replace(/^must be /, ''))

/** `--by`: the person who gives the command, where names are declared. Where people are proven it is the token's operator. */
export function byOption(description: string, fallback: string = currentUser()): Option {
  return new Option('--by <name>', `${description}; only in a development installation (goldpro whoami)`)
    .argParser(personName)
    .default(fallback, 'the name of your account here')
}
