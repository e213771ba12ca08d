import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode, noLocalPostgres } from './local-postgres-error.ts'
import { startOf } from './os-processes.ts'

interface Program {
  readonly pid: number
  readonly start: string
}

interface Owner extends Program {
  readonly supervisor: Program | null
}

/** The exclusive right to use a path, such as a server's folder. */
export interface Claim {
  /** The supervisor of an owner that died; it may still be stopping its server. */
  readonly deadOwnersSupervisor: Program | null
  /** Stores the supervisor that the next owner must wait for if this process dies. */
  setSupervisor(pid: number): void
  release(): void
}

/**
 * Claims the folder for this process. The claim of a dead owner is taken over.
 * @throws LocalPostgresError while another live program has it
 */
export function claimFolder(folder: string): Claim {
  return claim(join(folder, 'owner.json'), (pid) =>
    noLocalPostgres(`The database in ${folder} is in use by process ${pid}: stop that program first`),
  )
}

/**
 * Claims a path for this process. The claim of a dead owner is taken over.
 * @throws the error of `inUse` while another live program has it
 */
export function claim(path: string, inUse: (pid: number) => Error): Claim {
  const self: Owner = { ...program(process.pid), supervisor: null }
  let deadOwnersSupervisor: Program | null = null
  while (!put(path, self)) {
    const owner = read(path)
    if (owner !== null && startOf(owner.pid) === owner.start) throw inUse(owner.pid)
    if (takeAway(path, owner)) deadOwnersSupervisor = owner?.supervisor ?? null
  }
  return {
    deadOwnersSupervisor,
    setSupervisor(pid) {
      const next = write(path, { ...self, supervisor: program(pid) })
      renameSync(next, path)
    },
    release: () => rmSync(path, { force: true }),
  }
}

const program = (pid: number): Program => ({ pid, start: startOf(pid) ?? 'gone' })

function write(path: string, owner: Owner): string {
  const aside = `${path}.${randomUUID()}`
  writeFileSync(aside, JSON.stringify(owner), { mode: 0o600 })
  return aside
}

/** Creates the file atomically, and never over another one: by a hard link. */
function put(path: string, owner: Owner): boolean {
  const aside = write(path, owner)
  try {
    linkSync(aside, path)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function read(path: string): Owner | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

/** Removes a dead owner's file. @returns false when another owner had replaced it, whose file is restored */
function takeAway(path: string, dead: Owner | null): boolean {
  const aside = `${path}.${randomUUID()}`
  try {
    renameSync(path, aside)
  } catch {
    return false
  }
  const taken = read(aside)
  const isDead = taken === null || (taken.pid === dead?.pid && taken.start === dead.start)
  if (!isDead) linkSync(aside, path)
  rmSync(aside)
  return isDead
}
