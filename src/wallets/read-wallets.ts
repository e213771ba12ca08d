import { createHash } from 'node:crypto'
import { PHONE_NUMBER_EXPECTED, readPhoneNumber } from '../core/phone-number.ts'
import { type Linking, MOST_LINKED, PARTNER_NAME } from './link.ts'

const MOST_BYTES = 16 * 1024 * 1024
const MOST_PROBLEMS = 20
const HEADER = ['wallet', 'partner']

/** The wallets of a file, or every problem that it has, which quotes no phone number. */
export type ReadWallets =
  | { readonly is: 'read'; readonly wallets: Linking['wallets']; readonly sha256: string }
  | { readonly is: 'refused'; readonly problems: readonly string[] }

const refused = (...problems: string[]): ReadWallets => ({ is: 'refused', problems })

/** Reads a file of wallets and their partners: CSV in UTF-8 with the header `wallet,partner`. */
export async function readWallets(bytes: AsyncIterable<Buffer>): Promise<ReadWallets> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > MOST_BYTES) return refused('the file is larger than 16 MiB: link it in parts')
    chunks.push(chunk)
  }
  const whole = Buffer.concat(chunks)
  const sha256 = createHash('sha256').update(whole).digest('hex')
  const [header = '', ...lines] = whole
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
  const delimiter = header.includes(';') ? ';' : ','
  if (String(cellsOf(header, delimiter)) !== String(HEADER))
    return refused(`line 1: must be ${HEADER.join(delimiter)}`)
  return readLines(lines, delimiter, sha256)
}

/** No value has a comma or a quote: a spreadsheet may put quotes around it. */
const cellsOf = (line: string, delimiter: string) =>
  line.split(delimiter).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))

function readLines(lines: readonly string[], delimiter: string, sha256: string): ReadWallets {
  const wallets: Linking['wallets'] = []
  const problems: string[] = []
  const lineOf = new Map<string, number>()
  for (const [position, line] of lines.entries()) {
    if (line.trim() === '') continue
    const number = position + 2
    const [written = '', partner = '', ...others] = cellsOf(line, delimiter)
    const wallet = readPhoneNumber(written)
    const before = wallet === null ? undefined : lineOf.get(wallet)
    const found = [
      ...(wallet === null ? [`wallet ${PHONE_NUMBER_EXPECTED}`] : []),
      ...(PARTNER_NAME.test(partner) ? [] : ['partner must be the name of a partner']),
      ...(others.length > 0 ? ['must have two cells'] : []),
      ...(before === undefined ? [] : [`the wallet stands in line ${before} already`]),
    ]
    problems.push(...found.map((problem) => `line ${number}: ${problem}`))
    if (wallet === null) continue
    lineOf.set(wallet, number)
    wallets.push({ phone_number: wallet, partner })
  }
  if (problems.length > 0) return refused(...problems.slice(0, MOST_PROBLEMS))
  if (wallets.length === 0) return refused('the file has no wallets')
  if (wallets.length > MOST_LINKED)
    return refused(`the file has ${wallets.length} wallets, at most ${MOST_LINKED} are linked at once`)
  return { is: 'read', wallets, sha256 }
}
