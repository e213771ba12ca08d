import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { dataIn } from '../../dist/dev/embedded-postgres/data-folder.js'
import { startLocalPostgres } from '../../dist/dev/embedded-postgres/postgres.js'
import { declareIdentity } from '../../dist/operators/identity.js'
import { migrateDatabase } from '../../dist/postgres/migrate.js'
import { withSession } from '../../dist/postgres/session.js'
import { migrateQueue } from '../../dist/queue/probe.js'
import { cpuSecondsWithChildren } from '../measure.mjs'

const MIGRATED = 'migrated'

export async function withClient(databaseUrl, use) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/**
 * A throw-away server without fsync, whose databases are created for one measurement each. `migrated` databases have the
 * product's tables and BullMQ's.
 */
export async function startPostgres(folder) {
  const server = await startLocalPostgres({ dataDir: join(folder, 'postgres'), keepData: false })
  const postmaster = Number(
    readFileSync(join(dataIn(server.folder), 'postmaster.pid'), 'utf8').split('\n')[0],
  )
  const urlOf = (name) => server.databaseUrl.replace(/[^/]*$/, name)
  const run = (text) => withClient(server.databaseUrl, (client) => client.query(text))
  // The product's sessions wait for their commit to be written, and the server's default here is not to. Everybody
  // waits, or the others would promise less.
  await run('ALTER ROLE CURRENT_USER SET synchronous_commit = on')
  await run(`CREATE DATABASE ${MIGRATED}`)
  await migrateDatabase(urlOf(MIGRATED))
  await migrateQueue(urlOf(MIGRATED))
  // The measured commands name a person who has no token.
  await withSession(urlOf(MIGRATED), declareIdentity)
  let created = 0
  return {
    version: (await run('SHOW server_version')).rows[0].server_version,
    cpuSeconds: () => cpuSecondsWithChildren(postmaster),
    /** @returns the URL of a new database */
    async createDatabase({ migrated }) {
      created += 1
      const name = `bench_${created}`
      await run(`CREATE DATABASE ${name}${migrated ? ` TEMPLATE ${MIGRATED}` : ''}`)
      return urlOf(name)
    },
    dropDatabase: (databaseUrl) => run(`DROP DATABASE ${databaseUrl.split('/').at(-1)} WITH (FORCE)`),
    /** Writes out what earlier measurements left, so that the next one does not pay for it. */
    checkpoint: () => run('CHECKPOINT'),
    stop: () => server.stop(),
  }
}
