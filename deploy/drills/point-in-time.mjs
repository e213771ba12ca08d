// See USAGE.
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DrillFailed, runDrill } from './drill.mjs'
import { ask, freePort, goldproBy, run } from './programs.mjs'
import { proveNothingLeaves } from './restored-copy.mjs'

const USAGE = `Usage: DATABASE_URL=postgres://… node deploy/drills/point-in-time.mjs --base FOLDER --archive FOLDER --time TIME [options]

Restores a base backup and the archived log up to a point in time, on a server of its own on this machine, and proves that
a worker there sends nothing before people have recovered it. The backup and the archive are only read. No gateway is
called: a sandbox stands in for it.

DATABASE_URL is the URL of the live database: its role, password and database name are used on the restored server, and
nothing connects to the live one. GOLDPRO_OPERATOR_TOKEN is the token of an operator who may recover.
pg_ctl and postgres of the backup's version must be on the PATH, and psql.

  --base FOLDER      a base backup as pg_basebackup --format=plain writes it, without tablespaces
  --archive FOLDER   the archived segments of the log, as archive_command copies them, not compressed
  --time TIME        the time to restore to, as Postgres reads it: '2026-02-09 13:50:00+07'
  --run-as USER      whose account the server runs as, when root runs the drill (postgres)`

/** Where the server listens: on no socket in a folder, and for whoever has the password only. */
const HBA = 'host all all 127.0.0.1/32 scram-sha-256\n'

/** What the backup's own settings must not decide: above all it must not archive into the archive that it reads. */
const ownSettings = ({ port, archive, time }) => ({
  port,
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  ssl: 'off',
  archive_mode: 'off',
  hot_standby: 'off',
  shared_preload_libraries: '',
  logging_collector: 'off',
  restore_command: `cp "${archive}/%f" "%p"`,
  recovery_target_time: time,
  recovery_target_action: 'promote',
})

const quoted = (value) => `'${String(value).replaceAll("'", "''")}'`

function refuseUnfit({ base, archive }) {
  for (const [name, folder] of Object.entries({ base, archive }))
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
      throw new DrillFailed(`--${name} ${folder} is no folder`)
  if (!existsSync(join(base, 'backup_label')))
    throw new DrillFailed(`--base ${base} is no base backup: it has no backup_label`)
  // They would lead to the live server's own files.
  if (readdirSync(join(base, 'pg_tblspc')).length > 0)
    throw new DrillFailed(`--base ${base} has tablespaces, which this drill does not restore`)
}

/** Copies the backup, and gives the copy settings of its own. @returns its folder */
async function layOut({ base, settings }, stage) {
  const folder = stage.folder()
  // The server's account must get to the data below.
  chmodSync(folder, 0o711)
  const data = join(folder, 'data')
  await run('cp', ['-pR', base, data])
  chmodSync(data, 0o700)
  for (const name of ['postmaster.pid', 'postmaster.opts', 'standby.signal'])
    rmSync(join(data, name), { force: true })
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}`)
  writeFileSync(join(data, 'postgresql.auto.conf'), `${lines.join('\n')}\n`)
  // Some distributions keep this file elsewhere, so a backup may have none.
  if (!existsSync(join(data, 'postgresql.conf'))) writeFileSync(join(data, 'postgresql.conf'), '')
  for (const name of ['pg_hba.conf', 'pg_ident.conf'])
    writeFileSync(join(data, name), name === 'pg_hba.conf' ? HBA : '')
  writeFileSync(join(data, 'recovery.signal'), '')
  return data
}

/** Starts the server as an account that is not root. @returns once it takes connections after its recovery */
async function startServer(data, { user, restoredUrl, within }, stage) {
  const asUser = user === null ? [] : ['runuser', '-u', user, '--']
  if (user !== null) await run('chown', ['-R', user, data])
  const control = async (...args) => {
    const [command, ...rest] = [...asUser, 'pg_ctl', '-D', data, ...args]
    // The server's account may not be allowed into this folder.
    return await run(command, rest, { mayFail: true, cwd: '/' })
  }
  const log = join(data, 'drill.log')
  stage.atTheEnd(async () => void (await control('stop', '-m', 'fast', '-w')))
  const started = await control('start', '-w', '-t', String(within), '-l', log)
  if (started.code !== 0) {
    const { out } = await run('tail', ['-n', '5', log], { mayFail: true })
    throw new DrillFailed(`the server did not start: does the archive reach that time?\n${started.err}${out}`)
  }
  await stage.until('the server has restored the log up to that time, and is promoted', () =>
    ask(restoredUrl, 'SELECT pg_is_in_recovery()').then(
      ([[isInRecovery]]) => isInRecovery === 'f',
      () => false,
    ),
  )
}

await runDrill(
  {
    usage: USAGE,
    options: {
      base: { type: 'string', isRequired: true },
      archive: { type: 'string', isRequired: true },
      time: { type: 'string', isRequired: true },
      'run-as': { type: 'string', default: 'postgres' },
    },
  },
  async ({ time, within, goldpro: commandLine, 'run-as': runAs, ...given }, stage) => {
    const base = resolve(given.base)
    const archive = resolve(given.archive)
    refuseUnfit({ base, archive })
    const port = await freePort()
    stage.step(
      'copy the base backup, with settings of its own: it archives nothing, and only this machine reaches it',
    )
    const data = await layOut({ base, settings: ownSettings({ port, archive, time }) }, stage)

    stage.step(`start a server on the copy, and restore the log up to ${time}`)
    const restored = new URL(process.env.DATABASE_URL)
    restored.hostname = '127.0.0.1'
    restored.port = String(port)
    restored.search = ''
    const user = process.getuid?.() === 0 ? runAs : null
    await startServer(data, { user, restoredUrl: restored.href, within }, stage)
    const [[newest, isLate]] = await ask(
      restored.href,
      `SELECT max(at), coalesce(max(at) > ${quoted(time)}::timestamptz, false) FROM order_events`,
    )
    stage.say(`newest event of an order: ${newest || 'none'}`)
    stage.prove(`the archive restores up to ${time}, and has nothing later`, isLate === 'f')
    await proveNothingLeaves(restored.href, { goldpro: goldproBy(commandLine, stage), stage })
  },
)
