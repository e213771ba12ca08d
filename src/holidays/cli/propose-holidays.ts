import { proposeChange } from '../../approvals/commands.ts'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { openFile } from '../../cli/open-file.ts'
import { shownText } from '../../cli/shown-text.ts'
import type { Person } from '../../operators/person-commands.ts'
import type { Holiday } from '../calendar.ts'
import { CHANGE_HOLIDAYS, differencesOf, type HolidayChange } from '../change-holidays.ts'
import { readShippedHolidays, SHIPPED_FILE } from '../proposed-years.ts'
import { readHolidays } from '../read-holidays.ts'
import { listHolidaysOf, yearsOf } from '../store.ts'

interface ProposeOptions extends Person {
  readonly json?: true
}

/** `goldpro holidays import` */
export async function importHolidays(file: string, options: ProposeOptions): Promise<void> {
  const given = await openFile(file)
  const read = await readHolidays(given.bytes)
  if (read.is === 'refused') throw new Failure(1, `nothing was proposed: ${read.problems.join('; ')}`)
  await propose({ file: given.name, holidays: read.holidays }, options)
}

/** `goldpro holidays propose` */
export async function proposeYear(year: number, options: ProposeOptions): Promise<void> {
  const shipped = await readShippedHolidays()
  const holidays = shipped.filter(({ day }) => day.startsWith(`${year}-`))
  if (holidays.length === 0)
    throw new Failure(
      1,
      `the program comes with the holidays of ${yearsOf(shipped).join(' and ')}: write those of ${year} into a file, and import it`,
    )
  await propose({ file: SHIPPED_FILE, holidays }, options)
}

async function propose(change: HolidayChange, { json, ...person }: ProposeOptions): Promise<void> {
  const years = yearsOf(change.holidays)
  const { requestId, current } = await withSessionHere(await settingsHere(), async (session) => {
    const current = await listHolidaysOf(session, { years })
    const answer = await proposeChange(session, person, CHANGE_HOLIDAYS, change)
    if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
    return { requestId: answer.requestId, current }
  })
  const differences = differencesOf(current, change.holidays)
  if (json) {
    console.log(JSON.stringify({ requestId, years, holidays: change.holidays, ...differences }))
    return
  }
  console.log(`request ${requestId}: holidays of ${years.join(' and ')}, from ${shownText(change.file)}`)
  for (const line of linesOf(differences)) console.log(line)
  console.log(
    `nothing changes until another person runs \`goldpro approvals approve ${requestId} --note "…"\``,
  )
  const expected = change.holidays.filter(({ source }) => source?.startsWith('EXPECTED') === true)
  if (expected.length > 0)
    console.error(
      `${expected.length} of them are only EXPECTED: compare them with the decree before you approve`,
    )
}

function linesOf({ added, removed, renamed }: ReturnType<typeof differencesOf>): string[] {
  const line = (mark: string) => (holiday: Holiday) => `  ${mark} ${holiday.day} ${shownText(holiday.name)}`
  const lines = [...added.map(line('+')), ...removed.map(line('-')), ...renamed.map(line('~'))]
  return lines.length === 0 ? ['  the days and names are those that hold already'] : lines
}
