import { type Command, InvalidArgumentError, Option } from 'commander'
import { FILTER_FIELDS, FILTER_KEYS, type FilterField } from '../filter-fields.ts'
import type { OrderSearch } from '../queries/order-search.ts'

/** Adds the fields of the filter of orders to a command. */
export function filterOptions(command: Command): Command {
  for (const key of FILTER_KEYS) command.addOption(filterOption(FILTER_FIELDS[key]))
  return command
}

/** A field of a filter as an option. One without a value is a switch. */
export function filterOption({ option, means, expected, choices, read }: FilterField<unknown>): Option {
  if (!option.includes('<')) return new Option(`--${option}`, means)
  if (choices !== undefined) return new Option(`--${option}`, means).choices(choices)
  return new Option(`--${option}`, `${means}: ${expected}`).argParser((text: string) => {
    const value = read(text)
    if (value === null) throw new InvalidArgumentError(`must be ${expected}`)
    return value
  })
}

/** The search of given options. */
export function searchOf(options: object): OrderSearch {
  const given = options as Readonly<Record<string, unknown>>
  return Object.fromEntries(FILTER_KEYS.map((key) => [key, given[key] ?? null])) as unknown as OrderSearch
}
