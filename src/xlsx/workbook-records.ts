import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { FileRecord, Records } from '../csv/records.ts'
import { openArchive } from './archive.ts'
import type { CellStyle } from './cells.ts'
import { findMerges } from './merges.ts'
import { readStyles } from './number-formats.ts'
import { readWorkbookParts } from './package-parts.ts'
import { type RowReader, rowReader } from './rows.ts'
import { readSharedStrings } from './shared-strings.ts'
import { chosenSheet } from './sheets.ts'
import { spoolFile } from './spool.ts'
import { readXml } from './xml.ts'

/** How a workbook is read. */
export interface WorkbookShape extends CellStyle {
  /** The sheet's name; null: the only visible one with a value. */
  readonly sheet: string | null
}

/** The bytes of a file and its beginning, which was read ahead. */
export interface GivenWorkbook {
  readonly head: Buffer
  /** All bytes, including the head. */
  readonly bytes: AsyncIterable<Buffer>
}

/**
 * Reads a sheet of a workbook (.xlsx) as the records that `readRecords` reads of CSV. Memory is bounded, whatever the workbook
 * has; it is kept in a temporary file meanwhile. The hash is that of the cells, so that the same table saved twice is the same.
 */
export function workbookRecords(
  { head, bytes }: GivenWorkbook,
  shape: WorkbookShape,
  onBytes: (count: number) => void,
): Records {
  const hash = createHash('sha256')
  let rows: RowReader | null = null
  return {
    async *read() {
      const file = await spoolFile(bytes, onBytes)
      try {
        const sheet = await openSheet(file, head, shape)
        rows = sheet.rows
        for await (const _ of sheet.reading) {
          const records = rows.take()
          for (const record of records) hash.update(canonical(record))
          if (records.length > 0) yield records
        }
      } finally {
        await file.close()
      }
    },
    blankRows: () => rows?.blankRows() ?? 0,
    contentHash: () => hash.digest('hex'),
  }
}

async function openSheet(file: FileHandle, head: Buffer, shape: WorkbookShape) {
  const archive = await openArchive(file)
  const parts = await readWorkbookParts(archive, head)
  const { part } = await chosenSheet(archive, parts.sheets, shape.sheet)
  const merges = await findMerges(archive.read(part))
  const context = {
    decimal: shape.decimal,
    writeDate: shape.writeDate,
    from1904: parts.from1904,
    styles: await readStyles(archive, parts.styles),
    strings: await readSharedStrings(archive, parts.sharedStrings),
  }
  const rows = rowReader(context, merges)
  return { rows, reading: readXml(archive.read(part), rows.handler) }
}

/** Text that two records share only if they are equal. */
function canonical({ cells, lineNumber, unreadable }: FileRecord): string {
  const last = cells.findLastIndex((cell) => cell !== '')
  return `${JSON.stringify([lineNumber, cells.slice(0, last + 1), [...(unreadable ?? [])]])}\n`
}
