import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inject } from 'vitest'
import { startLocalPostgres } from '../../../src/dev/embedded-postgres/postgres.ts'
import { memoryOrDisk } from '../memory.ts'
import { surroundingsOf } from '../servers/postgres-tools.ts'
import { closeSessions, sql } from '../servers/sessions.ts'
import { install } from './loaded-installation.ts'

const run = promisify(execFile)

/** A database on a server of the tools' version, whose dump is restored into another database of it. */
export async function dumpedDatabase(ends: (() => Promise<unknown>)[]) {
  const tools = inject('postgresTools')
  if ('skip' in tools) throw new Error(tools.skip)
  const { bin } = tools
  const surroundings = surroundingsOf(bin)
  const folder = mkdtempSync(join(memoryOrDisk(), 'goldpro-dump-'))
  ends.push(async () => {
    for (const each of [folder, surroundings.nativeFolder]) rmSync(each, { recursive: true, force: true })
  })
  const server = await startLocalPostgres(
    { dataDir: join(folder, 'postgres'), keepData: false },
    surroundings,
  )
  ends.push(server.stop)
  const { databaseUrl } = server
  await install(databaseUrl)
  ends.push(() => closeSessions(databaseUrl))
  const file = join(folder, 'backup.dump')
  return {
    databaseUrl,
    backUp: async () => void (await run(join(bin, 'pg_dump'), ['-Fc', '-f', file, databaseUrl])),
    async restore() {
      await sql(databaseUrl, 'CREATE DATABASE restored')
      const restored = new URL(databaseUrl)
      restored.pathname = 'restored'
      await run(join(bin, 'pg_restore'), ['--exit-on-error', '-d', restored.href, file])
      ends.push(() => closeSessions(restored.href))
      return restored.href
    },
  }
}
