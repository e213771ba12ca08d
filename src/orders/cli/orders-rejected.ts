import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { printCsv } from '../../cli/csv.ts'
import { parsedBy } from '../../cli/options.ts'
import { shownText, shownTextOrNull } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { readMoment } from '../filter-fields.ts'
import { type Rejection, sumRejections } from '../queries/rejected-orders.ts'

const HOUR = 3_600_000
const UNITS: Readonly<Record<string, number>> = { m: HOUR / 60, h: HOUR, d: 24 * HOUR }

/** A time, or how long ago it was: `24h`, `7d`. */
export function readSince(text: string): Date | null {
  const [, count, unit = ''] = /^(\d{1,4})([mhd])$/.exec(text) ?? []
  return count === undefined ? readMoment(text) : new Date(Date.now() - Number(count) * (UNITS[unit] ?? 0))
}

/** `goldpro orders rejected` */
export function rejectedCommand(): Command {
  return new Command('rejected')
    .description('count the orders that ended rejected since a time, by what the gateway said')
    .option(
      '--since <time>',
      'how long ago (30m, 24h, 7d), a day, or a minute in Jakarta',
      parsedBy(readSince, 'such as 24h, 7d, 2026-02-09 or 2026-02-09T08:00'),
    )
    .option('--json', 'print JSON lines')
    .option('--csv', 'print CSV')
    .addHelpText(
      'after',
      '\nWithout --since: the last 24 hours.\n\nExample:\n  $ goldpro orders rejected --since 7d',
    )
    .action(async ({ since, json, csv }: { since?: Date; json?: true; csv?: true }) => {
      const from = since ?? new Date(Date.now() - 24 * HOUR)
      const found = await withDatabase(await settingsHere(), (database) => sumRejections(database, from))
      const rows = found.map(shownRejection)
      if (csv) return printCsv(CSV_COLUMNS, rows.map(csvRow))
      if (json) for (const row of rows) console.log(JSON.stringify(row))
      else console.log(rows.length === 0 ? `no order ended rejected since ${shownTime(from)}` : asTable(rows))
    })
}

/** The gateway's words may have a phone number. */
const shownRejection = (row: Rejection): Rejection => ({
  ...row,
  message: shownTextOrNull(row.message),
  example: shownText(row.example),
})

const CSV_COLUMNS = ['reason', 'message', 'orders', 'partners', 'first_at', 'last_at', 'example']
const csvRow = ({ reason, message, count, partners, firstAt, lastAt, example }: Rejection) => [
  ...[reason, message, count, partners],
  ...[firstAt, lastAt, example],
]

const asTable = (rows: readonly Rejection[]): string =>
  table(
    ['orders', 'partners', 'reason', 'the gateway’s message', 'last', 'example'],
    rows.map(({ count, partners, reason, message, lastAt, example }) => [
      ...[count, partners, reason, message ?? '(refused here)'],
      ...[shownTime(lastAt), example],
    ]),
  )
