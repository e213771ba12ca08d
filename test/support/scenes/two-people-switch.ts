import { anyChangeKind } from '../../../src/approvals/change-kind.ts'
import { approveChange } from '../../../src/approvals/commands.ts'
import { closeSwitch, proposeOpening } from '../../../src/switches/commands.ts'
import { OPEN_SWITCH } from '../../../src/switches/open-switch.ts'
import { readScope } from '../../../src/switches/scope.ts'
import { inSession } from '../servers/sessions.ts'

export const ANI = { by: 'ani', note: 'the gateway answers nonsense' }
export const BUDI = { by: 'budi', note: 'the gateway is mended' }

function scopeOf(written: string) {
  const scope = readScope(written)
  if (scope === null) throw new Error(`no scope: ${written}`)
  return scope
}

/** Closes a switch as a person does. */
export async function close(databaseUrl: string, scope: string, { extendsDeadlines = false } = {}) {
  const answer = await inSession(databaseUrl, (session) =>
    closeSwitch(session, ANI, scopeOf(scope), { extendsDeadlines }),
  )
  if (answer.is === 'refused') throw new Error(answer.message)
  return answer
}

/** Opens a switch by two people. */
export async function open(databaseUrl: string, scope: string) {
  const answer = await inSession(databaseUrl, async (session) => {
    const proposed = await proposeOpening(session, ANI, scopeOf(scope))
    if (proposed.is === 'refused') return proposed
    const rules = { kinds: [anyChangeKind(OPEN_SWITCH)], onePersonTeam: false }
    return await approveChange(session, BUDI, proposed.requestId, rules)
  })
  if (answer.is === 'refused') throw new Error(answer.message)
}
