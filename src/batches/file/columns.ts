import { maskKtp, maskNumbersIn, maskPhoneNumber } from '../../core/masking.ts'
import type { OrderKind } from '../../orders/command.ts'

/** A column of a batch file. */
interface Column {
  /** The path of its value in a job's data. */
  readonly path: readonly [string] | readonly [string, string]
  readonly type: 'text' | 'grams' | 'rupiah'
  /** How its value is masked where it is shown. */
  readonly mask: 'numbers' | 'phone' | 'ktp' | 'everything'
  readonly description: string
}

const text = (path: Column['path'], description: string, mask: Column['mask'] = 'numbers'): Column => ({
  path,
  type: 'text',
  mask,
  description,
})
const rupiah = (path: Column['path'], description: string): Column => ({
  path,
  type: 'rupiah',
  mask: 'numbers',
  description,
})

/** The columns of a batch file: `kind` and the fields of the job contract, one column each. */
export const COLUMNS = {
  kind: text(['kind'], 'buy, sell, transfer or withdraw'),
  partner: text(
    ['partner'],
    'the short name of the partner that places the order; --partner sets it for rows without one',
  ),
  reference: text(['reference'], 'your own id of the order; it can never be used for another one'),
  phone_number: text(['phone_number'], 'the wallet: 0…, 62… or +62…; spaces and dashes are allowed', 'phone'),
  gold_weight: {
    path: ['gold_weight'],
    type: 'grams',
    mask: 'numbers',
    description: 'grams, at most four decimals; for a withdrawal, a whole bar',
  },
  amount: rupiah(['amount'], 'whole rupiah; a buy has either amount or gold_weight'),
  max_price_per_gram: rupiah(['limit', 'max_price_per_gram'], 'buy: the highest price that a quote may have'),
  min_price_per_gram: rupiah(['limit', 'min_price_per_gram'], 'sell: the lowest price that a quote may have'),
  max_fee: rupiah(['limit', 'max_fee'], 'buy, sell, transfer: the largest fee that a quote may have'),
  recipient: text(['recipient'], 'transfer: the receiving wallet', 'phone'),
  remarks: text(['remarks'], 'transfer: a note'),
  deadline: text(['deadline'], 'ISO 8601 with a zone; if empty, 15 minutes after the row is sent'),
  ktp: text(['ktp'], 'withdraw: the 16 digits', 'ktp'),
  address_province: text(['address', 'province'], 'withdraw', 'everything'),
  address_city: text(['address', 'city'], 'withdraw', 'everything'),
  address_district: text(['address', 'district'], 'withdraw', 'everything'),
  address_subdistrict: text(['address', 'subdistrict'], 'withdraw', 'everything'),
  address_street: text(['address', 'address'], 'withdraw: street and number', 'everything'),
  address_zip_code: text(['address', 'zip_code'], 'withdraw: five digits', 'everything'),
  address_note: text(['address', 'note'], 'withdraw: a hint for the carrier', 'everything'),
} as const satisfies Record<string, Column>
export type ColumnName = keyof typeof COLUMNS

export const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[]

/** A column of files of bad rows that says what is wrong. It is not read. */
export const PROBLEM_COLUMN = 'problem'

const COLUMN_OF_PATH = new Map(COLUMN_NAMES.map((name) => [COLUMNS[name].path.join('.'), name]))

/** The column of a field of the job contract; null when it has none. */
export function columnOf(field: string): ColumnName | null {
  return COLUMN_OF_PATH.get(field) ?? null
}

const SHOWN_CHARACTERS = 40

/** A value as it may be shown with its problem. */
export function maskedValue(column: ColumnName | null, value: unknown): string {
  if (value === undefined || value === '') return ''
  const printed = (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replace(/\p{Cc}/gu, '?')
  switch (column === null ? 'everything' : COLUMNS[column].mask) {
    case 'phone':
      return cut(maskPhoneNumber(printed.slice(0, 20)))
    case 'ktp':
      return cut(maskKtp(printed.slice(0, 20)))
    case 'everything':
      return '(masked)'
    case 'numbers':
      return cut(maskNumbersIn(printed))
  }
}

const cut = (shown: string) =>
  shown.length > SHOWN_CHARACTERS ? `${shown.slice(0, SHOWN_CHARACTERS)}…` : shown

/** One good row of each kind with invented people, for `goldpro batch template`. */
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
