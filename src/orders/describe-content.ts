import { formatMoney, formatWeight } from '../core/format.ts'
import { maskKtp, maskPhoneNumber, maskPhoneNumbersIn } from '../core/masking.ts'

/** An order's stored content in one line for people: `0,5000 g, at most Rp 900.000 a gram`. Personal data are masked or left out. */
export function describeContent(content: Readonly<Record<string, unknown>>): string {
  return Object.entries(content)
    .flatMap(([field, value]) => describeField(field, value))
    .join(', ')
}

function describeField(field: string, value: unknown): readonly string[] {
  switch (field) {
    case 'gold_weight':
      return [formatWeight(String(value))]
    case 'amount':
      return [formatMoney(String(value))]
    case 'limit':
      return Object.entries(Object(value)).map(([name, most]) => describeLimit(name, String(most)))
    case 'recipient':
      return [`to ${maskPhoneNumber(String(value))}`]
    case 'remarks':
      return [`remarks ${maskPhoneNumbersIn(String(value))}`]
    case 'ktp':
      return [`KTP number ${maskKtp(String(value))}`]
    case 'address':
      return ['address (masked)']
    default:
      return [`${field} ${typeof value === 'object' ? JSON.stringify(value) : value}`]
  }
}

function describeLimit(name: string, rupiah: string): string {
  const amount = formatMoney(rupiah)
  switch (name) {
    case 'max_price_per_gram':
      return `at most ${amount} a gram`
    case 'min_price_per_gram':
      return `at least ${amount} a gram`
    case 'max_fee':
      return `a fee of at most ${amount}`
    default:
      return `${name} ${amount}`
  }
}
