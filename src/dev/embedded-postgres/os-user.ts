import { execFileSync, spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { noLocalPostgres } from './local-postgres-error.ts'

/** The operating system's user that the server runs as; null: the user of this process. */
export type OsUser = { readonly uid: number; readonly gid: number } | null

const NAME = 'postgres'

/** PostgreSQL refuses to run as root; as root it runs as the owner of the data, or as the user `postgres`. */
export function serverUser(dataFolder: string): OsUser {
  if (process.getuid?.() !== 0) return null
  return ownerOf(dataFolder) ?? lookUp() ?? createUser()
}

/** The owner of existing data, if that is a normal user. */
function ownerOf(folder: string): OsUser {
  const stat = statSync(folder, { throwIfNoEntry: false })
  return stat === undefined || stat.uid === 0 ? null : { uid: stat.uid, gid: stat.gid }
}

function lookUp(): OsUser {
  const id = (flag: string) => {
    const answer = spawnSync('id', [flag, NAME], { encoding: 'utf8' })
    return answer.status === 0 ? Number(answer.stdout) : Number.NaN
  }
  const osUser = { uid: id('-u'), gid: id('-g') }
  return Number.isInteger(osUser.uid) && Number.isInteger(osUser.gid) ? osUser : null
}

const WAYS_TO_CREATE = [
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/bin/false', NAME],
  // BusyBox, and Debian without the passwd package's useradd on its path.
  ['adduser', '-S', '-D', '-H', '-s', '/bin/false', NAME],
] as const

function createUser(): OsUser {
  for (const [file, ...args] of WAYS_TO_CREATE) {
    spawnSync(file, args, { stdio: 'ignore' })
    const osUser = lookUp()
    if (osUser !== null) return osUser
  }
  throw noLocalPostgres(
    `PostgreSQL does not run as root and the user "${NAME}" could not be created: create it, or run as a normal user`,
  )
}

/**
 * Whether the user passes the test of every path: `-x` enter or run, `-r` read. It is tried in a process of that user,
 * because rights also depend on parent folders, mounts and access lists.
 */
export function isAllowed(osUser: OsUser, tests: readonly (readonly ['-x' | '-r', string])[]): boolean {
  if (process.platform === 'win32') return true
  const script = 'while [ $# -gt 0 ]; do test "$1" "$2" || exit 1; shift 2; done'
  try {
    execFileSync('/bin/sh', ['-c', script, 'sh', ...tests.flat()], {
      cwd: '/',
      stdio: 'ignore',
      ...(osUser ?? {}),
    })
    return true
  } catch {
    return false
  }
}
