import { Failure } from '../cli/failure.ts'
import type { Settings } from '../config.ts'
import type { Log } from '../core/log.ts'
import type { WalletPolicy } from '../core/wallet-policies.ts'
import { type Database, openDatabase } from '../postgres/pool.ts'
import { decideFirstPolicy, readWalletPolicy } from '../wallets/policy.ts'

/**
 * Checks `WALLET_POLICY` against the policy of the database, which every process shares. Where nobody has decided one, the
 * setting decides it, or else what this command assumes. Says an open policy loudly.
 * @throws Failure when they differ
 */
export async function requireWalletPolicy(
  { walletPolicy: given }: Pick<Settings, 'walletPolicy'>,
  databaseUrl: string,
  { assumed = null, log }: { readonly assumed?: WalletPolicy | null; readonly log: Log },
): Promise<void> {
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError: () => {} })
  const policy = await settle(database, given, assumed).finally(() => database.close())
  if (given !== null && given !== policy)
    throw new Failure(
      2,
      `WALLET_POLICY is ${given}, and this database accepts orders by the policy ${policy}: unset it, or run \`goldpro wallet policy ${given} --note …\``,
    )
  if (policy === 'open')
    log.warn({ wallet_policy: policy }, 'ANY PARTNER MAY MOVE ANY WALLET: `goldpro wallet policy` changes it')
  else log.info({ wallet_policy: policy }, 'orders are accepted by the wallet policy')
}

async function settle(
  database: Database,
  given: WalletPolicy | null,
  assumed: WalletPolicy | null,
): Promise<WalletPolicy> {
  const first = given ?? assumed
  return first === null
    ? await readWalletPolicy(database)
    : await decideFirstPolicy(database, first, given === null ? 'start' : 'setting')
}
