import { anyChangeKind } from '../../../src/approvals/change-kind.ts'
import { approveChange, proposeChange } from '../../../src/approvals/commands.ts'
import { CHANGE_HOLIDAYS } from '../../../src/holidays/change-holidays.ts'
import { inSession } from '../servers/sessions.ts'

/** Sets the holidays of the years of these days, by two people. */
export async function setHolidays(
  databaseUrl: string,
  names: Readonly<Record<string, string>>,
): Promise<void> {
  const holidays = Object.entries(names).map(([day, name]) => ({ day, name, source: null }))
  await inSession(databaseUrl, async (session) => {
    const change = { file: 'holidays.csv', holidays }
    const proposed = await proposeChange(session, { by: 'ani', note: 'the decree' }, CHANGE_HOLIDAYS, change)
    if (proposed.is === 'refused') throw new Error(proposed.message)
    const rules = { kinds: [anyChangeKind(CHANGE_HOLIDAYS)], onePersonTeam: false }
    const answer = await approveChange(session, { by: 'budi', note: 'compared' }, proposed.requestId, rules)
    if (answer.is === 'refused') throw new Error(answer.message)
  })
}
