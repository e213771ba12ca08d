// The release before, built in a folder of its own.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const IS_WINDOWS = process.platform === 'win32'

const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim()

/** This release cannot follow that one. The message says why and what to do. */
export class NoReleaseBefore extends Error {}

/** The newest tag, or null. */
export function newestTag() {
  try {
    return git('describe', '--tags', '--abbrev=0')
  } catch {
    return null
  }
}

/** The hash of each migration of a folder, in order, as the table of migrations has them. */
export function hashesIn(folder) {
  const { entries } = JSON.parse(readFileSync(join(folder, 'meta', '_journal.json'), 'utf8'))
  return entries.map(({ tag }) => ({
    tag,
    hash: createHash('sha256')
      .update(readFileSync(join(folder, `${tag}.sql`), 'utf8'))
      .digest('hex'),
  }))
}

/**
 * Whether a database with the earlier migrations can be brought to the later ones.
 * @returns how many are new @throws NoReleaseBefore where one was edited, or is gone
 */
export function countAdded(earlier, later, ref) {
  const edited = earlier.find(({ hash }, position) => hash !== later[position]?.hash)
  if (edited !== undefined)
    throw new NoReleaseBefore(
      `${ref} has another baseline: its migration ${edited.tag} was edited or removed since, so no database of it can be ` +
        'migrated to this version. Until 1.0.0 migrations are edited in place: name a later ref with --from, or HEAD',
    )
  return later.length - earlier.length
}

/**
 * Checks a ref out and builds it.
 * @returns its program, and how many migrations this version adds to it; `end` removes it
 */
export function buildRelease(ref) {
  let commit
  try {
    commit = git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`)
  } catch {
    throw new NoReleaseBefore(`${ref} is no ref of this repository: see git tag, or fetch the tags`)
  }
  const folder = join(mkdtempSync(join(tmpdir(), 'goldpro-before-')), 'release')
  git('worktree', 'add', '--detach', '--quiet', folder, commit)
  const end = () => {
    rmSync(join(folder, 'node_modules'), { force: true, recursive: true })
    git('worktree', 'remove', '--force', folder)
    rmSync(join(folder, '..'), { recursive: true, force: true })
  }
  try {
    const added = countAdded(hashesIn(join(folder, 'migrations')), hashesIn(join(ROOT, 'migrations')), ref)
    build(folder, commit)
    return { main: join(folder, 'dist', 'main.js'), added, end }
  } catch (error) {
    end()
    throw error
  }
}

/** With the packages that are installed here, where the release has the same; and with what is built, where it is the same. */
function build(folder, commit) {
  const run = (...args) => execFileSync('npm', args, { cwd: folder, stdio: 'inherit', shell: IS_WINDOWS })
  const lock = (at) => readFileSync(join(at, 'package-lock.json'), 'utf8')
  if (lock(folder) === lock(ROOT))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
  else run('ci', '--no-audit', '--no-fund')
  const isSame =
    git('diff', '--name-only', commit, '--', 'src', 'assets', 'tsconfig.json', 'tsconfig.build.json') === ''
  if (isSame && existsSync(join(ROOT, 'dist')))
    cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true })
  else run('run', 'build')
}
