import { proposeChange } from '../approvals/commands.ts'
import {
  auditedTransaction,
  type CommandResult,
  type Person,
  refused,
  storedName,
} from '../operators/person-commands.ts'
import type { Session } from '../postgres/session.ts'
import { RELEASE_RESTORED } from './release-restored.ts'
import {
  adoptIdentity,
  closeSources,
  countRestored,
  findRecoveryClosing,
  holdRestored,
  insertRecovery,
  listRecoveries,
  lockIdentity,
  rememberDatabase,
} from './store.ts'

export interface Recovered {
  readonly recoveryId: number
  /** Orders that are held from now on. */
  readonly held: number
  /** Switches of batches and plans that were closed. */
  readonly closed: number
  /** The time that only statements know. */
  readonly from: Date
  readonly to: Date
}

/**
 * Recovers a restored database: holds every order that may have been executed since the backup, and closes what may make
 * such orders again. Everything stays closed until two people open it; until then it may be run again, and holds what has
 * come in.
 */
export async function recoverDatabase(session: Session, person: Person): Promise<CommandResult<Recovered>> {
  return await auditedTransaction(session, person, async () => {
    const recovery = (await rememberDatabase(session))
      ? await beginRecovery(session, person)
      : await findUnfinished(session)
    if (recovery === null)
      return refused('there is nothing to recover: this is the database that the program remembers')
    const { recoveryId, aliveAt, foundAt } = recovery
    const held = await holdRestored(session, { actor: `person:${storedName(person.by)}`, recoveryId })
    const [sources] = await closeSources(session, {})
    if (recovery.isNew) await adoptIdentity(session, {})
    return {
      is: 'done',
      recoveryId,
      held: held.length,
      closed: sources?.closed ?? 0,
      from: aliveAt,
      to: foundAt,
    }
  })
}

interface Recovery {
  readonly recoveryId: number
  readonly aliveAt: Date
  readonly foundAt: Date
  readonly isNew: boolean
}

async function beginRecovery(session: Session, { by, note }: Person): Promise<Recovery> {
  const [found] = await lockIdentity(session, {})
  if (found === undefined || found.foundAt === null)
    throw new Error('a restored database without its identity')
  const { identity, here, aliveAt, foundAt } = found
  const times = { aliveAt, foundAt }
  const [row] = await insertRecovery(session, {
    ...times,
    fromIdentity: identity,
    identity: here,
    recoveredBy: storedName(by),
    note,
  })
  if (row === undefined) throw new Error('a recovery without a number')
  return { recoveryId: row.recoveryId, ...times, isNew: true }
}

/** The last recovery, while something that it closed is closed. */
async function findUnfinished(session: Session): Promise<Recovery | null> {
  const [closing] = await findRecoveryClosing(session, {})
  const [last] = await listRecoveries(session, { limit: 1 })
  return closing === undefined || last === undefined ? null : { ...last, isNew: false }
}

/** Proposes to release the orders of the last recovery that no statement may have. */
export async function proposeRelease(
  session: Session,
  person: Person,
): Promise<CommandResult<{ requestId: number; held: number; maybeExecuted: number }>> {
  const [recovery] = await listRecoveries(session, { limit: 1 })
  if (recovery === undefined) return refused('this database was never recovered')
  const { recoveryId, aliveAt, foundAt } = recovery
  const [counts] = await countRestored(session, { recoveryId })
  if (counts === undefined || counts.held === 0)
    return refused(`recovery ${recoveryId} holds no order any more`)
  if (!counts.isGapCovered)
    return refused(
      `import complete statements of ${aliveAt.toISOString()} to ${foundAt.toISOString()}, of every source and with the lag after it (an hour, or what two people approved), and approve them (\`goldpro recon statements approve\`): they alone know what was executed`,
    )
  const proposed = await proposeChange(session, person, RELEASE_RESTORED, { recoveryId })
  if (proposed.is === 'refused') return proposed
  return { ...proposed, held: counts.held, maybeExecuted: counts.maybeExecuted }
}
