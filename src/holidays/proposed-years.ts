import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Holiday } from './calendar.ts'
import { readHolidays } from './read-holidays.ts'

/** The file of holidays that comes with the program, as its proposals name it. */
export const SHIPPED_FILE = 'assets/holidays/indonesia.csv'
const SHIPPED = fileURLToPath(new URL(`../../${SHIPPED_FILE}`, import.meta.url))

/** The holidays of Indonesia that come with the program. People confirm them: nothing holds before two have. */
export async function readShippedHolidays(): Promise<readonly Holiday[]> {
  const read = await readHolidays(createReadStream(SHIPPED))
  if (read.is === 'refused') throw new Error(`${SHIPPED_FILE}: ${read.problems.join('; ')}`)
  return read.holidays
}
