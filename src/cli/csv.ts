import { stringify } from 'csv-stringify/sync'

/** Prints rows as CSV under their columns, with a quote before what a spreadsheet would run as a formula. */
export function printCsv(columns: readonly string[], rows: readonly (readonly unknown[])[]): void {
  const text = stringify([columns, ...rows], {
    escape_formulas: true,
    cast: { date: (value) => value.toISOString() },
  })
  console.log(text.trimEnd())
}
