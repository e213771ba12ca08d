import { maskKtp, maskNumbersIn, maskPhoneNumber } from '../../core/masking.ts'
import type { OrderKind } from '../../orders/command.ts'

/** How a cell is read and how much of it may be shown. */
interface Column {
  /** Where its value stands in a job's data. */
  readonly path: readonly [string] | readonly [string, string]
  readonly reads: 'text' | 'grams' | 'rupiah'
  readonly shows: 'all' | 'phone' | 'ktp' | 'nothing'
  readonly tells: string
}

const text = (path: Column['path'], tells: string, shows: Column['shows'] = 'all'): Column => ({
  path,
  reads: 'text',
  shows,
  tells,
})
const rupiah = (path: Column['path'], tells: string): Column => ({
  path,
  reads: 'rupiah',
  shows: 'all',
  tells,
})

/** The columns of a batch file: the job contract's fields plus `kind`, laid flat. */
export const COLUMNS = {
  kind: text(['kind'], 'buy, sell, transfer or withdraw'),
  partner: text(['partner'], 'the short name of who places the order; --partner gives it to rows without'),
  reference: text(['reference'], 'your own id of the order, unique for ever'),
  phone_number: text(['phone_number'], 'the wallet: 0…, 62… or +62…; spaces and dashes are read', 'phone'),
  gold_weight: {
    path: ['gold_weight'],
    reads: 'grams',
    shows: 'all',
    tells: 'grams, at most four decimals; a withdrawal: a whole bar',
  },
  amount: rupiah(['amount'], 'whole rupiah; a buy has either this or gold_weight'),
  max_price_per_gram: rupiah(['limit', 'max_price_per_gram'], 'buy: refuse any quote above it'),
  min_price_per_gram: rupiah(['limit', 'min_price_per_gram'], 'sell: refuse any quote below it'),
  max_fee: rupiah(['limit', 'max_fee'], 'buy, sell, transfer: refuse any quote with a larger fee'),
  recipient: text(['recipient'], 'transfer: the receiving wallet', 'phone'),
  remarks: text(['remarks'], 'transfer: a note'),
  deadline: text(['deadline'], 'ISO 8601 with a zone; empty: 15 minutes after the row is sent'),
  ktp: text(['ktp'], 'withdraw: the 16 digits', 'ktp'),
  address_province: text(['address', 'province'], 'withdraw', 'nothing'),
  address_city: text(['address', 'city'], 'withdraw', 'nothing'),
  address_district: text(['address', 'district'], 'withdraw', 'nothing'),
  address_subdistrict: text(['address', 'subdistrict'], 'withdraw', 'nothing'),
  address_street: text(['address', 'address'], 'withdraw: street and number', 'nothing'),
  address_zip_code: text(['address', 'zip_code'], 'withdraw: five digits', 'nothing'),
  address_note: text(['address', 'note'], 'withdraw: a hint for the carrier', 'nothing'),
} as const satisfies Record<string, Column>
export type ColumnName = keyof typeof COLUMNS

export const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[]

/** A column of files of bad rows that tells what to mend; it is not read. */
export const PROBLEM_COLUMN = 'problem'

const COLUMN_OF_PATH = new Map(COLUMN_NAMES.map((name) => [COLUMNS[name].path.join('.'), name]))

/** The column in which a field of the job contract stands; null for a field that has none. */
export function columnOf(field: string): ColumnName | null {
  return COLUMN_OF_PATH.get(field) ?? null
}

const SHOWN_CHARACTERS = 40

/** A value as it may be shown beside its problem. */
export function maskedValue(column: ColumnName | null, value: unknown): string {
  if (value === undefined || value === '') return ''
  const written = (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replace(/\p{Cc}/gu, '?')
  switch (column === null ? 'nothing' : COLUMNS[column].shows) {
    case 'phone':
      return cut(maskPhoneNumber(written.slice(0, 20)))
    case 'ktp':
      return cut(maskKtp(written.slice(0, 20)))
    case 'nothing':
      return '(masked)'
    case 'all':
      return cut(maskNumbersIn(written))
  }
}

const cut = (shown: string) =>
  shown.length > SHOWN_CHARACTERS ? `${shown.slice(0, SHOWN_CHARACTERS)}…` : shown

/** One good row of each kind, with invented people: what `goldpro batch template` prints. */
export const TEMPLATE_ROWS: Readonly<Record<OrderKind, Partial<Record<ColumnName, string>>>> = {
  buy: {
    reference: 'PAYROLL-2027-01-0001',
    phone_number: '081234500001',
    gold_weight: '0.5',
    max_price_per_gram: '2000000',
  },
  sell: {
    reference: 'PAYROLL-2027-01-0002',
    phone_number: '081234500002',
    gold_weight: '0.25',
    min_price_per_gram: '500000',
  },
  transfer: {
    reference: 'PAYROLL-2027-01-0003',
    phone_number: '081234500001',
    gold_weight: '0.1',
    recipient: '081234500002',
    remarks: 'happy birthday',
  },
  withdraw: {
    reference: 'PAYROLL-2027-01-0004',
    phone_number: '081234500002',
    gold_weight: '2',
    ktp: '3174999901010001',
    address_province: 'DKI Jakarta',
    address_city: 'Jakarta Pusat',
    address_district: 'Gambir',
    address_subdistrict: 'Duri Pulo',
    address_street: 'Jl. Contoh 1',
    address_zip_code: '10140',
    address_note: 'pagar hijau',
  },
}
