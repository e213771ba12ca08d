import { formatDecimal } from '../core/format.ts'
import { wallClockOf } from '../core/time-zone.ts'

/**
 * The columns of a batch's results for bookkeeping: the day in Jakarta, and each figure in two spellings, the plain one
 * (`1234567`, `0.5000`) and the Indonesian one (`1.234.567,00`, `0,5000`), so that a spreadsheet of either language reads it as a
 * number. There is no line of totals: a sum over the column would count it again.
 */
export const ACCOUNTING_COLUMNS = [
  'row',
  'date',
  'time',
  'partner',
  'reference',
  'kind',
  'outcome',
  'reason',
  'order_id',
  'session_id',
  'grams',
  'gram_indonesia',
  'rupiah',
  'rupiah_indonesia',
  'fee',
  'biaya_indonesia',
] as const

/** What of a row's result is booked. The figures are the executed transaction's, as Postgres prints them. */
export interface AccountedRow {
  readonly gold_weight: string | null
  readonly amount: string | null
  readonly fee: string | null
  readonly settled_at: Date | null
}

const clock = wallClockOf('Asia/Jakarta')

/** A row of results with the columns of bookkeeping. Figures are empty where nothing was executed. */
export function accountingRowOf<Row extends AccountedRow>(row: Row) {
  const { gold_weight: grams, amount, fee, settled_at: settledAt } = row
  const local = settledAt === null ? null : new Date(clock.localOf(settledAt)).toISOString()
  return {
    ...row,
    date: local?.slice(0, 10) ?? null,
    time: local?.slice(11, 19) ?? null,
    grams,
    gram_indonesia: grams === null ? null : formatDecimal(grams),
    rupiah: amount,
    rupiah_indonesia: rupiahInIndonesian(amount),
    fee,
    biaya_indonesia: rupiahInIndonesian(fee),
  }
}

/** Rupiah with the two decimals that bookkeeping writes: `1.234.567,00`. */
const rupiahInIndonesian = (digits: string | null): string | null =>
  digits === null ? null : formatDecimal(`${digits}.00`)
