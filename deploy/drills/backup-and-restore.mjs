// See USAGE.
import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DrillFailed, runDrill } from './drill.mjs'
import { ask, createDatabase, goldproBy, postgresEnv, run } from './programs.mjs'
import { proveNothingLeaves } from './restored-copy.mjs'

const USAGE = `Usage: DATABASE_URL=postgres://… node deploy/drills/backup-and-restore.mjs --copy NAME [options]

Backs the database up by pg_dump, restores it into a new database of the same server, and proves that a worker there sends
nothing before people have recovered it. The database itself is only read, and may be at work. No gateway is called: a
sandbox stands in for it.

DATABASE_URL is the database that is backed up, as a role that may read it all and create a database.
GOLDPRO_OPERATOR_TOKEN is the token of an operator who may recover; without it the one that goldpro login has stored.
pg_dump, pg_restore and psql must be on the PATH, at least as new as the server.

  --copy NAME        the name of the new database
  --backup FILE      restores this file of pg_dump -Fc instead of taking one
  --keep             leaves the new database, to go on with the recovery by hand; never give it to a scheduler`

const COUNTS = ['orders', 'attempts', 'order_events', 'webhook_events', 'operator_acts']

async function takeBackup(databaseUrl, stage) {
  stage.step('back up: pg_dump -Fc')
  const file = join(stage.folder(), 'goldpro.dump')
  await run('pg_dump', ['-Fc', '-f', file], { env: postgresEnv(databaseUrl) })
  chmodSync(file, 0o600)
  stage.say(`${statSync(file).size} bytes`)
  return file
}

const readCounts = async (url) =>
  (
    await ask(url, COUNTS.map((table) => `SELECT '${table}', count(*) FROM ${table}`).join(' UNION ALL '))
  ).map(([table, rows]) => [table, Number(rows)])

/** The live database goes on: nothing is ever deleted from these tables, so a backup never has more. */
async function proveNoMoreThan(databaseUrl, copyUrl, stage) {
  const restored = await readCounts(copyUrl)
  const live = new Map(await readCounts(databaseUrl))
  stage.say(restored.map(([table, rows]) => `${table} ${rows} of ${live.get(table)}`).join(', '))
  stage.prove(
    'the backup restores without an error, and has rows of the database, never more than it',
    restored.every(([table, rows]) => rows <= live.get(table)) && restored[0][1] > 0,
  )
}

await runDrill(
  {
    usage: USAGE,
    options: {
      copy: { type: 'string', isRequired: true },
      backup: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  },
  async ({ copy, backup, keep, goldpro: commandLine }, stage) => {
    const { DATABASE_URL: databaseUrl } = process.env
    const goldpro = goldproBy(commandLine, stage)
    if (backup !== undefined && !statSync(backup, { throwIfNoEntry: false })?.isFile())
      throw new DrillFailed(`--backup ${backup} is no file`)
    const file = backup ?? (await takeBackup(databaseUrl, stage))
    stage.step(`restore it into the new database ${copy}: pg_restore --exit-on-error`)
    const copyUrl = await createDatabase(databaseUrl, copy, stage, { isKept: keep })
    await run('pg_restore', ['--exit-on-error', '-d', copy, file], { env: postgresEnv(copyUrl) })
    await proveNoMoreThan(databaseUrl, copyUrl, stage)
    await proveNothingLeaves(copyUrl, { goldpro, stage })
    if (keep) stage.say(`${copy} is left`)
  },
)
