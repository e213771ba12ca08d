import { Readable } from 'node:stream'
import { readHead } from '../../csv/head.ts'
import { LONGEST_RECORD } from '../../csv/layout.ts'
import type { OnBytes } from '../../csv/open-csv.ts'
import { type Records, readRecords } from '../../csv/records.ts'
import { workbookRecords } from '../../xlsx/workbook-records.ts'
import type { Mapping } from './mapping.ts'
import { timeWriter } from './written-times.ts'

const ZIP = Buffer.from('PK')

/**
 * Reads a statement: CSV, gzipped or not, or a workbook (.xlsx). Its first bytes tell which, not its name.
 * The numbers and dates of a workbook are written as the mapping reads them.
 */
export function statementRecords(bytes: Readable, mapping: Mapping, onBytes: OnBytes = () => {}): Records {
  let records: Records | null = null
  const opened = () => {
    if (records === null) throw new Error('the statement was not read')
    return records
  }
  return {
    async *read() {
      const { head, all } = await readHead(bytes as AsyncIterable<Buffer>, ZIP.length)
      if (head.subarray(0, ZIP.length).equals(ZIP)) {
        const given = await readHead(all, LONGEST_RECORD)
        const { decimal, sheet, dates } = mapping
        const shape = { decimal, sheet, writeDate: timeWriter(dates) }
        records = workbookRecords({ head: given.head, bytes: given.all }, shape, onBytes)
      } else records = readRecords(Readable.from(all, { objectMode: false }), mapping, onBytes)
      try {
        yield* records.read()
      } finally {
        bytes.destroy()
      }
    },
    blankRows: () => opened().blankRows(),
    contentHash: () => opened().contentHash(),
  }
}
