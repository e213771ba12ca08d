import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { RUNTIME_DIRS } from '../../../src/dev/embedded-postgres/runtime-dir.ts'

/** PostgreSQL's own tools with the server of their version, or why there are none. */
export type PostgresTools = { readonly bin: string } | { readonly skip: string; readonly canInstall: boolean }

const PROGRAMS = ['pg_dump', 'pg_restore', 'psql', 'pg_ctl', 'initdb', 'postgres']
/** A dump is only as good as the server's version that the program supports. */
const OLDEST_MAJOR = 14
/** Folders that have one folder for each installed version, and where in it the programs are. */
const VERSIONED = [
  ['/usr/lib/postgresql', 'bin'],
  ['/usr', 'bin'],
  ['/opt/homebrew/opt', 'bin'],
  ['/usr/local/opt', 'bin'],
  ['/Applications/Postgres.app/Contents/Versions', 'bin'],
] as const

/**
 * Finds `pg_dump` and `pg_restore`, which the embedded PostgreSQL does not have, and the server beside them: a tool
 * refuses a newer server than itself. If need be it installs the distribution's package.
 */
export function findPostgresTools(env: NodeJS.ProcessEnv): PostgresTools {
  const installed = findInstalled(env)
  if (installed !== null) return { bin: installed }
  const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  const trouble = canInstall
    ? install()
    : 'install PostgreSQL (apt-get install postgresql, brew install postgresql)'
  const bin = findInstalled(env)
  if (bin !== null) return { bin }
  const reason = trouble ?? 'apt-get installed none'
  return {
    skip: `there is no pg_dump with its server on the PATH or in the usual folders: ${reason}`,
    canInstall,
  }
}

function findInstalled(env: NodeJS.ProcessEnv): string | null {
  const folders = [
    ...(env.PATH ?? '').split(delimiter),
    ...VERSIONED.flatMap(([folder, bin]) => versionsIn(folder).map((name) => join(folder, name, bin))),
  ]
  return folders.find((folder) => hasAll(folder) && majorOf(folder) >= OLDEST_MAJOR) ?? null
}

/** The newest first. */
function versionsIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => /^(postgresql(@|$)|pgsql-)?[\d.]*$/.test(name))
  return names.sort((a, b) => numberIn(b) - numberIn(a))
}

const numberIn = (text: string) => Number(/\d+/.exec(text)?.[0] ?? 0)
const hasAll = (folder: string) => PROGRAMS.every((name) => existsSync(join(folder, name)))

function majorOf(bin: string): number {
  try {
    return numberIn(execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }))
  } catch {
    return 0
  }
}

const NO_CLUSTER = '/etc/postgresql-common/createcluster.conf'

/** @returns why it could not be done, or null */
function install(): string | null {
  console.log('There is no pg_dump: installing one with apt-get')
  const apt = (...args: string[]) =>
    execFileSync('apt-get', args, {
      stdio: 'pipe',
      timeout: 120_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  try {
    mkdirSync(dirname(NO_CLUSTER), { recursive: true })
    // Otherwise the package creates a cluster, and starts it.
    if (!existsSync(NO_CLUSTER)) writeFileSync(NO_CLUSTER, 'create_main_cluster = false\n')
    apt('update')
    apt('install', '--yes', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold', 'postgresql')
    return null
  } catch (error) {
    const words = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    return `apt-get could not install one (${words})`
  }
}

/** The machine with these tools' server instead of the embedded one, laid out as its package is. */
export function surroundingsOf(bin: string) {
  const nativeFolder = mkdtempSync(join(tmpdir(), 'goldpro-server-'))
  const version = String(majorOf(bin))
  const prefix = dirname(bin)
  const share = [
    join(prefix, 'share', 'postgresql'),
    join(prefix, 'share'),
    join('/usr/share/postgresql', version),
    join('/usr/share', `pgsql-${version}`),
  ].find((folder) => existsSync(join(folder, 'postgres.bki')))
  if (share === undefined) throw new Error(`${bin} has no postgres.bki`)
  mkdirSync(join(nativeFolder, 'share'))
  for (const [target, name] of [
    [bin, 'bin'],
    [join(prefix, 'lib'), 'lib'],
    [share, join('share', 'postgresql')],
  ] as const)
    symlinkSync(target, join(nativeFolder, name))
  return { nativeFolder, runtimeDirs: RUNTIME_DIRS }
}
