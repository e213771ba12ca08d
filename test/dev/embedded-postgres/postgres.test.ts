import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startOf } from '../../../src/dev/embedded-postgres/os-processes.ts'
import {
  LocalPostgresError,
  type LocalPostgresOptions,
  startLocalPostgres,
} from '../../../src/dev/embedded-postgres/postgres.ts'
import { ask, killProgram, newFolder, serverOn, startProgram, supervisorOf } from './program.ts'

const WITHIN = { timeout: 30_000, interval: 20 }

async function start(options: LocalPostgresOptions) {
  const server = await startLocalPostgres(options)
  onTestFinished(server.stop)
  return server
}

test('serves a database of its own, in UTF-8, to whoever knows the password, and is gone when it is stopped', async () => {
  const dataDir = newFolder()
  const { databaseUrl, stop } = await start({ dataDir, keepData: false })
  const url = new URL(databaseUrl)
  expect([url.hostname, url.pathname, url.username]).toEqual(['127.0.0.1', '/goldpro', 'goldpro'])
  expect(await ask(databaseUrl, `SELECT current_setting('server_encoding')`)).toBe('UTF8')
  expect(await ask(databaseUrl, `SELECT current_setting('listen_addresses')`)).toBe('127.0.0.1')
  url.password = 'another'
  await expect(ask(url.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
  const server = serverOn(dataDir)
  expect(server.start).not.toBeNull()
  await stop()
  expect(startOf(server.pid)).not.toBe(server.start)
  expect(existsSync(dataDir)).toBe(false)
})

test('keeps data over a restart, on disk, readable by nobody else', async () => {
  const dataDir = join(newFolder(0o711), 'deep', 'down')
  const first = await start({ dataDir, keepData: true })
  await ask(first.databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
  expect(await ask(first.databaseUrl, `SELECT current_setting('fsync')`)).toBe('on')
  await first.stop()
  const second = await start({ dataDir, keepData: true })
  expect(await ask(second.databaseUrl, 'SELECT answer FROM kept')).toBe(42)
  expect(statSync(dataDir).mode & 0o077).toBe(0)
  expect(statSync(join(dataDir, 'password')).mode & 0o077).toBe(0)
})

test('takes the port it is given', async () => {
  const dataDir = newFolder()
  const first = await start({ dataDir, keepData: true })
  const port = Number(new URL(first.databaseUrl).port)
  await first.stop()
  const second = await start({ dataDir, keepData: true, port })
  expect(second.databaseUrl).toBe(first.databaseUrl)
})

test('ends with a program that is killed, and its throw-away folder with it', async () => {
  const dataDir = newFolder()
  const program = await startProgram({ dataDir, keepData: false })
  const server = serverOn(dataDir)
  expect(await ask(program.databaseUrl, 'SELECT 1')).toBe(1)
  await killProgram(program)
  await vi.waitFor(() => expect(startOf(server.pid)).not.toBe(server.start), WITHIN)
  await vi.waitFor(() => expect(existsSync(dataDir)).toBe(false), WITHIN)
})

test('ends with a program that leaves without a word', async () => {
  const dataDir = newFolder()
  const program = await startProgram({ dataDir, keepData: true })
  const server = serverOn(dataDir)
  program.child.stdin.write('leave')
  await once(program.child, 'exit')
  await vi.waitFor(() => expect(startOf(server.pid)).not.toBe(server.start), WITHIN)
})

test('outlives a Ctrl-C that the program wants to finish its work after', async () => {
  const dataDir = newFolder()
  const program = await startProgram({ dataDir, keepData: false })
  process.kill(-program.pid, 'SIGINT')
  expect(await ask(program.databaseUrl, 'SELECT pg_sleep(0.3) IS NOT NULL')).toBe(true)
  program.child.stdin.write('stop')
  await once(program.child, 'exit')
  expect(existsSync(dataDir)).toBe(false)
})

test('is stopped although somebody killed its supervisor', async () => {
  const dataDir = newFolder()
  const { databaseUrl, stop } = await start({ dataDir, keepData: false })
  const server = serverOn(dataDir)
  process.kill(supervisorOf(dataDir), 'SIGKILL')
  expect(await ask(databaseUrl, 'SELECT 1')).toBe(1)
  await stop()
  expect(startOf(server.pid)).not.toBe(server.start)
  expect(existsSync(dataDir)).toBe(false)
})

test('takes over from a killed program, whose server still runs because its supervisor was killed as well', async () => {
  const dataDir = newFolder()
  const program = await startProgram({ dataDir, keepData: true })
  await ask(program.databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
  const orphan = serverOn(dataDir)
  process.kill(supervisorOf(dataDir), 'SIGKILL')
  await killProgram(program)
  expect(startOf(orphan.pid)).toBe(orphan.start)
  const lines: string[] = []
  const next = await start({ dataDir, keepData: true, log: (line) => lines.push(line) })
  expect(startOf(orphan.pid)).not.toBe(orphan.start)
  expect(await ask(next.databaseUrl, 'SELECT answer FROM kept')).toBe(42)
  expect(lines).toEqual(['Taking over from a program that was killed'])
})

test('takes over from a power cut: every process is gone, and their numbers are others’ by now', async () => {
  const dataDir = newFolder()
  const first = await start({ dataDir, keepData: true })
  await ask(first.databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
  const mark = readFileSync(join(dataDir, 'data', 'postmaster.pid'), 'utf8')
  await first.stop()
  writeFileSync(join(dataDir, 'data', 'postmaster.pid'), mark.replace(/^\d+/, String(process.pid)))
  const owner = { pid: process.pid, start: 'long ago', supervisor: { pid: process.pid, start: 'long ago' } }
  writeFileSync(join(dataDir, 'owner.json'), JSON.stringify(owner))
  const next = await start({ dataDir, keepData: true })
  expect(await ask(next.databaseUrl, 'SELECT answer FROM kept')).toBe(42)
})

test('begins again where the first start was killed half-way', async () => {
  const dataDir = newFolder()
  mkdirSync(join(dataDir, 'data'))
  writeFileSync(join(dataDir, 'data', 'PG_VERSION'), '18\n')
  const { databaseUrl } = await start({ dataDir, keepData: true })
  expect(await ask(databaseUrl, 'SELECT 1')).toBe(1)
})

test('refuses data that a live program has, naming it and what to do', async () => {
  const dataDir = newFolder()
  const first = await startProgram({ dataDir, keepData: true })
  const refusal = startLocalPostgres({ dataDir, keepData: true })
  await expect(refusal).rejects.toThrow(LocalPostgresError)
  await expect(refusal).rejects.toThrow(
    `The database in ${dataDir} is in use by process ${first.pid}: stop that program first, or set DATABASE_URL`,
  )
  expect(await ask(first.databaseUrl, 'SELECT 1')).toBe(1)
})

test('lets one of two programs have the data that a killed one left', async () => {
  const dataDir = newFolder()
  await killProgram(await startProgram({ dataDir, keepData: true }))
  const both = await Promise.all([1, 2].map(() => startProgram({ dataDir, keepData: true })))
  const [winner, loser] = both.sort((a, b) => Number(a.refusal !== null) - Number(b.refusal !== null))
  expect(await ask(winner?.databaseUrl ?? '', 'SELECT 1')).toBe(1)
  expect(loser?.refusal?.message).toContain(`in use by process ${winner?.pid}`)
})

test('says in one line why it does not start, and leaves nothing behind', async () => {
  const dataDir = newFolder()
  const { databaseUrl } = await start({ dataDir: newFolder(), keepData: false })
  const failure = startLocalPostgres({ dataDir, keepData: false, port: Number(new URL(databaseUrl).port) })
  await expect(failure).rejects.toThrow(
    /^PostgreSQL did not start \(.*127\.0\.0\.1.*\): .*, or set DATABASE_URL to a PostgreSQL server of yours$/,
  )
  expect(existsSync(dataDir)).toBe(false)
})
