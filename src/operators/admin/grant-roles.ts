import { z } from 'zod'
import type { ChangeKind } from '../../approvals/change-kind.ts'
import { PERSON_EXPECTED, personKey, readPersonName } from '../../core/person.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import { ROLES, type Role } from '../enums.ts'
import { type CommandResult, refused } from '../person-commands.ts'
import { findOperatorByName, insertOperator, insertToken, revokeTokens, updateOperator } from './store.ts'

/** The public part of a token: its holder made it, and nobody else has seen it. */
export interface PublicKey {
  readonly prefix: string
  readonly secretHash: string
}

/** What an operator becomes: added, with other roles, enabled again, or with another token. */
export interface Grant {
  readonly name: string
  readonly roles: readonly Role[]
  /** Null: the tokens stay as they are. */
  readonly key: PublicKey | null
}

const payload = z.strictObject({
  name: z.string().refine((name) => readPersonName(name) !== null, PERSON_EXPECTED),
  roles: z.array(z.enum(ROLES)).min(1),
  key: z
    .strictObject({
      prefix: z.string().regex(/^[a-z0-9]{12}$/),
      secretHash: z.string().regex(/^[0-9a-f]{64}$/),
    })
    .nullable(),
})

/** Two admins give an operator roles, or a token. */
export const GRANT_ROLES: ChangeKind<Grant> = {
  name: 'grant_roles',
  payload,
  subjectOf: ({ name }) => personKey(name),
  describe: ({ name, roles, key }) =>
    `operator ${name} has the roles ${roles.join(', ')}${key === null ? '' : `, and signs in with gpo_${key.prefix}`}`,
  async readCurrent(runner, { name }) {
    const [found] = await findOperatorByName(runner, { name })
    return found === undefined
      ? { operator: 'none' }
      : { operator: found.name, roles: found.roles, disabled: found.disabledAt !== null }
  },
  apply: (runner, grant, { requestId, approvedBy, proposedBy }) =>
    grantTo(runner, grant, {
      actor: `person:${approvedBy}`,
      note: `proposed by ${proposedBy}`,
      requestId,
    }),
}

/** Who gives it, and by which request. */
export interface Granting {
  readonly actor: string
  readonly note: string | null
  /** Null: one admin, where there is no second one. */
  readonly requestId: number | null
}

/** Makes the operator, or changes it, and gives it the token. Its earlier tokens end with a new one. */
export async function grantTo(
  runner: StatementRunner,
  { name, roles, key }: Grant,
  granting: Granting,
): Promise<CommandResult<{ operatorId: number }>> {
  const operatorId = await operatorOf(runner, { name, roles }, granting)
  if (key === null) return { is: 'done', operatorId }
  const { actor } = granting
  await insertToken(runner, { ...key, operatorId, expiresAt: null, actor })
  await revokeTokens(runner, { operatorId, but: key.prefix, actor })
  return { is: 'done', operatorId }
}

async function operatorOf(
  runner: StatementRunner,
  { name, roles }: Omit<Grant, 'key'>,
  granting: Granting,
): Promise<number> {
  const [added] = await insertOperator(runner, { name, roles: [...roles], ...granting })
  if (added !== undefined) return added.operatorId
  const [found] = await findOperatorByName(runner, { name })
  if (found === undefined) throw new Error('an operator that is there was not found')
  const { operatorId } = found
  await updateOperator(runner, { operatorId, roles: [...roles], isDisabled: false, ...granting })
  return operatorId
}

/** The key as its holder prints it for the admins: `gpo_<prefix>:<hash>`. */
export function readPublicKey(text: string): PublicKey | null {
  const [, prefix, secretHash] = /^gpo_([a-z0-9]{12}):([0-9a-f]{64})$/.exec(text.trim()) ?? []
  return prefix === undefined || secretHash === undefined ? null : { prefix, secretHash }
}

export const formatPublicKey = ({ prefix, secretHash }: PublicKey): string => `gpo_${prefix}:${secretHash}`

export const notAnOperator = (name: string) =>
  refused(`there is no operator ${name}: see \`goldpro operator list\``)
