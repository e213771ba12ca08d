import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startLocalPostgres } from '../../../src/dev/embedded-postgres/postgres.ts'
import { declareIdentity } from '../../../src/operators/identity.ts'
import { migrateDatabase } from '../../../src/postgres/migrate.ts'
import { withSession } from '../../../src/postgres/session.ts'
import { migrateQueue } from '../../../src/queue/probe.ts'
import { memoryOrDisk } from '../memory.ts'
import { type BrowserProgram, findBrowserProgram } from './browser-program.ts'
import { findPostgresTools, type PostgresTools } from './postgres-tools.ts'
import { findRedisProgram, type RedisProgram } from './redis-program.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The run's own server: whoever connects here may create and drop databases. */
    postgresUrl: string
    /** A migrated, empty database to copy. */
    templateDatabase: string
    redisProgram: RedisProgram
    browserProgram: BrowserProgram
    postgresTools: PostgresTools
  }
}

const TEMPLATE = 'goldpro_template'

/** One PostgreSQL for the whole run, with a migrated template, and a decision about Redis. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const redisProgram = await findRedisProgram(process.env)
  if ('skip' in redisProgram) {
    console.warn(`\n!! The tests on Redis are SKIPPED: ${redisProgram.skip}\n`)
    if (process.env.CI === 'true') throw new Error(`CI runs all tests, but: ${redisProgram.skip}`)
  }
  const browserProgram = findBrowserProgram(process.env)
  if ('skip' in browserProgram) {
    console.warn(`\n!! The tests in a browser are SKIPPED: ${browserProgram.skip}\n`)
    if (process.env.CI === 'true') throw new Error(`CI runs all tests, but: ${browserProgram.skip}`)
  }
  const postgresTools = findPostgresTools(process.env)
  if ('skip' in postgresTools) {
    console.warn(`\n!! The test that restores a pg_dump is SKIPPED: ${postgresTools.skip}\n`)
    if (process.env.CI === 'true' && postgresTools.canInstall)
      throw new Error(`CI runs all tests, but: ${postgresTools.skip}`)
  }
  const dataDir = mkdtempSync(join(memoryOrDisk(), 'goldpro-test-'))
  const postgres = await startLocalPostgres({ dataDir, keepData: false, log: console.log })
  try {
    await createTemplate(postgres.databaseUrl)
  } catch (error) {
    await postgres.stop()
    throw error
  }
  project.provide('postgresUrl', postgres.databaseUrl)
  project.provide('templateDatabase', TEMPLATE)
  project.provide('redisProgram', redisProgram)
  project.provide('browserProgram', browserProgram)
  project.provide('postgresTools', postgresTools)
  return postgres.stop
}

async function createTemplate(serverUrl: string): Promise<void> {
  const admin = new pg.Client(serverUrl)
  await admin.connect()
  try {
    await admin.query(`CREATE DATABASE ${TEMPLATE}`)
    const templateUrl = new URL(serverUrl)
    templateUrl.pathname = TEMPLATE
    await migrateDatabase(templateUrl.href)
    await migrateQueue(templateUrl.href)
    // Most tests name people as a development installation does; `provenPeople` makes operators.
    await withSession(templateUrl.href, declareIdentity)
    // A database that somebody is connected to cannot be copied.
    await admin.query(`ALTER DATABASE ${TEMPLATE} ALLOW_CONNECTIONS false`)
  } finally {
    await admin.end()
  }
}
