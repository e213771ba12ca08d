import type { CommandResult } from '../../../src/operators/person-commands.ts'
import {
  approveWriteOff,
  assignBreak,
  declineWriteOff,
  noteOnBreak,
  proposeWriteOff,
} from '../../../src/reconciliation/break-commands.ts'
import type { ProposedExecution } from '../../../src/reconciliation/proposal-facts.ts'
import {
  approveResolution,
  declineResolution,
  proposeResolution,
} from '../../../src/reconciliation/resolve-doubt.ts'
import { inSession } from '../servers/sessions.ts'

export const ANI = { by: 'ani', note: 'looked it up' }
export const BUDI = { by: 'budi', note: 'seen too' }

export const EXECUTION: ProposedExecution = {
  sessionId: null,
  responseId: null,
  goldWeight: null,
  amount: null,
  fee: null,
}

type Answer = Promise<CommandResult<object>>
interface Asked {
  readonly by: string
  readonly note: string
}

/** What people may do, each as a command of its own would do it: on a connection of its own. */
export function peopleOf(databaseUrl: string) {
  return {
    assign: (breakId: number, by: string, to: string): Answer =>
      inSession(databaseUrl, (session) => assignBreak(session, breakId, { by, to })),
    note: (breakId: number, person: Asked): Answer =>
      inSession(databaseUrl, (session) => noteOnBreak(session, breakId, person)),
    propose: (breakId: number, person: Asked): Answer =>
      inSession(databaseUrl, (session) => proposeWriteOff(session, breakId, person)),
    approve: (breakId: number, person: Asked, onePersonTeam = false): Answer =>
      inSession(databaseUrl, (session) => approveWriteOff(session, breakId, person, onePersonTeam)),
    reject: (breakId: number, person: Asked): Answer =>
      inSession(databaseUrl, (session) => declineWriteOff(session, breakId, person)),
    resolve: (
      orderId: string,
      person: Asked,
      executed: Partial<ProposedExecution> | null,
      evidence = 'a letter of 10 February',
    ): Answer =>
      inSession(databaseUrl, (session) =>
        proposeResolution(session, {
          ...person,
          orderId,
          evidence,
          executed: executed === null ? null : { ...EXECUTION, ...executed },
        }),
      ),
    approveResolution: (orderId: string, person: Asked, onePersonTeam = false): Answer =>
      inSession(databaseUrl, (session) => approveResolution(session, orderId, person, onePersonTeam)),
    declineResolution: (orderId: string, person: Asked): Answer =>
      inSession(databaseUrl, (session) => declineResolution(session, orderId, person)),
  }
}

export type People = ReturnType<typeof peopleOf>
