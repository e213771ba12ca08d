import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noLocalPostgres } from './local-postgres-error.ts'
import { type Account, isAllowed } from './os-user.ts'

/** Where things go that the server's account may not reach where they are. The first one that is possible. */
export const RUNTIME_DIRS: readonly string[] = ['/var/lib/goldpro', join(tmpdir(), 'goldpro')]

/**
 * A folder of ours that the account may enter.
 * It must be ours alone: programs are run from it, so nobody else may be able to put any there.
 */
export function openRuntimeDir(candidates: readonly string[], account: Account): string {
  const folder = candidates.find((candidate) => isOurs(candidate) && isAllowed(account, [['-x', candidate]]))
  if (folder !== undefined) return folder
  throw noLocalPostgres(
    `PostgreSQL's user may not enter this folder and none of ${candidates.join(', ')} can be used instead: ` +
      'make one of them writable',
  )
}

function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true })
    const stat = lstatSync(folder)
    if (!stat.isDirectory() || stat.uid !== process.getuid?.()) return false
    // A strict umask would have shut the account out.
    chmodSync(folder, 0o711)
    return true
  } catch {
    return false
  }
}
