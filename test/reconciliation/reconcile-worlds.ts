import { FileRefused } from '../../src/csv/file-refused.ts'
import type { Session } from '../../src/postgres/session.ts'
import { approveDeclaration, proposeDeclaration } from '../../src/reconciliation/declarations.ts'
import type { StayReason } from '../../src/reconciliation/enums.ts'
import { type RunResult, reconcile } from '../../src/reconciliation/run.ts'
import { DEFAULT_RECON_SETTINGS } from '../../src/reconciliation/settings.ts'
import { parseMapping } from '../../src/reconciliation/statements/mapping.ts'
import { addMapping } from '../../src/reconciliation/statements/mappings.ts'
import { StatementRefused } from '../../src/reconciliation/statements/statement-refused.ts'
import { recordOrders, rowsOf } from '../support/factories/recorded-orders.ts'
import { importText } from '../support/factories/statement-files.ts'
import { openScene } from '../support/scenes/recon-scene.ts'
import { inSession } from '../support/servers/sessions.ts'
import type { World } from './true-statements.ts'

export interface Outcome {
  readonly statements: number
  readonly refused: number
  /** Doubts whose execution the statement has: found, staying per reason, and, never, rejected. */
  readonly executed: { found: number; stayed: Record<string, number>; rejected: string[] }
  /** Doubts that were not executed. */
  readonly notExecuted: { rejected: number; stayed: Record<string, number>; found: number }
  /** Of runs without these checks: how many doubts they would have rejected. */
  readonly withoutChecks: Record<string, number>
}

const DECIDED = { by: 'budi', note: 'seen' }

/** Two people trust the source, and the lag when it is shorter than usual. */
async function declare(session: Session, lagMinutes: number): Promise<void> {
  const ani = { by: 'ani', note: 'it is so' }
  const source = { is: 'source', source: 'gateway' } as const
  await proposeDeclaration(session, source, ani)
  await approveDeclaration(session, source, DECIDED, false)
  await proposeDeclaration(session, { is: 'lag' }, ani, lagMinutes)
  await approveDeclaration(session, { is: 'lag' }, DECIDED, false)
}

/** Imports every world's statement as complete into one database, reconciles them in one run, and tells what became of the doubts. */
export async function reconcileWorlds(
  worlds: readonly World[],
  lagMinutes: number,
  mutants: Readonly<Record<string, readonly StayReason[]>> = {},
): Promise<Outcome> {
  const scene = await openScene()
  try {
    await recordOrders(
      scene.databaseUrl,
      worlds.flatMap(({ orders }) => orders.map(({ order }) => order)),
    )
    return await inSession(scene.databaseUrl, async (session) => {
      await declare(session, lagMinutes)
      let refused = 0
      const mappings = new Map<string, string>()
      for (const world of worlds) if (!(await importWorld(session, world, mappings))) refused += 1
      const withoutChecks: Record<string, number> = {}
      for (const [name, checks] of Object.entries(mutants))
        withoutChecks[name] = (await runWorlds(session, worlds, lagMinutes, checks)).counts.settled.rejected
      await runWorlds(session, worlds, lagMinutes)
      const states = await rowsOf<{ id: string; state: string; stays: string | null }>(
        scene.database,
        'SELECT o.id, o.state, s.because AS stays FROM orders o LEFT JOIN doubt_stays s ON s.order_id = o.id',
      )
      return { statements: worlds.length, refused, withoutChecks, ...tallied(worlds, states) }
    })
  } finally {
    await scene.close()
  }
}

async function importWorld(session: Session, world: World, mappings: Map<string, string>): Promise<boolean> {
  const text = JSON.stringify(world.mapping)
  const name = mappings.get(text) ?? `m${mappings.size}`
  if (!mappings.has(text)) {
    await addMapping(session, name, parseMapping(world.mapping), 'test')
    mappings.set(text, name)
  }
  try {
    const result = await importText(session, world.file, { period: world.period, mapping: name })
    return result.is === 'imported'
  } catch (error) {
    if (error instanceof StatementRefused || error instanceof FileRefused) return false
    throw error
  }
}

/** @param checks given: nothing is kept */
function runWorlds(
  session: Session,
  worlds: readonly World[],
  lagMinutes: number,
  checks?: readonly StayReason[],
): Promise<RunResult> {
  const [first, last] = [worlds[0], worlds.at(-1)]
  if (first === undefined || last === undefined) throw new Error('no worlds')
  const settings = { ...DEFAULT_RECON_SETTINGS, lagMs: lagMinutes * 60_000 }
  const period = { from: first.period.from, to: last.period.to }
  const request = { period, settings, actor: 'person:test', scheduledFor: null }
  return reconcile(session, request, checks === undefined ? {} : { absenceChecks: checks, dryRun: true })
}

function tallied(
  worlds: readonly World[],
  rows: readonly { id: string; state: string; stays: string | null }[],
): Pick<Outcome, 'executed' | 'notExecuted'> {
  const states = new Map(rows.map((row) => [row.id, row]))
  const executed = { found: 0, stayed: {} as Record<string, number>, rejected: [] as string[] }
  const notExecuted = { rejected: 0, stayed: {} as Record<string, number>, found: 0 }
  for (const { orders, file } of worlds)
    for (const { order, isExecuted } of orders) {
      if (order.outcome !== 'in_doubt') continue
      const { state = '', stays = '' } = states.get(order.orderId) ?? {}
      const ended = isExecuted ? executed : notExecuted
      if (state === 'succeeded') ended.found += 1
      else if (state === 'in_doubt') ended.stayed[stays ?? ''] = (ended.stayed[stays ?? ''] ?? 0) + 1
      else if (isExecuted) executed.rejected.push(`${order.kind} ${order.quoteId} of\n${file}`)
      else notExecuted.rejected += 1
    }
  return { executed, notExecuted }
}
