import type { FileHandle } from 'node:fs/promises'
import { type Entry, fromFdPromise, type ZipFile } from 'yauzl'
import { FileRefused } from '../csv/file-refused.ts'
import { LIMITS } from './limits.ts'

/** The parts of a workbook's zip archive. Their names are only compared: no path of them is ever opened. */
export interface Archive {
  has(name: string): boolean
  /** @throws FileRefused when there is no such part, or it is larger than a part may be */
  read(name: string): AsyncGenerator<Buffer>
  /** The bytes of a small part. @throws FileRefused */
  readSmall(name: string): Promise<Buffer>
}

/**
 * Reads the directory of a zip archive.
 * @throws FileRefused when it is damaged, encrypted or has too many parts
 */
export async function openArchive(file: FileHandle): Promise<Archive> {
  const options = { autoClose: false, lazyEntries: true, validateEntrySizes: true }
  const zip = await fromFdPromise(file.fd, options).catch(refuseDamaged)
  const entries = await entriesOf(zip).catch(refuseDamaged)
  let left: number = LIMITS.unpackedBytes
  const entryOf = (name: string): Entry => {
    const entry = entries.get(keyOf(name))
    if (entry === undefined) throw new DamagedWorkbook(`it has no part ${JSON.stringify(name.slice(0, 100))}`)
    refuseOversize(entry)
    return entry
  }
  const counted = new Set<Entry>()
  async function* read(entry: Entry): AsyncGenerator<Buffer> {
    // A sheet is read a few times: to find whether it has values, its merged cells, and its rows.
    if (!counted.has(entry)) left -= entry.uncompressedSize
    counted.add(entry)
    if (left < 0) throw tooLarge()
    try {
      yield* (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>
    } catch (error) {
      refuseDamaged(error)
    }
  }
  return {
    has: (name) => entries.has(keyOf(name)),
    read: (name) => read(entryOf(name)),
    async readSmall(name) {
      const entry = entryOf(name)
      if (entry.uncompressedSize > LIMITS.smallPartBytes) throw tooLarge()
      const chunks: Buffer[] = []
      for await (const chunk of read(entry)) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
  }
}

/** What is wrong with the archive is the file's fault; a disk that cannot be read is not, and names a call of the system. */
function refuseDamaged(error: unknown): never {
  if (error instanceof FileRefused || (error as NodeJS.ErrnoException).syscall !== undefined) throw error
  throw new DamagedWorkbook('its zip archive cannot be read')
}

/** A workbook that contradicts itself, or of which a part is missing. */
export class DamagedWorkbook extends FileRefused {
  constructor(why: string) {
    super(
      `the workbook is damaged or cut off (${why}): get the file again, or save it again in a spreadsheet`,
    )
  }
}

/** Part names are compared without case. */
const keyOf = (name: string) => name.replace(/^\//, '').toLowerCase()

async function entriesOf(zip: ZipFile): Promise<ReadonlyMap<string, Entry>> {
  if (zip.entryCount > LIMITS.entries) throw tooManyParts()
  const entries = new Map<string, Entry>()
  for await (const entry of zip.eachEntry()) {
    if (entries.size >= LIMITS.entries) throw tooManyParts()
    if (entry.isEncrypted()) throw new FileRefused('the zip archive is encrypted: save it without a password')
    const key = keyOf(entry.fileName)
    if (entries.has(key)) throw new DamagedWorkbook('two of its parts have the same name')
    entries.set(key, entry)
  }
  return entries
}

/** The archive tells the sizes, and reading a part that has other ones fails. */
function refuseOversize({ compressedSize, uncompressedSize }: Entry): void {
  if (uncompressedSize > LIMITS.unpackedBytes) throw tooLarge()
  if (uncompressedSize > LIMITS.freeBytes && uncompressedSize > compressedSize * LIMITS.ratio)
    throw tooLarge()
}

const tooLarge = () =>
  new FileRefused(
    'the workbook unpacks to far more than a statement has: remove what is not the table, or save the sheet as "CSV UTF-8"',
  )

const tooManyParts = () =>
  new FileRefused(
    `the zip archive has more than ${LIMITS.entries} parts: it is not a workbook of one table; save the sheet as "CSV UTF-8"`,
  )
