/** A number of a workbook as plain digits, or why it cannot be told exactly. */
export type ExactNumber =
  | { readonly is: 'number'; readonly text: string }
  | { readonly is: 'unreadable'; readonly problem: string }

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i
/** The digits that a spreadsheet keeps of a number; more are rounded when it is typed. */
const KEPT_DIGITS = 15
const FURTHEST_EXPONENT = 30

/**
 * The number that a cell has, without an exponent, with a point before its decimals. No number is computed with.
 *
 * A spreadsheet keeps numbers in binary, and writes up to 17 digits of them: what was typed as 1.1 is in the file as
 * 1.1000000000000001. A number of more than 15 digits is therefore read as the one of 15 digits that has the same binary form,
 * which is what was typed and what is shown. If none has, such as for 0.30000000000000004, it is the result of a computation
 * and nobody's amount.
 */
export function exactNumber(raw: string): ExactNumber {
  const match = NUMBER.exec(raw)
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match ?? []
  if (match === null || whole + fraction === '') return unreadable('is not a number')
  if (Math.abs(Number(exponent)) > FURTHEST_EXPONENT) return unreadable('is far too large or too small')
  const text = shifted(whole, fraction, Number(exponent))
  const rounded = roundedTo15(text)
  // The same binary form; not a comparison of amounts.
  if (rounded !== text && Number(rounded) !== Number(text))
    return unreadable(
      'has more than the 15 digits that a spreadsheet keeps: round it to the digits that it should have, or store it as text',
    )
  if ((rounded.split('.')[0] ?? '').length > KEPT_DIGITS)
    return unreadable(
      'has more than 15 digits before the point, of which a spreadsheet keeps 15: export the column as text',
    )
  return { is: 'number', text: (sign === '-' ? '-' : '') + rounded }
}

const unreadable = (problem: string): ExactNumber => ({ is: 'unreadable', problem })

/** Moves the point. Decimals stay as they are written, also zeros at their end. */
function shifted(whole: string, fraction: string, exponent: number): string {
  const digits = whole + fraction
  const point = whole.length + exponent
  const padded = digits.padStart(digits.length + Math.max(0, 1 - point), '0')
  const at = Math.max(point, 1)
  const before = padded
    .slice(0, at)
    .padEnd(at, '0')
    .replace(/^0+(?=\d)/, '')
  const after = padded.slice(at)
  return after === '' ? before : `${before}.${after}`
}

/** The nearest number with 15 digits, counted from the first that is not zero. Shorter numbers stay as they are. */
function roundedTo15(text: string): string {
  const [whole = '', fraction = ''] = text.split('.')
  const digits = whole + fraction
  const leading = /^0*/.exec(digits)?.[0].length ?? 0
  const dropped = digits.length - leading - KEPT_DIGITS
  // Zeros at the end are no digits that were kept or lost.
  if (dropped <= 0 || /^0*$/.test(digits.slice(digits.length - dropped))) return text
  const unit = 10n ** BigInt(dropped)
  const value = (BigInt(digits) + unit / 2n) / unit
  const all = (value * unit).toString().padStart(digits.length, '0')
  const point = all.length - fraction.length
  const decimals = all.slice(point).replace(/0+$/, '')
  return decimals === '' ? all.slice(0, point) : `${all.slice(0, point)}.${decimals}`
}
