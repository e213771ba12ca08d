// Runs the core of the test suite on other versions of Node, and prints the versions that it tried:
//   npm run test:nodes            Node 22 and Node 24
//   npm run test:nodes -- 24      only this one
// The npm package `node` brings the program; it is installed into a temporary folder, which is removed afterwards.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAJORS = ['22', '24']
const ROOMS = JSON.parse(readFileSync(new URL('rooms.json', import.meta.url), 'utf8'))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const IS_WINDOWS = process.platform === 'win32'

/** Installs one version of Node; returns the path of its program. */
function install(major, folder) {
  // The package's install script puts the program in place, so scripts must run.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts=false', `node@${major}`]
  const { status } = spawnSync('npm', [...args, '--prefix', folder], { stdio: 'inherit', shell: IS_WINDOWS })
  if (status !== 0) throw new Error(`npm could not install node@${major}`)
  return join(folder, 'node_modules', 'node', 'bin', IS_WINDOWS ? 'node.exe' : 'node')
}

function versionOf(node) {
  const { stdout, error } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  if (error !== undefined) throw error
  return stdout.trim()
}

/** Whether the tests pass on this Node. Programs that the tests start by the name `node` run on it too. */
function passes(node) {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
  const { status } = spawnSync(node, [vitest, 'run', ...ROOMS.map((room) => `test/${room}/`)], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) },
  })
  return status === 0
}

const majors = process.argv.length > 2 ? process.argv.slice(2) : MAJORS
const results = []
for (const major of majors) {
  const folder = mkdtempSync(join(tmpdir(), 'goldpro-node-'))
  try {
    const node = install(major, folder)
    const version = versionOf(node)
    console.log(`\nNode ${version}: test/{${ROOMS.join(',')}}`)
    results.push({ version, isGreen: passes(node) })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
for (const { version, isGreen } of results) console.log(`Node ${version}: ${isGreen ? 'passed' : 'failed'}`)
process.exit(results.every(({ isGreen }) => isGreen) ? 0 : 1)
