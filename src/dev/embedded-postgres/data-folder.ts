import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { errorCode, noLocalPostgres } from './local-postgres-error.ts'
import { isAllowed, type OsUser, serverUser } from './os-user.ts'
import { openRuntimeDir } from './runtime-dir.ts'

/** The folder of a local server, and the user that the server runs as. */
export interface DataFolder {
  readonly folder: string
  readonly osUser: OsUser
  /** The requested folder. Differs from `folder` when the user cannot reach it. */
  readonly home: string
}

/** PostgreSQL's own folder. */
export const dataIn = (folder: string) => join(folder, 'data')
export const passwordIn = (folder: string) => join(folder, 'password')
export const logIn = (folder: string) => join(folder, 'server.log')
/** Exists once the database is complete; without it, a killed start left an incomplete one. */
export const completeMarkIn = (folder: string) => join(folder, 'whole')

/** Finds the data of an earlier start, else chooses a folder that the server's user can reach. */
export function chooseDataFolder(dataDir: string, runtimeDirs: readonly string[]): DataFolder {
  const home = createHome(resolve(dataDir))
  const name = `data-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`
  const earlier = [home, ...runtimeDirs.map((runtimeDir) => join(runtimeDir, name))].find((folder) =>
    existsSync(completeMarkIn(folder)),
  )
  const osUser = serverUser(dataIn(earlier ?? home))
  const folder = earlier ?? (canReach(osUser, home) ? home : join(openRuntimeDir(runtimeDirs, osUser), name))
  if (!canReach(osUser, folder)) {
    throw noLocalPostgres(
      `PostgreSQL's user cannot reach its data in ${folder}: run chmod o+x on the folders above`,
    )
  }
  giveToOsUser(folder, osUser)
  return { folder, osUser, home }
}

function createHome(home: string): string {
  try {
    // Mode 711: others may pass through, and not list.
    mkdirSync(home, { recursive: true, mode: 0o711 })
    return realpathSync(home)
  } catch (error) {
    throw noLocalPostgres(`Cannot keep PostgreSQL's data in ${home} (${errorCode(error)}): make it writable`)
  }
}

/** Whether the user can reach the folder. It will own the folder, so only the parents matter. */
function canReach(osUser: OsUser, folder: string): boolean {
  return isAllowed(osUser, [['-x', dirname(folder)]])
}

function giveToOsUser(folder: string, osUser: OsUser): void {
  try {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o700)
    if (osUser !== null) chownSync(folder, osUser.uid, osUser.gid)
  } catch (error) {
    throw noLocalPostgres(
      `${folder} belongs to another user (${errorCode(error)}): run as that user, or move it out of the way`,
    )
  }
}
