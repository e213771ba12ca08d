import { approveChange, declineChange } from '../../approvals/commands.ts'
import { findRequest } from '../../approvals/queries.ts'
import { html } from '../../core/html.ts'
import type { CommandResult } from '../../operators/person-commands.ts'
import { approveWriteOff, declineWriteOff } from '../../reconciliation/break-commands.ts'
import { approveDeclaration, type Declared, declineDeclaration } from '../../reconciliation/declarations.ts'
import { listProposals, type ProposalRow } from '../../reconciliation/proposal-queries.ts'
import { link, safeText, section, table } from '../html/parts.ts'
import { type Answer, type Call, done } from '../route.ts'
import { hashOfRequest } from './approval-requests.ts'
import { approvalsPage, groupsOf, seenOfGroup, seenOfProposal } from './approvals.ts'

const MOST_SHOWN = 500
const personOf = (call: Call) => call.person((call.form.get('note') ?? '').trim())
const numberOf = ({ params }: Call): number => Number(/^\d{1,9}$/.exec(params.id ?? '')?.[0] ?? 0)

async function answer(call: Call, said: string, result: CommandResult<object>): Promise<Answer> {
  if (result.is === 'refused') return await approvalsPage(call, { problem: result.message })
  return done('/approvals', said)
}

/** Whether the request is no longer the one whose content the form's page showed. */
async function isOtherRequest({ database, form }: Call, requestId: number): Promise<boolean> {
  const [request] = await findRequest(database, { requestId })
  return request === undefined || hashOfRequest(request) !== form.get('seen')
}

export async function approveRequest(call: Call): Promise<Answer> {
  if (await isOtherRequest(call, numberOf(call)))
    return await approvalsPage(call, { problem: call.texts('approvals.gone') })
  const { changeKinds: kinds, onePersonTeam } = call
  const rules = { kinds, onePersonTeam }
  const result = await call.inSession((session) =>
    approveChange(session, personOf(call), numberOf(call), rules),
  )
  return await answer(call, 'approved', result)
}

export async function declineRequest(call: Call): Promise<Answer> {
  if (await isOtherRequest(call, numberOf(call)))
    return await approvalsPage(call, { problem: call.texts('approvals.gone') })
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
    if (proposal === undefined || declared === null || call.form.get('seen') !== seenOfProposal(proposal))
      return await approvalsPage(call, { problem: call.texts('approvals.gone') })
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
    const { texts, database, form } = call
    const groups = groupsOf(await listProposals(database, true, MOST_SHOWN))
    const seen = form.get('seen') ?? ''
    const group = groups.find((each) => seenOfGroup(each) === seen)
    if (group === undefined) return await approvalsPage(call, { problem: texts('approvals.gone') })
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
