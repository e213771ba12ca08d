import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { preparedText } from '../../src/cli/prepared-help.ts'
import { renderHelp } from '../../src/processes/render-help.ts'
import { runInProcess } from '../support/in-process.ts'

let folder: string
let file: URL
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepared-help-'))
  file = pathToFileURL(join(folder, 'prepared-help.json'))
  await writeFile(file, JSON.stringify(await renderHelp()))
})
afterAll(() => rm(folder, { recursive: true }))

const printedBy = async (args: readonly string[]) =>
  (await runInProcess(args, { env: {}, cwd: folder, input: '' })).out

describe('prepared help', () => {
  it.each([[], ['orders'], ['orders', 'list'], ['recon', 'breaks'], ['switch', 'close']])(
    'of %s %s is what the program itself prints',
    async (...words) => {
      const args = [...words, '--help']
      const printed = await printedBy(args)
      expect(printed).toContain('Usage: goldpro')
      expect(await preparedText(args, file)).toBe(printed)
    },
  )

  it('is given for -h, and the version for -V', async () => {
    expect(await preparedText(['orders', '-h'], file)).toContain('Usage: goldpro orders')
    expect(await preparedText(['-V'], file)).toBe(await printedBy(['--version']))
  })

  it.each([
    ['nothing was asked of help', ['orders', 'list']],
    ['there is no such command', ['order', '--help']],
    ['the flag may be the value of an option', ['orders', 'hold', 'acme/A-1', '--note', '-h']],
    ['an option comes before it', ['--utc', '--help']],
    ['more is asked than the version', ['orders', '--version']],
    ['a name of every object is given for a command', ['constructor', '--help']],
  ])('is left to the program where %s', async (_why, args) => {
    expect(await preparedText(args, file)).toBeNull()
  })

  it('is left to the program in a checkout that was not built', async () => {
    expect(await preparedText(['--help'], new URL('missing.json', file))).toBeNull()
  })
})
