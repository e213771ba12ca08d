import type { WalletPolicy } from '../../../src/core/wallet-policies.ts'
import { sql } from './sessions.ts'

/** Decides the wallet policy of a new database. */
export async function decidePolicy(databaseUrl: string, policy: WalletPolicy): Promise<void> {
  await sql(databaseUrl, `INSERT INTO wallet_policies (policy, actor) VALUES ($1, 'test')`, [policy])
}
