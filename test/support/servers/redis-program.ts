import { execFileSync, spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A Redis server's program that tests may start servers of their own from, or why there is none. */
export type RedisProgram =
  | { readonly path: string; readonly libraryPath: string | null }
  | { readonly skip: string }

const UNPACKED = fileURLToPath(new URL('../../../node_modules/.cache/redis', import.meta.url))

/**
 * Finds a Redis server's program, if need be by unpacking the distribution's package beside the project.
 * Tests kill and flush their servers, so a server that REDIS_URL names is left alone.
 */
export async function findRedisProgram(env: NodeJS.ProcessEnv): Promise<RedisProgram> {
  const installed = findOnPath(env.PATH ?? '')
  if (installed !== null) return { path: installed, libraryPath: null }
  if (!existsSync(UNPACKED)) {
    const trouble = unpackFromDistribution()
    if (trouble !== null) return { skip: `${env.REDIS_URL === undefined ? '' : NOT_YOURS}${trouble}` }
  }
  return unpackedProgram()
}

const NOT_YOURS = 'the server at REDIS_URL is not touched, for tests kill and flush theirs; '

function findOnPath(path: string): string | null {
  const candidates = path
    .split(delimiter)
    .flatMap((folder) => ['redis-server', 'valkey-server'].map((name) => join(folder, name)))
  return candidates.find(isProgram) ?? null
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @returns why it could not be done, or null */
function unpackFromDistribution(): string | null {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    return 'there is no redis-server on the PATH: install one (apt-get install redis-server, brew install redis)'
  }
  console.log('There is no redis-server on the PATH: fetching one with apt-get, without installing it')
  mkdirSync(dirname(UNPACKED), { recursive: true })
  const folder = mkdtempSync(`${UNPACKED}-`)
  try {
    for (const archive of download(folder)) execFileSync('dpkg', ['-x', archive, folder])
    for (const each of ['archives', 'lists']) rmSync(join(folder, each), { recursive: true })
    renameSync(folder, UNPACKED)
    return null
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    const words = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    return `there is no redis-server on the PATH and apt-get could not fetch one (${words})`
  }
}

/** Everything apt writes goes into the folder: the machine stays as it is. */
function download(folder: string): string[] {
  const archives = join(folder, 'archives')
  const lists = join(folder, 'lists')
  for (const each of [archives, lists]) mkdirSync(join(each, 'partial'), { recursive: true })
  const settings = [`Dir::State::lists=${lists}`, `Dir::Cache=${folder}`, `Dir::Cache::archives=${archives}`]
  const options = [...settings, 'APT::Sandbox::User=root'].flatMap((setting) => ['-o', setting])
  const wanted = ['--download-only', '--reinstall', '--no-install-recommends', 'redis-server', 'redis-tools']
  const apt = (...args: string[]) =>
    execFileSync('apt-get', [...options, ...args], { stdio: 'pipe', timeout: 120_000 })
  apt('update')
  apt('install', '--yes', ...wanted)
  const debs = readdirSync(archives).filter((file) => file.endsWith('.deb'))
  return debs.map((file) => join(archives, file))
}

function unpackedProgram(): RedisProgram {
  const libraries = ['lib', join('usr', 'lib')].flatMap((folder) => foldersIn(join(UNPACKED, folder)))
  const path = join(UNPACKED, 'usr', 'bin', 'redis-server')
  const libraryPath = libraries.join(delimiter)
  const trial = spawnSync(path, ['--version'], { env: { LD_LIBRARY_PATH: libraryPath } })
  return trial.status === 0 ? { path, libraryPath } : { skip: `${path} does not run: delete ${UNPACKED}` }
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
}
