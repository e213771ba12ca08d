import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { completeMarkIn, dataIn, passwordIn } from '../../../src/dev/embedded-postgres/data-folder.ts'
import {
  type LocalPostgres,
  type Surroundings,
  startLocalPostgres,
} from '../../../src/dev/embedded-postgres/postgres.ts'
import { eventually } from '../eventually.ts'
import { memoryOrDisk } from '../memory.ts'
import { closeSessions, inSession, sql } from '../servers/sessions.ts'
import { install } from './loaded-installation.ts'

/**
 * A cluster that archives its log, and is restored from a base backup to a point in time. Needs no tool of PostgreSQL's.
 * @param surroundings another server's programs than those of the embedded PostgreSQL
 */
export async function clusterAtAPointInTime(ends: (() => Promise<unknown>)[], surroundings?: Surroundings) {
  const lost = await startKept(ends, surroundings)
  const archive = join(lost.folder, 'archive')
  await sql(lost.databaseUrl, `ALTER SYSTEM SET archive_mode = 'on'`)
  await sql(
    lost.databaseUrl,
    `ALTER SYSTEM SET archive_command = 'mkdir -p "${archive}" && cp "%p" "${archive}/%f"'`,
  )
  const server = await lost.restart()
  const { databaseUrl } = server
  await install(databaseUrl)
  const folder = mkdtempSync(join(memoryOrDisk(), 'goldpro-restored-'))
  ends.push(async () => rmSync(folder, { recursive: true, force: true }))
  let target = ''
  return {
    databaseUrl,
    /** What a person has after `backUp`: the base backup, the archive, and the time to restore to. */
    backup: () => ({ base: dataIn(folder), archive, time: target }),
    async backUp() {
      await copyBase(server, folder)
      const [row] = await sql<{ now: string }>(databaseUrl, 'SELECT clock_timestamp()::text AS now')
      target = row?.now ?? ''
    },
    async restore() {
      await sql(databaseUrl, 'SELECT pg_switch_wal()')
      await closeSessions(databaseUrl)
      // It archives what is left before it ends.
      await lost.stop()
      const settings = [
        `restore_command = 'cp "${archive}/%f" "%p"'`,
        `recovery_target_time = '${target}'`,
        `recovery_target_action = 'promote'`,
      ]
      writeAsServer(folder, 'postgresql.auto.conf', `${settings.join('\n')}\n`)
      writeAsServer(folder, 'recovery.signal', '')
      const restored = await startLocalPostgres({ dataDir: folder, keepData: true })
      ends.push(restored.stop)
      ends.push(() => closeSessions(restored.databaseUrl))
      await eventually(async () => {
        const [row] = await sql<{ is: boolean }>(restored.databaseUrl, 'SELECT pg_is_in_recovery() AS is')
        return row?.is === false ? true : null
      })
      return restored.databaseUrl
    },
  }
}

async function startKept(ends: (() => Promise<unknown>)[], surroundings?: Surroundings) {
  const dataDir = mkdtempSync(join(memoryOrDisk(), 'goldpro-archived-'))
  let running: LocalPostgres | null = await startLocalPostgres({ dataDir, keepData: true }, surroundings)
  const { folder, databaseUrl } = running
  const stop = async () => {
    await closeSessions(running?.databaseUrl ?? '')
    await running?.stop()
    running = null
  }
  ends.push(async () => {
    await stop()
    for (const each of new Set([folder, dataDir])) rmSync(each, { recursive: true, force: true })
  })
  return {
    folder,
    databaseUrl,
    stop,
    async restart() {
      await stop()
      running = await startLocalPostgres({ dataDir, keepData: true }, surroundings)
      return running
    },
  }
}

/** Copies the files while the server writes them, as every base backup does. */
async function copyBase({ databaseUrl, folder }: LocalPostgres, to: string): Promise<void> {
  await inSession(databaseUrl, async ({ client }) => {
    await client.query(`SELECT pg_backup_start('test', true)`)
    // A file that vanishes meanwhile is no trouble: the log has what is missing.
    spawnSync('cp', ['-pR', dataIn(folder), dataIn(to)])
    const { rows } = await client.query<{ label: string }>('SELECT labelfile AS label FROM pg_backup_stop()')
    for (const name of ['postmaster.pid', 'postmaster.opts']) rmSync(join(dataIn(to), name), { force: true })
    const log = join(dataIn(to), 'pg_wal')
    for (const name of readdirSync(log)) rmSync(join(log, name), { recursive: true })
    writeAsServer(to, 'backup_label', rows[0]?.label ?? '')
  })
  for (const fileIn of [passwordIn, completeMarkIn]) execFileSync('cp', ['-p', fileIn(folder), fileIn(to)])
}

/** Writes a file of the cluster by way of one that belongs to the server's user. */
function writeAsServer(folder: string, name: string, text: string): void {
  const path = join(dataIn(folder), name)
  execFileSync('cp', ['-p', join(dataIn(folder), 'PG_VERSION'), path])
  writeFileSync(path, text)
}
