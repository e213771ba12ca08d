import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { findNativeFolder, usableBinaries } from './binaries.ts'
import { type Claim, claimFolder } from './claim.ts'
import { chooseDataFolder, dataIn, type Place, passwordIn, wholeMarkIn } from './data-folder.ts'
import { ServerDidNotStart } from './local-postgres-error.ts'
import { endOrphanServer } from './orphan.ts'
import { isGoneWithin } from './os-processes.ts'
import { RUNTIME_DIRS } from './runtime-dir.ts'
import { addressOf, findFreePort, launch, type ServerStart, untilServing } from './server.ts'
import type { Supervised } from './supervisor.ts'

export { LocalPostgresError } from './local-postgres-error.ts'

export interface LocalPostgresOptions {
  readonly dataDir: string
  /** False: the folder is deleted in the end, and nothing waits for the disk. */
  readonly keepData: boolean
  /** A free one unless given. */
  readonly port?: number
  /** Told, in a line each, what is unusual about this start. */
  readonly log?: (line: string) => void
}

/** What the machine offers: PostgreSQL's programs, and where to put what its user cannot reach. */
export interface Surroundings {
  readonly nativeFolder: string
  readonly shelters: readonly string[]
}

export interface LocalPostgres {
  readonly databaseUrl: string
  /** The folder that its data are in, for what must go with them. */
  readonly folder: string
  /** Returns when the server is gone, and its folder too unless the data are kept. */
  stop(): Promise<void>
}

const ATTEMPTS = 3

/**
 * Runs a PostgreSQL server of our own on 127.0.0.1, which ends when this process does, however that happens.
 * @throws LocalPostgresError in one line saying what to do, also when a live program has the folder
 */
export async function startLocalPostgres(
  options: LocalPostgresOptions,
  surroundings: Surroundings = { nativeFolder: findNativeFolder(), shelters: RUNTIME_DIRS },
): Promise<LocalPostgres> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options, surroundings)
    } catch (error) {
      // A free port may be taken by then, and a killed server's memory takes a moment to be let go.
      const mayHelp = error instanceof ServerDidNotStart && options.port === undefined
      if (!mayHelp || attempt === ATTEMPTS) throw error
      await wait(300 * attempt)
    }
  }
}

async function startOnce(options: LocalPostgresOptions, surroundings: Surroundings): Promise<LocalPostgres> {
  const { keepData, log = () => {} } = options
  const place = chooseDataFolder(options.dataDir, surroundings.shelters)
  const binaries = await usableBinaries(surroundings.nativeFolder, place.account, surroundings.shelters)
  const claim = claimFolder(place.folder)
  try {
    if (place.folder !== place.home)
      log(`The database is kept in ${place.folder}, where PostgreSQL's user can get`)
    await takeOver(place, claim, options)
    const port = options.port ?? (await findFreePort())
    const start = { binaries, place, password: readyPassword(place), keepData, port }
    const server = await serve(start, claim)
    return { databaseUrl: addressOf(start), folder: place.folder, stop: () => stop(server, start, claim) }
  } catch (error) {
    giveUp(place, claim, keepData)
    throw error
  }
}

/** Leaves nothing running on the folder, and nothing half-made in it. */
async function takeOver(
  { folder }: Place,
  claim: Claim,
  { keepData, log }: LocalPostgresOptions,
): Promise<void> {
  const guard = claim.deadOwnersGuard
  if (guard !== null) {
    log?.('Taking over from a program that was killed')
    await isGoneWithin(guard.pid, guard.start, 30_000)
  }
  await endOrphanServer(dataIn(folder))
  // The guard of a throw-away server takes the whole folder with it, our claim too.
  if (!existsSync(folder)) throw new ServerDidNotStart('its folder was just deleted')
  if (!keepData) rmSync(wholeMarkIn(folder), { force: true })
  if (!existsSync(wholeMarkIn(folder))) rmSync(dataIn(folder), { recursive: true, force: true })
}

/** The password made with the data. It lies beside them, for the server's account and us alone. */
function readyPassword({ folder, account }: Place): string {
  const path = passwordIn(folder)
  if (existsSync(wholeMarkIn(folder))) return readFileSync(path, 'utf8').trim()
  const password = randomBytes(24).toString('hex')
  writeFileSync(path, `${password}\n`, { mode: 0o600 })
  chmodSync(path, 0o600)
  if (account !== null) chownSync(path, account.uid, account.gid)
  return password
}

async function serve(start: ServerStart, claim: Claim): Promise<Supervised> {
  const server = launch(start)
  try {
    claim.noteGuard(server.pid)
    await untilServing(start, server)
    writeFileSync(wholeMarkIn(start.place.folder), '')
    server.unref()
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function stop(server: Supervised, { place, keepData }: ServerStart, claim: Claim): Promise<void> {
  await server.stop()
  // Somebody may have killed the guard.
  await endOrphanServer(dataIn(place.folder))
  giveUp(place, claim, keepData)
}

function giveUp({ folder, home }: Place, claim: Claim, keepData: boolean): void {
  claim.release()
  if (keepData) return
  for (const each of [folder, home]) rmSync(each, { recursive: true, force: true })
}
