import { approveResolution, proposeResolution } from '../../../src/reconciliation/resolve-doubt.ts'
import { inSession } from '../servers/sessions.ts'

/** Leads an order out of doubt as not executed, the way people must. */
export async function resolveByTwoPeople(databaseUrl: string, orderId: string): Promise<void> {
  await inSession(databaseUrl, async (session) => {
    const found = { orderId, by: 'ani', note: 'looked it up', evidence: 'letter', executed: null }
    await proposeResolution(session, found)
    await approveResolution(session, orderId, { by: 'budi', note: 'seen too' }, false)
  })
}
