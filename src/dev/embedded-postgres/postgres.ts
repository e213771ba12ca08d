import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { findNativeFolder, usableBinaries } from './binaries.ts'
import { type Claim, claimFolder } from './claim.ts'
import { chooseDataFolder, completeMarkIn, type DataFolder, dataIn, passwordIn } from './data-folder.ts'
import { ServerDidNotStart } from './local-postgres-error.ts'
import { endOrphanServer } from './orphan.ts'
import { isGoneWithin } from './os-processes.ts'
import { RUNTIME_DIRS } from './runtime-dir.ts'
import { addressOf, findFreePort, launch, type ServerStart, untilServing } from './server.ts'
import type { Supervised } from './supervisor.ts'

export { LocalPostgresError } from './local-postgres-error.ts'

export interface LocalPostgresOptions {
  readonly dataDir: string
  /** False: the folder is deleted at the end, and fsync is off. */
  readonly keepData: boolean
  /** Default: a free port. */
  readonly port?: number
  /** Called with one line for each unusual event of the start. */
  readonly log?: (line: string) => void
}

/** The machine: PostgreSQL's programs, and runtime directories for what PostgreSQL's user cannot reach. */
export interface Surroundings {
  readonly nativeFolder: string
  readonly runtimeDirs: readonly string[]
}

export interface LocalPostgres {
  readonly databaseUrl: string
  /** The folder of the data. */
  readonly folder: string
  /** Returns when the server has ended, and its folder is deleted unless the data are kept. */
  stop(): Promise<void>
}

const ATTEMPTS = 3

/**
 * Starts a PostgreSQL server on 127.0.0.1 that ends when this process ends, also when it is killed.
 * @throws LocalPostgresError, which says what to do; also when a live program uses the folder
 */
export async function startLocalPostgres(
  options: LocalPostgresOptions,
  surroundings: Surroundings = { nativeFolder: findNativeFolder(), runtimeDirs: RUNTIME_DIRS },
): Promise<LocalPostgres> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options, surroundings)
    } catch (error) {
      // The free port may be taken by now, or the shared memory of a killed server is not released yet.
      const mayHelp = error instanceof ServerDidNotStart && options.port === undefined
      if (!mayHelp || attempt === ATTEMPTS) throw error
      await wait(300 * attempt)
    }
  }
}

async function startOnce(options: LocalPostgresOptions, surroundings: Surroundings): Promise<LocalPostgres> {
  const { keepData, log = () => {} } = options
  const dataFolder = chooseDataFolder(options.dataDir, surroundings.runtimeDirs)
  const binaries = await usableBinaries(
    surroundings.nativeFolder,
    dataFolder.osUser,
    surroundings.runtimeDirs,
  )
  const claim = claimFolder(dataFolder.folder)
  try {
    if (dataFolder.folder !== dataFolder.home)
      log(`The database is kept in ${dataFolder.folder}, which PostgreSQL's user can reach`)
    await takeOver(dataFolder, claim, options)
    const port = options.port ?? (await findFreePort())
    const start = { binaries, dataFolder, password: readyPassword(dataFolder), keepData, port }
    const server = await serve(start, claim)
    return {
      databaseUrl: addressOf(start),
      folder: dataFolder.folder,
      stop: () => stop(server, start, claim),
    }
  } catch (error) {
    giveUp(dataFolder, claim, keepData)
    throw error
  }
}

/** Stops what still runs on the folder, and removes incomplete data. */
async function takeOver(
  { folder }: DataFolder,
  claim: Claim,
  { keepData, log }: LocalPostgresOptions,
): Promise<void> {
  const supervisor = claim.deadOwnersSupervisor
  if (supervisor !== null) {
    log?.('Taking over from a program that was killed')
    await isGoneWithin(supervisor.pid, supervisor.start, 30_000)
  }
  await endOrphanServer(dataIn(folder))
  // The supervisor of a temporary server deletes the folder, including this claim.
  if (!existsSync(folder)) throw new ServerDidNotStart('its folder was just deleted')
  if (!keepData) rmSync(completeMarkIn(folder), { force: true })
  if (!existsSync(completeMarkIn(folder))) rmSync(dataIn(folder), { recursive: true, force: true })
}

/** Reads or creates the password. Its file lies beside the data; only this user and the server's user may read it. */
function readyPassword({ folder, osUser }: DataFolder): string {
  const path = passwordIn(folder)
  if (existsSync(completeMarkIn(folder))) return readFileSync(path, 'utf8').trim()
  const password = randomBytes(24).toString('hex')
  writeFileSync(path, `${password}\n`, { mode: 0o600 })
  chmodSync(path, 0o600)
  if (osUser !== null) chownSync(path, osUser.uid, osUser.gid)
  return password
}

async function serve(start: ServerStart, claim: Claim): Promise<Supervised> {
  const server = launch(start)
  try {
    claim.setSupervisor(server.pid)
    await untilServing(start, server)
    writeFileSync(completeMarkIn(start.dataFolder.folder), '')
    server.unref()
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function stop(server: Supervised, { dataFolder, keepData }: ServerStart, claim: Claim): Promise<void> {
  await server.stop()
  // The supervisor may have been killed.
  await endOrphanServer(dataIn(dataFolder.folder))
  giveUp(dataFolder, claim, keepData)
}

function giveUp({ folder, home }: DataFolder, claim: Claim, keepData: boolean): void {
  claim.release()
  if (keepData) return
  for (const each of [folder, home]) rmSync(each, { recursive: true, force: true })
}
