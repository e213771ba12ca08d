import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { ChangeKind } from '../approvals/change-kind.ts'
import { proposeChange } from '../approvals/commands.ts'
import { WALLET_POLICIES, type WalletPolicy } from '../core/wallet-policies.ts'
import {
  auditedTransaction,
  type CommandResult,
  type Person,
  refused,
  storedName,
} from '../operators/person-commands.ts'
import type { Session } from '../postgres/session.ts'
import { statement } from '../postgres/statement.ts'
import { insertPolicy, readWalletPolicy } from './policy.ts'
import { partnerWallets } from './schema.ts'

const setUnlinked = statement(
  'unlink_wallet',
  { phoneNumber: partnerWallets.phoneNumber, actor: partnerWallets.actor, note: partnerWallets.actor },
  (db, { phoneNumber, actor, note }) =>
    db
      .update(partnerWallets)
      .set({ state: 'unlinked', actor, note, requestId: null })
      .where(and(eq(partnerWallets.phoneNumber, phoneNumber), sql`${partnerWallets.state} = 'linked'`))
      .returning({ partner: partnerWallets.partner }),
)

/**
 * Takes a wallet from its partner: nobody's orders are accepted for it until two people link it. Orders that were accepted
 * before are carried out.
 */
export async function unlinkWallet(
  session: Session,
  person: Person,
  phoneNumber: string,
): Promise<CommandResult<{ partner: string }>> {
  return await auditedTransaction(session, person, async () => {
    const change = { phoneNumber, actor: `person:${storedName(person.by)}`, note: person.note }
    const [row] = await setUnlinked(session, change)
    return row === undefined ? refused('the wallet is not linked') : { is: 'done', partner: row.partner }
  })
}

const policyChange = z.strictObject({ policy: z.enum(WALLET_POLICIES) })

/** Accepts orders for wallets for which they are refused now: two people. */
export const LOOSEN_POLICY: ChangeKind<{ policy: WalletPolicy }> = {
  name: 'loosen_wallet_policy',
  payload: policyChange,
  subjectOf: () => 'wallet policy',
  describe: ({ policy }) => `accept orders for wallets by the policy ${policy}`,
  readCurrent: async (runner) => ({ policy: await readWalletPolicy(runner) }),
  async apply(runner, { policy }, { requestId, approvedBy }) {
    await insertPolicy(runner, { policy, actor: `person:${approvedBy}`, note: null, requestId })
    return { is: 'done' }
  },
}

/** A stricter policy holds at once; a looser one waits for a second person. */
export type PolicyChange =
  | { readonly change: 'none' | 'made' }
  | { readonly change: 'proposed'; readonly requestId: number }

const looseness = (policy: WalletPolicy): number => WALLET_POLICIES.indexOf(policy)

/** Changes whose wallets orders are accepted for, in every process at once. */
export async function changePolicy(
  session: Session,
  person: Person,
  policy: WalletPolicy,
): Promise<CommandResult<PolicyChange>> {
  const current = await readWalletPolicy(session)
  if (looseness(policy) > looseness(current)) {
    const proposed = await proposeChange(session, person, LOOSEN_POLICY, { policy })
    return proposed.is === 'done' ? { ...proposed, change: 'proposed' } : proposed
  }
  return await auditedTransaction<PolicyChange>(session, person, async () => {
    if (policy === current) return { is: 'done', change: 'none' }
    const actor = `person:${storedName(person.by)}`
    await insertPolicy(session, { policy, actor, note: person.note, requestId: null })
    return { is: 'done', change: 'made' }
  })
}
