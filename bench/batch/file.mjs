// A batch file of many rows.
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const HEADING = 'kind,reference,phone_number,gold_weight,amount,recipient,remarks,max_price_per_gram\n'
const TEXT_AT_ONCE = 65_536

const wallet = (n) => `0812${String(n % 50_000).padStart(8, '0')}`

/** Rows of several kinds, as a payroll has. */
function mixed(n) {
  if (n % 10 === 9) return `transfer,PAYROLL-${n},${wallet(n)},0.1,,081299999999,happy birthday,\n`
  if (n % 2 === 0) return `buy,PAYROLL-${n},${wallet(n)},0.5,,,,2000000\n`
  return `buy,PAYROLL-${n},${wallet(n)},,250000,,,\n`
}

/** Rows that the instant gateway executes: it quotes every order for the same rupiah. */
const executable = (n) => `buy,PAYROLL-${n},${wallet(n)},0.5,,,,\n`

function* textOf(rows, row) {
  let text = HEADING
  for (let n = 0; n < rows; n += 1) {
    text += row(n)
    if (text.length < TEXT_AT_ONCE) continue
    yield text
    text = ''
  }
  yield text
}

export function writeFile(path, rows, { isExecutable = false } = {}) {
  return pipeline(Readable.from(textOf(rows, isExecutable ? executable : mixed)), createWriteStream(path))
}
