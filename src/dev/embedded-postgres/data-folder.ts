import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { errorCode, noLocalPostgres } from './local-postgres-error.ts'
import { type Account, isAllowed, serverUser } from './os-user.ts'
import { openRuntimeDir } from './runtime-dir.ts'

/** Where a local server keeps everything, and whom it runs as. */
export interface Place {
  readonly folder: string
  readonly account: Account
  /** The folder that was asked for; another one than `folder` when the account cannot get there. */
  readonly home: string
}

/** PostgreSQL's own folder. */
export const dataIn = (folder: string) => join(folder, 'data')
export const passwordIn = (folder: string) => join(folder, 'password')
export const logIn = (folder: string) => join(folder, 'server.log')
/** There once the database is whole: without it a killed start left a half-made one. */
export const wholeMarkIn = (folder: string) => join(folder, 'whole')

/** Finds the data where an earlier start put them, else a place that the server's account can get to. */
export function chooseDataFolder(dataDir: string, shelters: readonly string[]): Place {
  const home = openHome(resolve(dataDir))
  const name = `data-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`
  const earlier = [home, ...shelters.map((shelter) => join(shelter, name))].find((folder) =>
    existsSync(wholeMarkIn(folder)),
  )
  const account = serverUser(dataIn(earlier ?? home))
  const folder = earlier ?? (canReach(account, home) ? home : join(openRuntimeDir(shelters, account), name))
  if (!canReach(account, folder)) {
    throw noLocalPostgres(
      `PostgreSQL's user may not get to its data in ${folder}: let it pass with chmod o+x on the folders above`,
    )
  }
  makeItTheirs(folder, account)
  return { folder, account, home }
}

function openHome(home: string): string {
  try {
    // Folders above may be passed through, not listed.
    mkdirSync(home, { recursive: true, mode: 0o711 })
    return realpathSync(home)
  } catch (error) {
    throw noLocalPostgres(`Cannot keep PostgreSQL's data in ${home} (${errorCode(error)}): make it writable`)
  }
}

/** The folder itself will be the account's; what matters are the ones above. */
function canReach(account: Account, folder: string): boolean {
  return isAllowed(account, [['-x', dirname(folder)]])
}

function makeItTheirs(folder: string, account: Account): void {
  try {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o700)
    if (account !== null) chownSync(folder, account.uid, account.gid)
  } catch (error) {
    throw noLocalPostgres(
      `${folder} belongs to another user (${errorCode(error)}): run as that user, or move it out of the way`,
    )
  }
}
