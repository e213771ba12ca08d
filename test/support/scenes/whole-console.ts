import { proposeChange } from '../../../src/approvals/commands.ts'
import { RAISE_LIMITS } from '../../../src/partners/change-kinds.ts'
import { proposeDeclaration } from '../../../src/reconciliation/declarations.ts'
import { aRecordedOrder, lineOf, recordOrders, recordStatement } from '../factories/recorded-orders.ts'
import { startTestConsole } from '../servers/console.ts'
import { inSession, sql } from '../servers/sessions.ts'
import { recordPartner, uploadBatch } from './console-scene.ts'
import { addPlanTo } from './plan-scene.ts'
import { openScene } from './recon-scene.ts'
import { close } from './two-people-switch.ts'

export const EVENT = '0190a000-0000-7000-8000-00000000000e'
const MIRA = { by: 'mira', note: 'compared with the letter' }

/** A console whose pages all have something to show. */
export async function openWholeConsole() {
  const scene = await openScene()
  const { databaseUrl, database } = scene
  const orders = [aRecordedOrder(), aRecordedOrder(), aRecordedOrder()]
  const inDoubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
  await recordOrders(databaseUrl, [...orders, inDoubt])
  const lines = orders.map((order) => lineOf(order, { fee: 4_999 }))
  const statementId = await recordStatement(databaseUrl, lines, { approved: false })
  await scene.run()
  await recordPartner(databaseUrl)
  const here = await startTestConsole({ databaseUrl })
  const batch = await uploadBatch(here.url)
  const { planId } = await addPlanTo(database)
  const limits = { partner: 'acme', limits: { rupiah_per_day: '9000000' } }
  await inSession(databaseUrl, (session) => proposeChange(session, MIRA, RAISE_LIMITS, limits))
  await inSession(databaseUrl, (session) =>
    proposeDeclaration(session, { is: 'source', source: 'gateway' }, MIRA),
  )
  await inSession(databaseUrl, (session) => proposeDeclaration(session, { is: 'lag' }, MIRA, 3))
  await close(databaseUrl, 'kind:sell')
  const [first] = orders
  return {
    databaseUrl,
    here,
    /** Runs statements past the triggers. */
    force: async (text: string) => {
      try {
        await sql(databaseUrl, `BEGIN; SET LOCAL session_replication_role = replica; ${text}; COMMIT`)
      } catch (error) {
        await sql(databaseUrl, 'ROLLBACK')
        throw error
      }
    },
    /** What stands for the parameters of each route, by the part before it. */
    ids: {
      orders: inDoubt.orderId,
      executed: first?.orderId ?? '',
      breaks: '1',
      statements: String(statementId),
      batches: batch.split('/').at(-1) ?? '',
      plans: String(planId),
      deliveries: EVENT,
    },
    async close(): Promise<void> {
      await here.stop()
      await scene.close()
    },
  }
}
export type WholeConsole = Awaited<ReturnType<typeof openWholeConsole>>
