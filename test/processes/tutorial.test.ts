import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksOf, type FencedBlock } from '../ground/pages.ts'
import { eventually } from '../support/eventually.ts'
import { memoryOrDisk } from '../support/memory.ts'
import { MAIN, type RunningCommand, startCommand } from '../support/servers/command.ts'

/** Blocks that this test does not run: each says so, and why, after its three backticks. */
const NOT_RUN = ['npm ci']

const blocks = blocksOf('docs/tutorial.md')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(memoryOrDisk(), 'goldpro-tutorial-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** The block of lines that the page shows as output of a block; empty: it shows none. */
function shownAfter(block: FencedBlock): readonly string[] {
  const next = blocks[blocks.indexOf(block) + 1]
  return next?.info === 'output' ? next.lines : []
}

/** The first line shown that was not printed, after the ones before it; null: all were. An ellipsis is any text. */
function missingLine(shown: readonly string[], printed: string): string | null {
  const lines = printed.split('\n')
  for (const line of shown) {
    const words = line.trim().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    const pattern = new RegExp(`^\\s*${words.replaceAll('…', '.*').replace(/\s+/g, '\\s+')}\\s*$`)
    const at = lines.findIndex((candidate) => pattern.test(candidate))
    if (at < 0) return line
    lines.splice(0, at + 1)
  }
  return null
}

/** Runs the lines of a block in a shell, with what a reader takes from what `up` printed. Fails where a command fails. */
async function run({ lines }: FencedBlock, printedByUp: string): Promise<string> {
  const gateway = /gateway (http:\S+)/.exec(printedByUp)?.[1] ?? ''
  const since = /--period (\S+)\.\.now/.exec(printedByUp)?.[1] ?? ''
  const script = lines
    .join('\n')
    .replace(/^GATEWAY=\S+/m, `GATEWAY=${gateway}`)
    .replace(/^SINCE=\S+/m, `SINCE=${since}`)
  const npx = `set -e\nnpx() { shift; "${process.execPath}" "${MAIN}" "$@"; }\n`
  const { stdout } = await promisify(execFile)('sh', ['-c', npx + script], {
    cwd: folder,
    env: { PATH: process.env.PATH },
  })
  return stdout
}

/** Starts the command of a block, which stays open. */
async function start(block: FencedBlock): Promise<RunningCommand> {
  expect(block.lines).toEqual(['npx goldpro up'])
  const up = startCommand(['up'], { cwd: folder, env: { LOG_LEVEL: 'warn' } })
  await up.printed('Ctrl-C ends it')
  expect(missingLine(shownAfter(block), up.out())).toBeNull()
  return up
}

async function runBlock(block: FencedBlock, printedByUp: string): Promise<void> {
  const shown = shownAfter(block)
  const missing = async () => missingLine(shown, await run(block, printedByUp))
  if (block.info === 'sh') expect(await missing(), `line ${block.line}`).toBeNull()
  else await eventually(async () => ((await missing()) === null ? true : null))
}

it('the tutorial does what it says, block by block, from an empty folder', async () => {
  let up: RunningCommand | undefined
  const notRun: string[] = []
  for (const block of blocks.filter(({ info }) => info !== 'output')) {
    expect(block.info, `line ${block.line}`).toMatch(/^sh( wait| stays-open| not-run: .+)?$/)
    if (block.info.startsWith('sh not-run')) notRun.push(...block.lines)
    else if (block.info === 'sh stays-open') up = await start(block)
    else await runBlock(block, up?.out() ?? '')
  }
  expect(notRun).toEqual(NOT_RUN)
  expect(await readdir(folder)).toContain('report.html')
  up?.child.kill('SIGINT')
  expect((await up?.ended)?.code).toBe(0)
})

it('a line that was not printed, or only before the line above it, is missing', () => {
  expect(missingLine(['a … c', '  d'], 'a b  c\nd\n')).toBeNull()
  expect(missingLine(['d', 'a … c'], 'a b c\nd\n')).toBe('a … c')
  expect(missingLine(['a.c'], 'abc')).toBe('a.c')
})
