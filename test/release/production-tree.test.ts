import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { neededPackages } from '../support/production-packages.ts'
import { startCommand } from '../support/servers/command.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NOBODY = 65534

/** What `npm pack` would put into the package. */
function packedFiles(): { path: string; size: number }[] {
  const out = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  })
  return (JSON.parse(out) as [{ files: { path: string; size: number }[] }])[0].files
}

let folder: string
let place: TestDatabase
const packed = packedFiles()

/** The package and what it depends on, in an empty folder that every user may read. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goldpro-release-'))
  chmodSync(folder, 0o755)
  for (const { path } of packed) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    cpSync(join(ROOT, path), join(folder, path))
  }
  for (const name of neededPackages())
    cpSync(join(ROOT, name), join(folder, name), {
      recursive: true,
      // A package inside another one is on the list itself, if it is needed.
      filter: (source) => !source.slice(join(ROOT, name).length).includes('node_modules'),
    })
  place = await createTestDatabase()
})
afterAll(async () => {
  await place?.drop()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

/** Runs the installed program, as an unprivileged user where the tests may choose. */
const installed = (
  args: readonly string[],
  { env = {}, input }: { env?: Record<string, string>; input?: string } = {},
) =>
  startCommand(args, {
    env: { HOME: folder, NODE_ENV: 'production', DATABASE_URL: place.databaseUrl, ...env },
    cwd: folder,
    main: join(folder, 'dist', 'main.js'),
    ...(input === undefined ? {} : { input }),
    ...(process.getuid?.() === 0 ? { uid: NOBODY } : {}),
  })

const ORDER = {
  kind: 'buy',
  partner: 'acme',
  reference: 'R-1',
  phone_number: '081234500001',
  gold_weight: '0.5',
}

describe('the npm package', () => {
  it('holds what runs and what is read, and nothing of how it is made', () => {
    const rooms = new Set(packed.map(({ path }) => path.split('/')[0]))
    expect([...rooms].sort()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'assets', 'dist', 'docs', 'migrations', 'package.json'].filter(
        (name) => rooms.has(name),
      ),
    )
    expect(packed.filter(({ path }) => /snapshot\.json$|\.test\.|\.map$|^src\//.test(path))).toEqual([])
    expect(packed.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'dist/main.js',
        'dist/prepared-help.json',
        'dist/index.d.ts',
        'assets/console/console.css',
        'migrations/meta/_journal.json',
      ]),
    )
  })

  it('migrates, takes an order through a gateway and shows it, without a package for development', async () => {
    expect(await installed(['migrate']).ended).toMatchObject({ code: 0 })
    const sandbox = installed(['sandbox', '--port', '0'])
    await sandbox.printed('http://127.0.0.1:')
    const [gatewayUrl = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(sandbox.out()) ?? []
    const worker = installed(['worker'], { env: { GATEWAY_URL: gatewayUrl } })
    const added = await installed(['enqueue', '-'], { input: `${JSON.stringify(ORDER)}\n` }).ended
    expect(added).toMatchObject({ code: 0 })
    const shown = await eventually(async () => {
      const { out } = await installed(['orders', 'show', 'acme/R-1', '--json']).ended
      return out.includes('"succeeded"') ? out : null
    })
    expect(shown).toContain('R-1')
    worker.child.kill('SIGTERM')
    sandbox.child.kill('SIGTERM')
    expect(await worker.ended).toMatchObject({ code: 0 })
  })
})
