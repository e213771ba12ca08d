import { proposeChange } from '../../approvals/commands.ts'
import { isSamePerson, PERSON_EXPECTED, readPersonName } from '../../core/person.ts'
import type { Session } from '../../postgres/session.ts'
import type { Role } from '../enums.ts'
import {
  auditedTransaction,
  type CommandResult,
  type Person,
  refused,
  storedName,
} from '../person-commands.ts'
import { type NewToken, newToken } from '../token-format.ts'
import { GRANT_ROLES, type Grant, grantTo, notAnOperator, type PublicKey } from './grant-roles.ts'
import {
  countAdmins,
  findOperatorByName,
  insertToken,
  type OperatorRow,
  revokeTokens,
  updateOperator,
} from './store.ts'

type Random = (bytes: number) => Uint8Array

/** What became of a grant: carried out, with the token to hand over; or proposed, for it takes two admins. */
export type Granted =
  | { readonly granted: true; readonly token: string | null }
  | { readonly granted: false; readonly requestId: number }

/**
 * Adds an operator. Once there are two admins, any role but viewer takes both, and a key that the operator made.
 * @param key null: a token is made here, and whoever runs the command sees it
 */
export async function addOperator(
  session: Session,
  person: Person,
  { name: given, roles, key }: Grant,
  random: Random,
): Promise<CommandResult<Granted>> {
  const name = readPersonName(given)
  if (name === null) return refused(`the operator's name ${PERSON_EXPECTED}`)
  const [known] = await findOperatorByName(session, { name })
  if (known !== undefined)
    return refused(
      `${known.name} is an operator already: names are never used again, also in another spelling`,
    )
  return await grant(session, person, { name, roles, key }, { mayMakeToken: true, random })
}

/** Gives an operator other roles. A role more takes two admins once there are two. */
export async function setRoles(
  session: Session,
  person: Person,
  given: string,
  roles: readonly Role[],
): Promise<CommandResult<Granted>> {
  const [found] = await findOperatorByName(session, { name: given })
  if (found === undefined) return notAnOperator(given)
  if (found.disabledAt !== null) return refused(`${found.name} is disabled: enable it first`)
  if (isSamePerson(found.name, person.by)) return refused('nobody changes their own roles: ask another admin')
  const isMore = roles.some((role) => role !== 'viewer' && !found.roles.includes(role))
  if (!isMore) return await change(session, person, found, { roles, isDisabled: false })
  return await grant(session, person, { name: found.name, roles, key: null }, { mayMakeToken: false })
}

/** Disables an operator at once: its tokens prove nothing any more. */
export async function disableOperator(
  session: Session,
  person: Person,
  given: string,
): Promise<CommandResult<Granted>> {
  const [found] = await findOperatorByName(session, { name: given })
  if (found === undefined) return notAnOperator(given)
  if (found.disabledAt !== null) return refused(`${found.name} is disabled already`)
  return await change(session, person, found, { roles: found.roles, isDisabled: true })
}

/** Enables a disabled operator with the roles it had: that gives them again. */
export async function enableOperator(
  session: Session,
  person: Person,
  given: string,
): Promise<CommandResult<Granted>> {
  const [found] = await findOperatorByName(session, { name: given })
  if (found === undefined) return notAnOperator(given)
  if (found.disabledAt === null) return refused(`${found.name} is not disabled`)
  return await grant(
    session,
    person,
    { name: found.name, roles: found.roles, key: null },
    { mayMakeToken: false },
  )
}

/**
 * Gives an operator a new token and ends the earlier ones. Everybody does so for themselves; for another, it takes an admin,
 * and two once there are two.
 */
export async function rotateToken(
  session: Session,
  person: Person,
  given: string | null,
  key: PublicKey | null,
  random: Random,
): Promise<CommandResult<Granted>> {
  const [found] = await findOperatorByName(session, { name: given ?? person.by })
  if (found === undefined) return notAnOperator(given ?? person.by)
  if (found.disabledAt !== null) return refused(`${found.name} is disabled: enable it first`)
  if (isSamePerson(found.name, person.by)) return await rotateOwn(session, person, found, key, random)
  const { name, roles } = found
  return await grant(session, person, { name, roles, key }, { mayMakeToken: true, random })
}

async function rotateOwn(
  session: Session,
  person: Person,
  { operatorId }: OperatorRow,
  key: PublicKey | null,
  random: Random,
): Promise<CommandResult<Granted>> {
  const made = key === null ? newToken(random) : null
  const { prefix, secretHash } = key ?? (made as NewToken)
  return await auditedTransaction(session, person, async () => {
    const actor = `person:${storedName(person.by)}`
    await insertToken(session, { prefix, secretHash, operatorId, expiresAt: null, actor })
    await revokeTokens(session, { operatorId, but: prefix, actor })
    return { is: 'done', granted: true, token: made?.token ?? null }
  })
}

type Making = { readonly mayMakeToken: false } | { readonly mayMakeToken: true; readonly random: Random }

/** Carries a grant out where one admin may, or proposes it to a second one. */
async function grant(
  session: Session,
  person: Person,
  asked: Grant,
  making: Making,
): Promise<CommandResult<Granted>> {
  const [admins] = await countAdmins(session, {})
  const takesTwo = (admins?.count ?? 0) >= 2 && asked.roles.some((role) => role !== 'viewer')
  if (takesTwo) {
    if (making.mayMakeToken && asked.key === null) return refused(NEEDS_KEY)
    const proposed = await proposeChange(session, person, GRANT_ROLES, asked)
    return proposed.is === 'refused' ? proposed : { ...proposed, granted: false }
  }
  const made = making.mayMakeToken && asked.key === null ? newToken(making.random) : null
  const key = made === null ? asked.key : { prefix: made.prefix, secretHash: made.secretHash }
  return await auditedTransaction(session, person, async () => {
    const granting = { actor: `person:${storedName(person.by)}`, note: person.note, requestId: null }
    await grantTo(session, { ...asked, key }, granting)
    return { is: 'done', granted: true, token: made?.token ?? null }
  })
}

const NEEDS_KEY =
  'with two admins nobody else may see the token: the operator runs `goldpro login --new` and gives you what it prints for --key'

async function change(
  session: Session,
  person: Person,
  { operatorId }: OperatorRow,
  { roles, isDisabled }: { readonly roles: readonly Role[]; readonly isDisabled: boolean },
): Promise<CommandResult<Granted>> {
  return await auditedTransaction(session, person, async () => {
    const actor = `person:${storedName(person.by)}`
    const changed = { operatorId, roles: [...roles], isDisabled, actor, note: person.note, requestId: null }
    await updateOperator(session, changed)
    return { is: 'done', granted: true, token: null }
  })
}
