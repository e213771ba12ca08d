import { requireServer } from '../../cli/context.ts'
import { databaseClock } from '../../postgres/clock.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import { readRoleRights, readServerVersion } from '../../postgres/role-rights.ts'
import { findRecoveryClosing, selectRestored } from '../../recovery/store.ts'
import type { ProcessKind } from '../../risk/enums.ts'
import { selectProcesses } from '../../risk/queries.ts'
import { type Check, type Finding, failed, ok, warning } from './check.ts'

const OLDEST_SERVER = 140_000
/** Webhooks and signed requests are refused by clocks that differ by minutes, BullMQ's locks suffer from seconds. */
const CLOCK_WARNING_MS = 2_000
const CLOCK_FAILED_MS = 30_000
/** More are a table of their own. */
const NAMED = 5

/**
 * The checks of the database.
 * @param database it, opened for all of them
 * @param isOwn it belongs to the `goldpro up` of this folder, whose role owns everything
 * @param clock the time of this machine, milliseconds
 */
export function databaseChecks(
  { url, database }: { readonly url: () => string; readonly database: () => StatementRunner },
  { isOwn, clock }: { readonly isOwn: boolean; readonly clock: () => number },
): Check[] {
  let isMigrated = false
  const find = (work: (runner: StatementRunner) => Promise<Finding>) => () => work(database())
  return [
    {
      name: 'database',
      async find() {
        isMigrated = (await requireServer(url())).isMigrated
        return await serverFinding(database())
      },
    },
    {
      name: 'migrations',
      needs: 'database',
      find: async () =>
        isMigrated
          ? ok("has this version's tables")
          : failed("the database lacks tables of this version's", 'goldpro migrate'),
    },
    { name: 'role', needs: 'migrations', find: find((runner) => roleFinding(runner, isOwn)) },
    { name: 'clock', needs: 'database', find: find((runner) => clockFinding(runner, clock)) },
    { name: 'recovery', needs: 'migrations', find: find(recoveryFinding) },
    { name: 'worker', needs: 'migrations', find: find((runner) => processFinding(runner, 'worker')) },
    { name: 'scheduler', needs: 'migrations', find: find((runner) => processFinding(runner, 'scheduler')) },
  ]
}

async function serverFinding(runner: StatementRunner): Promise<Finding> {
  const { version, number, isStandby } = await readServerVersion(runner)
  if (number < OLDEST_SERVER)
    return failed(
      `PostgreSQL ${version} is older than 14`,
      'upgrade it with pg_upgrade, or use another server',
    )
  if (isStandby)
    return failed(
      `PostgreSQL ${version} is a standby and takes no orders`,
      'set DATABASE_URL to the primary server; after a failover: SELECT pg_promote()',
    )
  return ok(`PostgreSQL ${version}`)
}

async function roleFinding(runner: StatementRunner, isOwn: boolean): Promise<Finding> {
  const { role, isUnlimited, onlyReads, lacking, exceeding } = await readRoleRights(runner)
  const grant = `DATABASE_URL=… goldpro migrate --grant-to ${role}  # as the owner of the tables`
  if (isUnlimited)
    return isOwn
      ? ok(`${role} owns the tables, as in every goldpro up`)
      : warning(
          `${role} owns the tables or is a superuser: only migrate needs that, and no right limits it`,
          'goldpro migrate --grant-to ROLE, and that role in DATABASE_URL',
        )
  if (exceeding.length > 0) return failed(`${role} may do what it must not: ${someOf(exceeding)}`, grant)
  if (onlyReads)
    return warning(`${role} only reads: commands that change something will fail`, `${grant}, if it should`)
  if (lacking.length > 0) return failed(`${role} lacks ${someOf(lacking)}`, grant)
  return ok(`${role} has exactly the rights that the program needs`)
}

function someOf(rights: readonly string[]): string {
  const more = rights.length - NAMED
  return rights.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** Compares the clock of this machine with the database's. */
export async function clockFinding(runner: StatementRunner, clock: () => number): Promise<Finding> {
  // The first statement also opens the connection.
  await databaseClock(runner)
  const asked = clock()
  const there = (await databaseClock(runner)).getTime()
  const answered = clock()
  // Within the time of the question nothing is known.
  const difference = Math.max(0, asked - there, there - answered)
  const about = `this machine's clock and the database's differ by ${(difference / 1_000).toFixed(1)} s`
  const remedy = 'sudo timedatectl set-ntp true  # on both machines'
  if (difference > CLOCK_FAILED_MS) return failed(about, remedy)
  return difference > CLOCK_WARNING_MS ? warning(about, remedy) : ok(about)
}

async function recoveryFinding(runner: StatementRunner): Promise<Finding> {
  const [row] = await selectRestored(runner, {})
  if (row?.isRestored === true)
    return failed(
      'this database was restored or promoted, and sends nothing until it is recovered',
      'goldpro recover orders --note "…"',
    )
  const [closing] = await findRecoveryClosing(runner, {})
  return closing === undefined
    ? ok('this is the database that is remembered')
    : warning('recovered, but what the recovery closed is closed', 'goldpro switch show')
}

async function processFinding(runner: StatementRunner, kind: ProcessKind): Promise<Finding> {
  const ofKind = (await selectProcesses(runner, {})).filter((each) => each.kind === kind)
  const silent = ofKind.filter((each) => each.silent)
  const alive = ofKind.length - silent.length
  const what = kind === 'worker' ? 'no order is executed' : 'nothing is swept, fed, scheduled or told'
  if (alive === 0)
    return failed(
      silent.length === 0 ? `none runs: ${what}` : `${silent.length} silent, none alive: ${what}`,
      `goldpro ${kind}`,
    )
  return silent.length === 0
    ? ok(`${alive} alive`)
    : warning(
        `${alive} alive, ${silent.length} silent: ${silent.map(({ name }) => name).join(', ')}`,
        'goldpro status',
      )
}
