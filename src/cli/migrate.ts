import { Command } from 'commander'
import type { Settings } from '../config.ts'
import {
  grantOperatorsRights,
  grantProgramRights,
  grantReadingRights,
  RoleRefused,
} from '../postgres/grants.ts'
import { migrateDatabase } from '../postgres/migrate.ts'
import { migrateQueue } from '../queue/probe.ts'
import { orUnreachable, requireDatabaseUrl, requireServer, settingsHere } from './context.ts'
import { Failure } from './failure.ts'

interface MigrateOptions {
  readonly grantTo?: string
  readonly grantReadTo?: string
  readonly grantOperatorsTo?: string
}

/**
 * `goldpro migrate`
 * @param letIn what the owner of the tables lets in besides, and what to print of it
 */
export function migrateCommand(
  letIn: (settings: Settings, databaseUrl: string) => Promise<string | null>,
): Command {
  return new Command('migrate')
    .description("create or update the tables, triggers and views, and BullMQ's schema in Postgres")
    .option('--grant-to <role>', 'then grant this role exactly the rights that the program needs')
    .option('--grant-read-to <role>', 'then grant this role only reading the views of schema ops')
    .option(
      '--grant-operators-to <role>',
      'then grant this role what the commands of operators read, and no change',
    )
    .addHelpText(
      'after',
      `
Safe to repeat, and to run on several machines at once. Only this command needs the owner of the tables in DATABASE_URL. Run
the other commands as the role of --grant-to, which cannot change tables or triggers and cannot delete records. Run migrate
with the same options after every update. See docs/runbook.md, "Roles in Postgres". With CONSOLE_SECRET it also lets in the
consoles that have the same one. Processes of the release before may be at work: a migration that cannot have a lock on a table
within 2 seconds lets the others through and tries again, for two minutes.

Example:
  $ goldpro migrate
  $ DATABASE_URL=postgres://goldpro_owner:…@host/goldpro goldpro migrate --grant-to goldpro`,
    )
    .action(async (options: MigrateOptions) => await runMigrate(options, letIn))
}

async function runMigrate(
  { grantTo, grantReadTo, grantOperatorsTo }: MigrateOptions,
  letIn: (settings: Settings, databaseUrl: string) => Promise<string | null>,
): Promise<void> {
  const settings = await settingsHere()
  const databaseUrl = requireDatabaseUrl(settings)
  const roles = [grantTo, grantReadTo, grantOperatorsTo].filter((role) => role !== undefined)
  if (new Set(roles).size < roles.length)
    throw new Failure(2, '--grant-to and --grant-read-to name the same role: name two different roles')
  await requireServer(databaseUrl)
  const migrations = await orUnreachable('Postgres', 'DATABASE_URL', databaseUrl, () =>
    migrateDatabase(databaseUrl, { onWaited: sayWaited }),
  )
  const queueVersion = await migrateQueue(databaseUrl)
  console.log(`the database has ${migrations} migrations, its queue schema version ${queueVersion}`)
  const said = await letIn(settings, databaseUrl)
  if (said !== null) console.log(said)
  if (grantTo !== undefined) {
    await orRefused(grantProgramRights(databaseUrl, grantTo))
    console.log(`${grantTo} has the rights that the program needs`)
  }
  if (grantReadTo !== undefined) {
    await orRefused(grantReadingRights(databaseUrl, grantReadTo))
    console.log(`${grantReadTo} may read the views of schema ops`)
  }
  if (grantOperatorsTo !== undefined) {
    await orRefused(grantOperatorsRights(databaseUrl, grantOperatorsTo))
    console.log(`${grantOperatorsTo} may read what the commands of operators show`)
  }
}

function sayWaited(attempt: number): void {
  console.error(
    `goldpro: waits for a lock on a table that another session holds, and lets others through meanwhile (try ${attempt})`,
  )
}

async function orRefused(granted: Promise<void>): Promise<void> {
  await granted.catch((error: unknown) => {
    throw error instanceof RoleRefused ? new Failure(2, error.message) : error
  })
}
