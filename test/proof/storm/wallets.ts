import { hash } from 'node:crypto'
import { anyChangeKind } from '../../../src/approvals/change-kind.ts'
import { approveChange, proposeChange } from '../../../src/approvals/commands.ts'
import { LINK_WALLETS } from '../../../src/wallets/link.ts'
import { ANI, BUDI } from '../../support/factories/people.ts'
import { inSession } from '../../support/servers/sessions.ts'
import { decidePolicy } from '../../support/servers/wallet-policy.ts'
import { PARTNER, type StormOrder } from './orders.ts'

/** Accepts orders for owned wallets only, and links those of the partner, as two people do by a file. */
export async function ownWallets(databaseUrl: string, orders: readonly StormOrder[]): Promise<void> {
  await decidePolicy(databaseUrl, 'owned')
  const own = new Set(orders.filter(({ isForeign }) => !isForeign).map(({ wallet }) => wallet))
  const wallets = [...own].map((wallet) => ({ phone_number: wallet, partner: PARTNER }))
  const file = { name: 'wallets.csv', sha256: hash('sha256', JSON.stringify(wallets)) }
  await inSession(databaseUrl, async (session) => {
    const proposed = await proposeChange(session, ANI, LINK_WALLETS, { file, wallets })
    if (proposed.is === 'refused') throw new Error(proposed.message)
    const rules = { kinds: [anyChangeKind(LINK_WALLETS)], onePersonTeam: false }
    const approved = await approveChange(session, BUDI, proposed.requestId, rules)
    if (approved.is === 'refused') throw new Error(approved.message)
  })
}
