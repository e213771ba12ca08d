import { FileRefused } from '../../csv/file-refused.ts'

/** The same rows, refused as a whole once there are too many. */
export async function* atMost<Row>(mostRows: number, rows: AsyncGenerator<Row[]>): AsyncGenerator<Row[]> {
  let count = 0
  for await (const some of rows) {
    count += some.length
    if (count > mostRows) throw new FileRefused(`the file has more than ${mostRows} rows: split it`)
    yield some
  }
}

/** Refuses what has a header and nothing under it, or nothing at all. */
export function refuseEmpty(rowCount: number): void {
  if (rowCount === 0) throw new FileRefused('the file has no rows: see `goldpro batch template`')
}
