import { approveChange, declineChange } from '../../approvals/commands.ts'
import { findRequest } from '../../approvals/queries.ts'
import { html } from '../../core/html.ts'
import type { CommandResult } from '../../operators/person-commands.ts'
import { approveWriteOff, declineWriteOff } from '../../reconciliation/break-commands.ts'
import { approveDeclaration, type Declared, declineDeclaration } from '../../reconciliation/declarations.ts'
import { listProposals, type ProposalRow } from '../../reconciliation/proposal-queries.ts'
import { link, safeText, section, table } from '../html/parts.ts'
import { type Answer, type Call, done } from '../route.ts'
import { staleness } from '../stale.ts'
import { groupsOf, readShownGroup } from './approval-groups.ts'
import { readShownRequest } from './approval-requests.ts'
import { approvalsPage } from './approvals.ts'
import { readShownProposal } from './proposal-facts.ts'

const MOST_SHOWN = 500
const personOf = (call: Call) => call.person((call.form.get('note') ?? '').trim())
const numberOf = ({ params }: Call): number => Number(/^\d{1,9}$/.exec(params.id ?? '')?.[0] ?? 0)

async function answer(call: Call, said: string, result: CommandResult<object>): Promise<Answer> {
  if (result.is === 'refused') return await approvalsPage(call, { problem: result.message })
  return done('/approvals', said)
}

/** Why a request is not what the form's page showed; null when it is. */
async function whyOtherRequest(call: Call): Promise<string | null> {
  const [request] = await findRequest(call.database, { requestId: numberOf(call) })
  const isOpen = request?.state === 'open'
  return staleness(call, isOpen ? await readShownRequest(call, request) : null)
}

export async function approveRequest(call: Call): Promise<Answer> {
  const problem = await whyOtherRequest(call)
  if (problem !== null) return await approvalsPage(call, { problem })
  const { changeKinds: kinds, onePersonTeam } = call
  const rules = { kinds, onePersonTeam }
  const result = await call.inSession((session) =>
    approveChange(session, personOf(call), numberOf(call), rules),
  )
  return await answer(call, 'approved', result)
}

export async function declineRequest(call: Call): Promise<Answer> {
  const problem = await whyOtherRequest(call)
  if (problem !== null) return await approvalsPage(call, { problem })
  const result = await call.inSession((session) => declineChange(session, personOf(call), numberOf(call)))
  return await answer(call, 'declined', result)
}

/** The declaration that a proposal is about; null for other decisions, which have a page of their own. */
function declaredBy({ decision, statementId, source }: ProposalRow): Declared | null {
  if (statementId !== null) return { is: 'statement', statementId }
  if (source !== null) return { is: 'source', source }
  return decision === 'lag_shortened' ? { is: 'lag' } : null
}

/** Decides about a declaration, if the proposal that the person saw is still the open one. */
const onDeclaration =
  (said: string, decide: (call: Call, declared: Declared) => Promise<CommandResult<object>>) =>
  async (call: Call): Promise<Answer> => {
    const open = await listProposals(call.database, true, MOST_SHOWN)
    const proposal = open.find(({ proposalId }) => proposalId === numberOf(call))
    const declared = proposal === undefined ? null : declaredBy(proposal)
    const isOpen = proposal !== undefined && declared !== null
    const problem = staleness(call, isOpen ? await readShownProposal(call, proposal) : null)
    if (!isOpen || problem !== null)
      return await approvalsPage(call, { problem: problem ?? call.texts('approvals.gone') })
    return await answer(call, said, await decide(call, declared))
  }

export const approveProposal = onDeclaration('approved', (call, declared) =>
  call.inSession((session) => approveDeclaration(session, declared, personOf(call), call.onePersonTeam)),
)
export const declineProposal = onDeclaration('declined', (call, declared) =>
  call.inSession((session) => declineDeclaration(session, declared, personOf(call))),
)

/** Decides about each write-off of a group, with a result for each. */
const onGroup =
  (isApproval: boolean) =>
  async (call: Call): Promise<Answer> => {
    const { texts, database } = call
    const group = groupsOf(await listProposals(database, true, MOST_SHOWN)).find(({ proposals }) =>
      proposals.some(({ proposalId }) => proposalId === numberOf(call)),
    )
    const problem = staleness(call, group === undefined ? null : await readShownGroup(call, group))
    if (group === undefined || problem !== null)
      return await approvalsPage(call, { problem: problem ?? texts('approvals.gone') })
    const results = await call.inSession(async (session) => {
      const rows: [number, CommandResult<object>][] = []
      for (const { breakId } of group.proposals) {
        if (breakId === null) continue
        const result = isApproval
          ? await approveWriteOff(session, breakId, personOf(call), call.onePersonTeam)
          : await declineWriteOff(session, breakId, personOf(call))
        rows.push([breakId, result])
      }
      return rows
    })
    const columns = [{ heading: texts('col.break') }, { heading: texts('col.outcome') }]
    const rows = results.map(([breakId, result]) => [
      link(`/breaks/${breakId}`, String(breakId)),
      result.is === 'done'
        ? `✓ ${texts(isApproval ? 'done.written_off' : 'done.declined')}`
        : `✕ ${safeText(result.message)}`,
    ])
    const title = texts('breaks.results')
    return await approvalsPage(call, {
      results: html`${section(title, table(title, columns, rows), 'results')}`,
    })
  }

export const approveGroup = onGroup(true)
export const declineGroup = onGroup(false)
