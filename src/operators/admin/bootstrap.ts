import type { Session } from '../../postgres/session.ts'
import { StorageError } from '../../postgres/storage-error.ts'
import type { Role } from '../enums.ts'
import { readInstallation } from '../identity.ts'
import { type CommandResult, refused } from '../person-commands.ts'
import { newToken } from '../token-format.ts'
import { insertOperator, insertToken } from './store.ts'

/** Makes the first operator, an admin. Only the owner of the tables may, and only once. */
export async function bootstrap(
  session: Session,
  name: string,
  roles: readonly Role[],
  random: (bytes: number) => Uint8Array,
): Promise<CommandResult<{ token: string }>> {
  const made = newToken(random)
  try {
    return await session.transaction(async () => {
      if ((await readInstallation(session)).hasOperators) return refused(HAS_OPERATORS)
      const granting = { actor: 'bootstrap', note: null, requestId: null }
      const [row] = await insertOperator(session, { name, roles: [...roles], ...granting })
      if (row === undefined) return refused(HAS_OPERATORS)
      const { prefix, secretHash } = made
      const { operatorId } = row
      await insertToken(session, { prefix, secretHash, operatorId, expiresAt: null, actor: 'bootstrap' })
      return { is: 'done', token: made.token }
    })
  } catch (error) {
    const message =
      error instanceof StorageError ? BOOTSTRAP_REFUSALS[error.constraint ?? error.code] : undefined
    if (message === undefined) throw error
    return refused(message)
  }
}

const HAS_OPERATORS = 'there are operators already: an admin adds others with `goldpro operator add`'
const NOT_OWNER =
  'the first operator is made by whoever owns the tables: give DATABASE_URL of the role that runs `goldpro migrate`'
const BOOTSTRAP_REFUSALS: Readonly<Record<string, string>> = {
  operator_bootstrap: NOT_OWNER,
  operators_name: 'a name of an operator has no slash: that is the mark of a partner’s holder',
  '42501': NOT_OWNER,
}
