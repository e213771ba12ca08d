import {
  auditedTransaction,
  type CommandResult,
  type Person,
  refused,
  storedName,
} from '../operators/person-commands.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import type { Session } from '../postgres/session.ts'
import type { AnyChangeKind, ChangeKind } from './change-kind.ts'
import { differencesFrom } from './differences.ts'
import { decideRequest, findOpenRequest, insertRequest, lockRequest } from './store.ts'

/** The audit's remark on an approval without a second person. */
const ALONE = 'ONE_PERSON is set: NOBODY ELSE HAS LOOKED AT THIS'

/** Proposes a change. Nothing changes before another person approves it. */
export async function proposeChange<Payload>(
  session: Session,
  person: Person,
  kind: ChangeKind<Payload>,
  payload: Payload,
): Promise<CommandResult<{ requestId: number }>> {
  return await auditedTransaction(session, person, async () => {
    const seen = await kind.readCurrent(session, payload)
    const subject = kind.subjectOf(payload)
    const request = { kind: kind.name, subject, payload, seen, note: person.note }
    const [row] = await insertRequest(session, { ...request, proposedBy: storedName(person.by) })
    if (row !== undefined) return { is: 'done', requestId: row.requestId }
    const [open] = await findOpenRequest(session, { kind: kind.name, subject })
    return refused(
      `${open?.proposedBy ?? 'somebody'} has proposed it already: decide on request ${open?.requestId ?? ''} first (\`goldpro approvals list\`)`,
    )
  })
}

/**
 * The same for a holder of a partner's keys, whom the caller has authenticated and named to Postgres in this transaction. Its
 * name has a slash, so it is no operator's.
 */
export async function proposeAsHolder<Payload>(
  runner: StatementRunner,
  proposedBy: string,
  kind: ChangeKind<Payload>,
  payload: Payload,
): Promise<CommandResult<{ requestId: number }>> {
  const seen = await kind.readCurrent(runner, payload)
  const request = { kind: kind.name, subject: kind.subjectOf(payload), payload, seen }
  const [row] = await insertRequest(runner, { ...request, note: 'asked for over HTTP', proposedBy })
  return row === undefined
    ? refused('it waits for an approval already')
    : { is: 'done', requestId: row.requestId }
}

/** How requests are approved: the kinds there are, and whether one person is the whole team. */
export interface ApprovalRules {
  readonly kinds: readonly AnyChangeKind[]
  /** `ONE_PERSON` */
  readonly onePersonTeam: boolean
}

interface LockedRequest {
  readonly requestId: number
  readonly kind: string
  readonly payload: unknown
  readonly seen: Readonly<Record<string, unknown>>
  readonly proposedBy: string
  readonly isByAuthor: boolean
}

/**
 * Approves a request and carries its change out, both or neither. Refused to its author, and when what it changes is no
 * longer what the author saw.
 */
export async function approveChange(
  session: Session,
  person: Person,
  requestId: number,
  { kinds, onePersonTeam }: ApprovalRules,
): Promise<CommandResult<{ alone: boolean }>> {
  return await rolledBackUnlessDone(session, person, async () => {
    const locked = await lockOpen(session, requestId, person)
    if (locked.is === 'refused') return locked
    const { request } = locked
    if (request.isByAuthor && !onePersonTeam)
      return refused(
        `${request.proposedBy} proposed it, so another person must approve it (a team of one sets ONE_PERSON=true)`,
      )
    const kind = kinds.find(({ name }) => name === request.kind)
    if (kind === undefined) throw new Error(`no kind of change is called ${request.kind}`)
    const alone = request.isByAuthor
    const changed = differencesFrom(request.seen, await kind.readCurrent(session, request.payload))
    if (changed.length > 0)
      return refused(
        `it is no longer what ${request.proposedBy} saw (${changed.join('; ')}): decline request ${requestId}, and propose it again`,
      )
    await decide(session, request, person, { state: 'approved', alone })
    const by = { requestId, proposedBy: request.proposedBy, approvedBy: storedName(person.by) }
    const applied = await kind.apply(session, request.payload, by)
    return applied.is === 'done' ? { is: 'done', alone } : applied
  })
}

/** Declines a request. Its author may do so, too. */
export async function declineChange(
  session: Session,
  person: Person,
  requestId: number,
): Promise<CommandResult<object>> {
  return await auditedTransaction(session, person, async () => {
    const locked = await lockOpen(session, requestId, person)
    if (locked.is === 'refused') return locked
    await decide(session, locked.request, person, { state: 'declined', alone: false })
    return { is: 'done' }
  })
}

async function lockOpen(
  session: Session,
  requestId: number,
  { by }: Person,
): Promise<CommandResult<{ request: LockedRequest }>> {
  const [request] = await lockRequest(session, { requestId, by })
  if (request === undefined)
    return refused(`there is no request ${requestId}: see \`goldpro approvals list\``)
  if (request.state !== 'open')
    return refused(`${request.decidedBy} has ${request.state} request ${requestId}`)
  return { is: 'done', request }
}

async function decide(
  session: Session,
  { requestId }: LockedRequest,
  { by, note }: Person,
  { state, alone }: { readonly state: 'approved' | 'declined'; readonly alone: boolean },
): Promise<void> {
  const decisionNote = alone ? `${note} – ${ALONE}` : note
  await decideRequest(session, { requestId, state, decidedBy: storedName(by), decisionNote, alone })
}

/** Rolls a transaction back whose change was refused after parts of it were written. */
class RefusedChange extends Error {
  override name = 'RefusedChange'
}

async function rolledBackUnlessDone<T>(
  session: Session,
  person: Person,
  work: () => Promise<CommandResult<T>>,
): Promise<CommandResult<T>> {
  try {
    return await auditedTransaction(session, person, async () => {
      const result = await work()
      if (result.is === 'refused') throw new RefusedChange(result.message)
      return result
    })
  } catch (error) {
    if (error instanceof RefusedChange) return refused(error.message)
    throw error
  }
}
