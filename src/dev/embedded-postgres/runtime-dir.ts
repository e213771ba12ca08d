import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noLocalPostgres } from './local-postgres-error.ts'
import { isAllowed, type OsUser } from './os-user.ts'

/** Folders for files that the server's user cannot reach where they are. The first usable one is taken. */
export const RUNTIME_DIRS: readonly string[] = ['/var/lib/goldpro', join(tmpdir(), 'goldpro')]

/**
 * A folder of this process's user that the server's user may enter. Only this process's user may write to it, because
 * programs are run from it.
 */
export function openRuntimeDir(candidates: readonly string[], osUser: OsUser): string {
  const folder = candidates.find((candidate) => isOurs(candidate) && isAllowed(osUser, [['-x', candidate]]))
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
    // A strict umask would shut the server's user out.
    chmodSync(folder, 0o711)
    return true
  } catch {
    return false
  }
}
