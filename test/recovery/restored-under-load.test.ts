import { afterAll, describe, expect, inject, it } from 'vitest'
import { anyChangeKind } from '../../src/approvals/change-kind.ts'
import { approveChange } from '../../src/approvals/commands.ts'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { createProducer } from '../../src/queue/producer.ts'
import { reconcile } from '../../src/reconciliation/run.ts'
import { DEFAULT_RECON_SETTINGS } from '../../src/reconciliation/settings.ts'
import { proposeRelease, recoverDatabase } from '../../src/recovery/commands.ts'
import { RELEASE_RESTORED } from '../../src/recovery/release-restored.ts'
import { eventually } from '../support/eventually.ts'
import { laySandboxStatement } from '../support/factories/sandbox-statement.ts'
import { dumpedDatabase } from '../support/scenes/dumped-database.ts'
import { aWorker, loseAfterBackup, orders } from '../support/scenes/loaded-installation.ts'
import { clusterAtAPointInTime } from '../support/scenes/point-in-time.ts'
import { ANI, BUDI, open } from '../support/scenes/two-people-switch.ts'
import { inSession, sql } from '../support/servers/sessions.ts'

const HOUR_MS = 3_600_000
const tools = inject('postgresTools')

const WAYS = [
  {
    from: 'a pg_dump',
    begin: dumpedDatabase,
    skip: 'skip' in tools ? tools.skip : null,
  },
  {
    from: 'a base backup and the archived log, to a point in time',
    begin: clusterAtAPointInTime,
    skip: null,
  },
]

describe.each(WAYS)('a database that was restored under load from $from', ({ begin, skip }) => {
  if (skip !== null) {
    it.skip(`is not tried: ${skip}`)
    return
  }
  const ends: (() => Promise<unknown>)[] = []
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })

  it('sends nothing before its recovery, and nothing twice after it', async () => {
    const startedAt = Date.now()
    const sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10 ** 12, goldWeight: 10 ** 9 } })
    ends.push(sandbox.stop)
    const lost = await begin(ends)
    await loseAfterBackup(lost.databaseUrl, sandbox, lost.backUp)
    const executedBefore = executions(sandbox)
    const restoredUrl = await lost.restore()

    // Without the control these would be executed a second time.
    const accepted = await referencesIn(restoredUrl, `state = 'accepted' AND kind = 'buy'`)
    expect(accepted.length).toBeGreaterThan(0)
    const workers = [aWorker(restoredUrl, sandbox), aWorker(restoredUrl, sandbox)]
    ends.push(() => Promise.all(workers.map((worker) => worker.stop())))
    await eventually(async () => ((await isAllWaiting(restoredUrl)) ? true : null))
    await recover(restoredUrl)
    // The partner misses what the backup does not have, and sends everything again.
    const producer = createProducer({ databaseUrl: restoredUrl })
    await producer.enqueueMany(orders)
    await producer.close()
    await eventually(async () =>
      (await referencesIn(restoredUrl, 'true')).length === orders.length ? true : null,
    )
    await recover(restoredUrl)
    expect(executions(sandbox), 'before the release').toEqual(executedBefore)

    await settle(restoredUrl, sandbox, startedAt)
    await release(restoredUrl)
    await open(restoredUrl, 'everything')
    await open(restoredUrl, 'kind:sell')
    await eventually(async () =>
      (await referencesIn(restoredUrl, `state IN ('accepted', 'confirming')`)).length === 0 ? true : null,
    )
    const executed = executions(sandbox)
    expect(
      [...executed.values()].filter((count) => count !== 1),
      'executed more than once',
    ).toEqual([])
    expect([...executed.keys()].sort(), 'all were executed').toEqual(
      orders.map((order) => order.phone_number).sort(),
    )
    // What was executed and what the restored database does not know of stays held for people.
    const held = await referencesIn(restoredUrl, `state = 'held'`)
    expect(held.length).toBeGreaterThanOrEqual(accepted.length)
    expect(await referencesIn(restoredUrl, `kind = 'sell' AND state <> 'succeeded'`)).toEqual([])
  })
})

/** How often each wallet's order was executed, whichever database sent it. */
function executions(sandbox: Sandbox): Map<string, number> {
  const times = new Map<string, number>()
  for (const { phoneNumber } of sandbox.ledger()) times.set(phoneNumber, (times.get(phoneNumber) ?? 0) + 1)
  return times
}

async function referencesIn(databaseUrl: string, condition: string): Promise<string[]> {
  const rows = await sql<{ reference: string }>(
    databaseUrl,
    `SELECT reference FROM orders WHERE ${condition}`,
  )
  return rows.map(({ reference }) => reference)
}

/** Whether workers have taken up every order, and left it behind the switch that the restore has closed. */
async function isAllWaiting(databaseUrl: string): Promise<boolean> {
  const [row] = await sql<{ is: boolean }>(
    databaseUrl,
    `SELECT EXISTS (SELECT FROM switch_closings WHERE closed_by = 'recovery' AND opened_at IS NULL)
      AND NOT EXISTS (SELECT FROM orders o WHERE o.state = 'accepted'
        AND NOT EXISTS (SELECT FROM switch_waits w WHERE w.order_id = o.id AND w.ended_at IS NULL)) AS is`,
  )
  return row?.is === true
}

async function recover(databaseUrl: string): Promise<void> {
  const recovered = await inSession(databaseUrl, (session) => recoverDatabase(session, ANI))
  expect(recovered).toMatchObject({ is: 'done' })
}

/** The statement settles what was confirming in the backup, and knows what was executed since. */
async function settle(databaseUrl: string, sandbox: Sandbox, startedAt: number): Promise<void> {
  // What was confirming is in doubt once no worker can be sending it any more.
  await inSession(databaseUrl, async (session) => {
    await session.client.query(`BEGIN; SET LOCAL session_replication_role = replica;
      UPDATE attempts SET intent_at = intent_at - interval '1 minute' WHERE outcome = 'intent'; COMMIT`)
  })
  await eventually(async () =>
    (await referencesIn(databaseUrl, `state = 'confirming'`)).length === 0 ? true : null,
  )
  const period = { from: new Date(startedAt - HOUR_MS), to: new Date() }
  await laySandboxStatement(databaseUrl, sandbox, period)
  await inSession(databaseUrl, (session) =>
    reconcile(session, {
      period: { ...period, to: new Date(period.to.getTime() + HOUR_MS) },
      settings: { ...DEFAULT_RECON_SETTINGS, lagMs: 0 },
      actor: 'person:ani',
      scheduledFor: null,
    }),
  )
}

async function release(databaseUrl: string): Promise<void> {
  const proposed = await inSession(databaseUrl, (session) => proposeRelease(session, ANI))
  if (proposed.is === 'refused') throw new Error(proposed.message)
  const rules = { kinds: [anyChangeKind(RELEASE_RESTORED)], onePersonTeam: false }
  const approved = await inSession(databaseUrl, (session) =>
    approveChange(session, BUDI, proposed.requestId, rules),
  )
  expect(approved).toMatchObject({ is: 'done' })
}
