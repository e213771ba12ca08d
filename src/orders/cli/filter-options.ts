import { type Command, InvalidArgumentError, Option } from 'commander'
import { FILTER_FIELDS, FILTER_KEYS } from '../filter-fields.ts'
import type { OrderSearch } from '../queries/order-search.ts'

/** Adds the fields of the filter of orders to a command. */
export function filterOptions(command: Command): Command {
  for (const key of FILTER_KEYS) {
    const { option, means, expected, choices, read } = FILTER_FIELDS[key]
    const own = new Option(`--${option}`, choices === undefined ? `${means}: ${expected}` : means)
    if (choices !== undefined) own.choices(choices)
    else
      own.argParser((text: string) => {
        const value = read(text)
        if (value === null) throw new InvalidArgumentError(`must be ${expected}`)
        return value
      })
    command.addOption(own)
  }
  return command
}

/** The search of given options. */
export function searchOf(options: object): OrderSearch {
  const given = options as Readonly<Record<string, unknown>>
  return Object.fromEntries(FILTER_KEYS.map((key) => [key, given[key] ?? null])) as unknown as OrderSearch
}
