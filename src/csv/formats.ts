import { FileRefused } from './file-refused.ts'

/** A format that is often sent instead of CSV, recognised by its first bytes. */
interface ForeignFormat {
  readonly matches: (head: Head) => boolean
  /** Completes the sentence "the file is …". */
  readonly sentence: string
}

interface Head {
  readonly bytes: Buffer
  /** The beginning in lower case, without a byte order mark and leading white space. */
  readonly text: string
  /** The names of the entries of a zip archive, as far as the beginning has them. */
  readonly entries: readonly string[]
}

const SAVE_AS_CSV = 'open it in a spreadsheet and save the sheet as "CSV UTF-8"'

const bytes = (...signature: number[]) => {
  const expected = Buffer.from(signature)
  return (head: Head) => head.bytes.subarray(0, expected.length).equals(expected)
}
const text = (pattern: RegExp) => (head: Head) => pattern.test(head.text)
const zipWith = (pattern: RegExp) => (head: Head) => head.entries.some((entry) => pattern.test(entry))

/** An archive with entries, an empty one, and one in several parts. */
const ZIP_SIGNATURES = [bytes(0x50, 0x4b, 3, 4), bytes(0x50, 0x4b, 5, 6), bytes(0x50, 0x4b, 7, 8)]

/** In order: the first that matches is reported. */
const FOREIGN_FORMATS: readonly ForeignFormat[] = [
  { matches: zipWith(/^xl\//i), sentence: `an Excel workbook (.xlsx), not CSV: ${SAVE_AS_CSV}` },
  {
    matches: zipWith(/^(word|ppt)\//i),
    sentence: 'an Office document, not CSV: ask the sender for a CSV file',
  },
  {
    matches: zipWith(/^\[Content_Types\]\.xml$/i),
    sentence: `an Office file such as an Excel workbook (.xlsx), not CSV: ${SAVE_AS_CSV}`,
  },
  { matches: zipWith(/\.iwa$/i), sentence: `a Numbers spreadsheet, not CSV: ${SAVE_AS_CSV}` },
  {
    matches: (head) => head.entries[0] === 'mimetype' && head.text.includes('opendocument'),
    sentence: `an OpenDocument file (.ods), not CSV: ${SAVE_AS_CSV}`,
  },
  {
    matches: (head) => ZIP_SIGNATURES.some((matches) => matches(head)),
    sentence: 'a zip archive: unpack it and give the CSV file inside',
  },
  {
    matches: bytes(0xd0, 0xcf, 0x11, 0xe0),
    sentence: `an Excel workbook (.xls, or one with a password), not CSV: ${SAVE_AS_CSV}`,
  },
  { matches: text(/^%pdf-/), sentence: 'a PDF document, not CSV: ask the sender for a CSV file' },
  {
    matches: text(/^<\?xml[\s\S]*(mso-application|office:spreadsheet)/),
    sentence: `an Excel workbook in XML (.xls), not CSV: ${SAVE_AS_CSV}`,
  },
  {
    matches: text(/^<(!--|(\?xml|!doctype|html|head|body|title|meta|table|div|style|script)\b)/),
    sentence: `an HTML or XML page, not CSV: where it shows the table, ${SAVE_AS_CSV}; where it is a login or error page, download the file again`,
  },
  { matches: text(/^\[\s*[[{]/), sentence: 'a JSON array, not CSV: ask the sender for a CSV file' },
  { matches: text(/^\{\\rtf/), sentence: 'an RTF document, not CSV: save it as plain text' },
  { matches: text(/^-----begin pgp/), sentence: 'encrypted with PGP: decrypt it first' },
  { matches: bytes(0x1f, 0x8b), sentence: 'gzipped: unpack it first' },
  { matches: bytes(0x42, 0x5a, 0x68), sentence: 'packed with bzip2: unpack it first' },
  { matches: bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), sentence: 'packed with xz: unpack it first' },
  { matches: bytes(0x28, 0xb5, 0x2f, 0xfd), sentence: 'packed with zstd: unpack it first' },
  {
    matches: bytes(0x37, 0x7a, 0xbc, 0xaf),
    sentence: 'a 7z archive: unpack it and give the CSV file inside',
  },
  { matches: text(/^rar!/), sentence: 'a RAR archive: unpack it and give the CSV file inside' },
  {
    matches: ({ bytes }) => bytes.subarray(257, 262).equals(Buffer.from('ustar')),
    sentence: 'a tar archive: unpack it and give the CSV file inside',
  },
]

/** Bytes that are searched for a signature in text. */
const SEARCHED_BYTES = 4_096

/**
 * Refuses a file that begins like another format.
 * @throws FileRefused that names the format and what to do
 */
export function refuseForeignFormat(head: Buffer, what = 'the file'): void {
  const given: Head = {
    bytes: head,
    text: withoutMark(head).toString('latin1', 0, SEARCHED_BYTES).trimStart().toLowerCase(),
    entries: zipEntries(head),
  }
  const format = FOREIGN_FORMATS.find(({ matches }) => matches(given))
  if (format !== undefined) throw new FileRefused(`${what} is ${format.sentence}`)
}

/** Whether a zip archive begins as workbooks do. It may be another Office file. */
export function mayBeWorkbook(head: Buffer): boolean {
  return zipEntries(head).some((entry) => /^(xl|_rels|docProps)\/|^\[Content_Types\]\.xml$/i.test(entry))
}

/** The entry names in the local headers of a zip archive. */
function zipEntries(head: Buffer): string[] {
  const signature = Buffer.from([0x50, 0x4b, 3, 4])
  if (!head.subarray(0, 4).equals(signature)) return []
  const names: string[] = []
  for (let at = 0; at !== -1 && at + 30 <= head.length; at = head.indexOf(signature, at + 4)) {
    const nameLength = head.readUInt16LE(at + 26)
    names.push(head.toString('latin1', at + 30, at + 30 + nameLength))
  }
  return names
}

export type ByteOrderMark = 'utf-8' | 'utf-16le' | 'utf-16be'

const MARKS: readonly [ByteOrderMark, Buffer][] = [
  ['utf-8', Buffer.from([0xef, 0xbb, 0xbf])],
  ['utf-16le', Buffer.from([0xff, 0xfe])],
  ['utf-16be', Buffer.from([0xfe, 0xff])],
]

/** The encoding that a file's byte order mark declares; null when it has none. */
export function byteOrderMark(head: Buffer): ByteOrderMark | null {
  return MARKS.find(([, mark]) => head.subarray(0, mark.length).equals(mark))?.[0] ?? null
}

/** The bytes after a byte order mark. */
export function withoutMark(head: Buffer): Buffer {
  const mark = MARKS.find(([, bytes]) => head.subarray(0, bytes.length).equals(bytes))?.[1]
  return mark === undefined ? head : head.subarray(mark.length)
}

/** The UTF-16 encoding that a file without a byte order mark seems to have: every second byte of Latin text is zero. */
export function guessUtf16(head: Buffer): 'utf-16le' | 'utf-16be' | null {
  const sample = head.subarray(0, 512)
  if (sample.length < 4) return null
  const zeros = [0, 0]
  for (const [at, byte] of sample.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  if (Math.max(even, odd) < sample.length / 4 || Math.min(even, odd) > sample.length / 8) return null
  return odd > even ? 'utf-16le' : 'utf-16be'
}
