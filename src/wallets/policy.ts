import { desc, sql } from 'drizzle-orm'
import type { WalletPolicy } from '../core/wallet-policies.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { nullable, statement } from '../postgres/statement.ts'
import { walletPolicies } from './schema.ts'

const selectInForce = statement('wallet_policy_in_force', {}, (db) =>
  db.select({ policy: sql<WalletPolicy>`wallet_policy()` }).from(sql`(select) as nothing`),
)

/** The policy that orders are accepted by. Every process asks Postgres, so all have the same. */
export async function readWalletPolicy(runner: StatementRunner): Promise<WalletPolicy> {
  const [row] = await selectInForce(runner, {})
  if (row === undefined) throw new Error('no wallet policy')
  return row.policy
}

const selectDecided = statement('decided_wallet_policy', {}, (db) =>
  db
    .select({ policy: walletPolicies.policy, at: walletPolicies.at, actor: walletPolicies.actor })
    .from(walletPolicies)
    .orderBy(desc(walletPolicies.id))
    .limit(1),
)

/** The policy that was decided last; null while nobody has decided. */
export async function readDecidedPolicy(runner: StatementRunner) {
  return (await selectDecided(runner, {}))[0] ?? null
}

export const insertPolicy = statement(
  'decide_wallet_policy',
  {
    policy: walletPolicies.policy,
    actor: walletPolicies.actor,
    note: nullable(walletPolicies.note),
    requestId: nullable(walletPolicies.requestId),
  },
  (db, decision) => db.insert(walletPolicies).values(decision),
)

/** Decides the policy of a database for which nobody has decided one. @returns the policy that holds */
export async function decideFirstPolicy(
  runner: StatementRunner,
  policy: WalletPolicy,
  actor: string,
): Promise<WalletPolicy> {
  const decided = await readDecidedPolicy(runner)
  if (decided !== null) return decided.policy
  // Of two that decide at once the first one's holds: the trigger drops the second.
  await insertPolicy(runner, { policy, actor, note: null, requestId: null })
  return (await readDecidedPolicy(runner))?.policy ?? policy
}
