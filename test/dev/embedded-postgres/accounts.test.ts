import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { findNativeFolder, usableBinaries } from '../../../src/dev/embedded-postgres/binaries.ts'
import { isAllowed, serverUser } from '../../../src/dev/embedded-postgres/os-user.ts'
import { startLocalPostgres } from '../../../src/dev/embedded-postgres/postgres.ts'
import { ask, newFolder, SERVE, startProgram } from './program.ts'

const notRoot = process.getuid?.() === 0 ? null : 'only root can try what PostgreSQL does for root'
if (notRoot !== null) console.warn(`SKIPPED: ${notRoot}`)

// A checkout as under /root: PostgreSQL's user may not enter.
let checkout = ''
// Where its copies go.
let outside = ''

beforeAll(() => {
  checkout = realpathSync(mkdtempSync(join(tmpdir(), 'goldpro-shut-')))
  outside = mkdtempSync(join(tmpdir(), 'goldpro-outside-'))
  chmodSync(outside, 0o711)
  if (notRoot === null) {
    cpSync(findNativeFolder(), join(checkout, 'native'), { recursive: true, verbatimSymlinks: true })
  }
})

beforeEach(() => chmodSync(checkout, 0o700))

afterAll(() => {
  for (const folder of [checkout, outside]) rmSync(folder, { recursive: true, force: true })
})

const surroundings = () => ({
  nativeFolder: join(checkout, 'native'),
  runtimeDirs: [join(outside, 'runtime')],
})

test.skipIf(notRoot)('runs for root from a checkout that PostgreSQL’s user cannot read', async () => {
  const options = { dataDir: join(checkout, 'one', '.goldpro', 'postgres'), keepData: true }
  const lines: string[] = []
  const first = await startLocalPostgres({ ...options, log: (line) => lines.push(line) }, surroundings())
  onTestFinished(first.stop)
  await ask(first.databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
  expect(lines).toEqual([expect.stringContaining(outside)])
  await first.stop()
  const second = await startLocalPostgres(options, surroundings())
  onTestFinished(second.stop)
  expect(await ask(second.databaseUrl, 'SELECT answer FROM kept')).toBe(42)
})

test.skipIf(notRoot)('finds the data again after the checkout was opened to others', async () => {
  const options = { dataDir: join(checkout, 'two', 'postgres'), keepData: true }
  const first = await startLocalPostgres(options, surroundings())
  await ask(first.databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer').finally(first.stop)
  chmodSync(checkout, 0o755)
  const second = await startLocalPostgres(options, surroundings())
  onTestFinished(second.stop)
  expect(await ask(second.databaseUrl, 'SELECT answer FROM kept')).toBe(42)
})

test.skipIf(notRoot)('will not begin an empty database where the earlier one is out of reach', async () => {
  const folder = newFolder(0o711)
  const options = { dataDir: join(folder, 'postgres'), keepData: true }
  const first = await startLocalPostgres(options)
  await first.stop()
  chmodSync(folder, 0o700)
  await expect(startLocalPostgres(options)).rejects.toThrow(/cannot reach its data in .*: run chmod/)
})

test.skipIf(notRoot)('deletes throw-away data also where they had to be put elsewhere', async () => {
  const dataDir = join(checkout, 'three')
  const { databaseUrl, stop } = await startLocalPostgres({ dataDir, keepData: false }, surroundings())
  expect(await ask(databaseUrl, 'SELECT 1').finally(stop)).toBe(1)
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
  expect(readdirSync(join(outside, 'runtime'))).not.toContain(`data-${name}`)
  expect(existsSync(dataDir)).toBe(false)
})

test.skipIf(notRoot)('copies the programs once, however many ask at the same time', async () => {
  const { nativeFolder } = surroundings()
  const runtimeDir = join(outside, 'another')
  const osUser = serverUser(nativeFolder)
  const copies = await Promise.all([1, 2].map(() => usableBinaries(nativeFolder, osUser, [runtimeDir])))
  expect(copies[0]).toEqual(copies[1])
  expect(readdirSync(runtimeDir)).toHaveLength(1)
  const answer = spawnSync(copies[0]?.postgres ?? '', ['--version'], {
    encoding: 'utf8',
    cwd: '/',
    ...(osUser ?? {}),
  })
  expect(answer.stdout).toMatch(/^postgres \(PostgreSQL\) \d+/)
})

test.skipIf(notRoot)('runs no programs from a runtime directory that somebody else could fill', async () => {
  const { nativeFolder } = surroundings()
  const runtimeDir = join(outside, 'not ours')
  mkdirSync(runtimeDir)
  chownSync(runtimeDir, 65534, 65534)
  await expect(usableBinaries(nativeFolder, serverUser(nativeFolder), [runtimeDir])).rejects.toThrow(
    /make one of them/,
  )
})

test.skipIf(notRoot)(
  'runs for a normal user as that user, and for root on that user’s data likewise',
  async ({ skip }) => {
    const nobody = { uid: 65534, gid: 65534 }
    const canRun = isAllowed(nobody, [
      ['-x', process.execPath],
      ['-r', SERVE],
    ])
    if (!canRun) return skip('a normal user may not enter this checkout')
    const folder = newFolder(0o755)
    chownSync(folder, nobody.uid, nobody.gid)
    const options = { dataDir: join(folder, 'postgres'), keepData: true }
    const program = await startProgram(options, { osUser: nobody })
    expect(program.refusal).toBeNull()
    await ask(program.databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
    expect(statSync(join(options.dataDir, 'data')).uid).toBe(nobody.uid)
    program.child.stdin.write('stop')
    await new Promise((resolve) => program.child.once('exit', resolve))
    const roots = await startLocalPostgres(options)
    onTestFinished(roots.stop)
    expect(await ask(roots.databaseUrl, 'SELECT answer FROM kept')).toBe(42)
  },
)
