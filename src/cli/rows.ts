import { type Command, Option } from 'commander'
import { printCsv } from './csv.ts'

/** How rows are printed: as text for people, or as one of these for programs. */
export interface RowFormat {
  readonly json?: true | undefined
  readonly csv?: true | undefined
}

/** Adds `--json` and `--csv`, which every list has. */
export function rowFormatOptions(command: Command): Command {
  return command
    .addOption(new Option('--json', 'print JSON lines').conflicts('csv'))
    .addOption(new Option('--csv', 'print CSV, with the fields of --json as columns'))
}

/** Prints a list for people, or only its rows for a program. */
export function printRows(
  { json, csv }: RowFormat,
  { jsonLines, text }: { readonly jsonLines: () => readonly string[]; readonly text: () => string },
): void {
  if (csv) printCsvOf(jsonLines())
  else if (json) for (const line of jsonLines()) console.log(line)
  else console.log(text())
}

/** A column for each field, in the order in which fields first come. A field with parts stays JSON. */
function printCsvOf(lines: readonly string[]): void {
  if (lines.length === 0) return
  const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cell = (value: unknown) =>
    typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')
  printCsv(
    columns,
    rows.map((row) => columns.map((name) => cell(row[name]))),
  )
}

/** Each of these as a line of JSON. */
export const jsonLinesOf = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row))
