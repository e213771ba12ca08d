import { execFileSync, spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { noLocalPostgres } from './local-postgres-error.ts'

/** Whom the server runs as; null: as ourselves. */
export type Account = { readonly uid: number; readonly gid: number } | null

const NAME = 'postgres'

/** PostgreSQL refuses to run as root, so root lends it the data's owner, or the user `postgres`. */
export function serverUser(dataFolder: string): Account {
  if (process.getuid?.() !== 0) return null
  return ownerOf(dataFolder) ?? lookUp() ?? createUser()
}

/** Data that a normal user began are carried on as that user. */
function ownerOf(folder: string): Account {
  const stat = statSync(folder, { throwIfNoEntry: false })
  return stat === undefined || stat.uid === 0 ? null : { uid: stat.uid, gid: stat.gid }
}

function lookUp(): Account {
  const id = (flag: string) => {
    const answer = spawnSync('id', [flag, NAME], { encoding: 'utf8' })
    return answer.status === 0 ? Number(answer.stdout) : Number.NaN
  }
  const account = { uid: id('-u'), gid: id('-g') }
  return Number.isInteger(account.uid) && Number.isInteger(account.gid) ? account : null
}

const WAYS_TO_CREATE = [
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/bin/false', NAME],
  // BusyBox, and Debian without the passwd package's useradd on its path.
  ['adduser', '-S', '-D', '-H', '-s', '/bin/false', NAME],
] as const

function createUser(): Account {
  for (const [file, ...args] of WAYS_TO_CREATE) {
    spawnSync(file, args, { stdio: 'ignore' })
    const account = lookUp()
    if (account !== null) return account
  }
  throw noLocalPostgres(
    `PostgreSQL does not run as root and the user "${NAME}" could not be created: create it, or run as a normal user`,
  )
}

/**
 * Whether the account may do to every path what its test says: `-x` enter or run, `-r` read.
 * It is tried rather than worked out, for rights also come from parent folders, mounts and access lists.
 */
export function isAllowed(account: Account, tests: readonly (readonly ['-x' | '-r', string])[]): boolean {
  if (process.platform === 'win32') return true
  const script = 'while [ $# -gt 0 ]; do test "$1" "$2" || exit 1; shift 2; done'
  try {
    execFileSync('/bin/sh', ['-c', script, 'sh', ...tests.flat()], {
      cwd: '/',
      stdio: 'ignore',
      ...(account ?? {}),
    })
    return true
  } catch {
    return false
  }
}
