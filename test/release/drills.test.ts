import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { readText } from '../ground/tables.ts'
import { eventually } from '../support/eventually.ts'
import { dumpedDatabase } from '../support/scenes/dumped-database.ts'
import { loseAfterBackup } from '../support/scenes/loaded-installation.ts'
import { nextRelease } from '../support/scenes/next-release.ts'
import { clusterAtAPointInTime } from '../support/scenes/point-in-time.ts'
import { MAIN } from '../support/servers/command.ts'
import { createEmptyDatabase } from '../support/servers/postgres.ts'
import { surroundingsOf } from '../support/servers/postgres-tools.ts'
import { sql } from '../support/servers/sessions.ts'

const FOLDER = fileURLToPath(new URL('../../deploy/drills/', import.meta.url))
const DRILLS = ['backup-and-restore.mjs', 'point-in-time.mjs', 'roll-back.mjs', 'rotate-keys.mjs']
const tools = inject('postgresTools')

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Drilled {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a drill as a person would. */
async function drill(name: string, args: readonly string[], databaseUrl?: string): Promise<Drilled> {
  const { PATH = '', HOME = '', TMPDIR } = process.env
  const path = 'bin' in tools ? [tools.bin, PATH].join(delimiter) : PATH
  const child = spawn(process.execPath, [`${FOLDER}${name}`, ...args], {
    env: {
      ...{ PATH: path, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }) },
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    },
  })
  const printed = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    printed.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    printed.err += chunk
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, ...printed }
}

/** What a drill says at its end, once it has proven everything. */
function provenBy({ code, out, err }: Drilled): string[] {
  expect(code, `${out}\n${err}`).toBe(0)
  expect(err).toBe('')
  expect(out).not.toMatch(/postgres:\/\/|gpo_\w{8}|whsec_|gp_\w{8,}_/)
  const [steps = '', proven = ''] = out.split('\nproven:\n')
  expect(steps).toMatch(/^1\. |\n1\. /)
  return proven.trim().split('\n')
}

const databasesLike = async (databaseUrl: string, name: string) =>
  await sql(databaseUrl, 'SELECT datname FROM pg_database WHERE datname = $1', [name])

describe('the drills', () => {
  it.each(DRILLS)('%s explains itself, and does nothing without its arguments', async (name) => {
    const refused = await drill(name, [])
    expect(refused).toMatchObject({ code: 2, out: '' })
    expect(refused.err).toMatch(/^missing: --[\s\S]*\nUsage: DATABASE_URL=/)
    expect(await drill(name, ['--help'])).toMatchObject({ code: 0, out: expect.stringMatching(/^Usage: /) })
  })

  it('are all tried here, and named by the runbook', () => {
    const scripts = readdirSync(FOLDER).filter((file) =>
      readText(`deploy/drills/${file}`).includes('\nawait runDrill('),
    )
    expect(scripts.sort()).toEqual(DRILLS)
    for (const name of DRILLS) expect(readText('docs/runbook.md')).toContain(`node deploy/drills/${name}`)
  })
})

describe.skipIf('skip' in tools)('a drill', () => {
  it('backs up a database under load, and nothing leaves the copy', async () => {
    const sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10 ** 12, goldWeight: 10 ** 9 } })
    ends.push(sandbox.stop)
    const { databaseUrl } = await dumpedDatabase(ends)
    let drilled: Drilled | undefined
    await loseAfterBackup(databaseUrl, sandbox, async () => {
      drilled = await drill('backup-and-restore.mjs', ['--copy', 'drill_copy'], databaseUrl)
    })
    if (drilled === undefined) throw new Error('the drill was not run')
    expect(provenBy(drilled).join('\n')).toMatch(
      /no confirm left[\s\S]*each of the [1-9]\d* accepted orders is held/,
    )
    expect(await databasesLike(databaseUrl, 'drill_copy')).toEqual([])
  })

  it('fails, and leaves no copy, where the backup does not know of which database it is', async () => {
    const { databaseUrl } = await dumpedDatabase(ends)
    const { code, err, out } = await drill('backup-and-restore.mjs', ['--copy', 'drill_copy'], databaseUrl)
    expect(code, out).toBe(1)
    expect(err).toMatch(/^failed: not so: /)
    expect(out).not.toContain('proven:')
    expect(await databasesLike(databaseUrl, 'drill_copy')).toEqual([])
  })

  it('restores a base backup and the archive to a point in time, and nothing leaves the copy', async () => {
    const sandbox = await startSandbox({ seed: 1, openWallets: { rupiah: 10 ** 12, goldWeight: 10 ** 9 } })
    ends.push(sandbox.stop)
    if ('skip' in tools) return
    const lost = await clusterAtAPointInTime(ends, surroundingsOf(tools.bin))
    const { databaseUrl } = lost
    await loseAfterBackup(databaseUrl, sandbox, lost.backUp)
    const [segment] = await sql<{ name: string }>(
      databaseUrl,
      'SELECT pg_walfile_name(pg_switch_wal()) AS name',
    )
    await eventually(async () => {
      const text = 'SELECT last_archived_wal >= $1 AS is FROM pg_stat_archiver'
      const [archived] = await sql<{ is: boolean }>(databaseUrl, text, [segment?.name])
      return archived?.is === true ? true : null
    })
    const { base, archive, time } = lost.backup()
    const args = ['--base', base, '--archive', archive, '--time', time]
    const proven = provenBy(await drill('point-in-time.mjs', args, databaseUrl)).join('\n')
    expect(proven).toMatch(
      /restores up to[\s\S]*no confirm left[\s\S]*each of the [1-9]\d* accepted orders is held/,
    )
  })

  it('rolls a release out and back while orders come', async () => {
    const place = await createEmptyDatabase()
    ends.push(place.drop)
    const args = ['--database', 'drill_roll_back', '--orders', '10']
    const releases = ['--old', `node ${MAIN}`, '--new', `node ${nextRelease(ends)}`]
    const drilled = await drill('roll-back.mjs', [...args, ...releases], place.databaseUrl)
    expect(provenBy(drilled)).toHaveLength(3)
    expect(drilled.out).toContain('migrations that the new release has added: 1')
    expect(await databasesLike(place.databaseUrl, 'drill_roll_back')).toEqual([])
  })

  it('rotates keys while orders come', async () => {
    const place = await createEmptyDatabase()
    ends.push(place.drop)
    const drilled = await drill(
      'rotate-keys.mjs',
      ['--database', 'drill_keys', '--orders', '4'],
      place.databaseUrl,
    )
    expect(provenBy(drilled)).toHaveLength(9)
    expect(await databasesLike(place.databaseUrl, 'drill_keys')).toEqual([])
  })
})
