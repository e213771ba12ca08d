import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SHELLS } from '../../src/cli/completion-scripts.ts'
import { preparedText } from '../../src/cli/prepared-help.ts'
import { ORDER_STATES } from '../../src/orders/lifecycle.ts'
import { renderHelp } from '../../src/processes/render-help.ts'
import { runCommand } from '../support/servers/command.ts'

let folder: string
let scripts: Readonly<Record<string, string>>
let prepared: URL
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'completion-'))
  const rendered = await renderHelp()
  scripts = rendered.completion
  prepared = pathToFileURL(join(folder, 'prepared-help.json'))
  await writeFile(prepared, JSON.stringify(rendered))
  for (const shell of SHELLS) await writeFile(join(folder, shell), scripts[shell] ?? '')
})
afterAll(() => rm(folder, { recursive: true }))

const isHere = (shell: string) => spawnSync(shell, ['--version']).status === 0

/** What bash offers once this has been typed, the last word being under way. */
function offered(...typed: string[]): string[] {
  const words = ['goldpro', ...typed].map((word) => `'${word}'`).join(' ')
  const script = `source ${folder}/bash; COMP_WORDS=(${words}); COMP_CWORD=${typed.length}; _goldpro; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout, stderr } = spawnSync('bash', ['-uc', script], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return stdout.split('\n').filter((line) => line !== '')
}

describe('completion', () => {
  it('in bash offers commands, their commands, options, and the values of options', () => {
    expect(offered('')).toEqual(
      expect.arrayContaining(['orders', 'doctor', 'completion', '--utc', '--version']),
    )
    expect(offered('or')).toEqual(['orders'])
    expect(offered('recon', 'breaks', 'a')).toEqual(['assign', 'approve'])
    expect(offered('orders', 'list', '--sta')).toEqual(['--state'])
    expect(offered('--utc', 'orders', 'list', '--he')).toEqual(['--help'])
    expect(offered('orders', 'list', '--state', '')).toEqual(expect.arrayContaining([...ORDER_STATES]))
    expect(offered('wallet', 'policy', 'ow')).toEqual(['owned'])
    expect(offered('completion', 'f')).toEqual(['fish'])
  })

  it('in bash leaves values that may be anything to the shell, which completes files', () => {
    expect(offered('orders', 'list', '--partner', '')).toEqual([])
    expect(offered('enqueue', 'orders.js')).toEqual([])
    expect(scripts.bash).toContain('complete -o default -F _goldpro goldpro')
  })

  it('has every command in each script, in zsh and fish as well', () => {
    expect(scripts.zsh).toContain('("recon breaks") compadd -- list show assign')
    expect(scripts.fish).toContain(`complete -c goldpro -n '__goldpro_at "orders"' -f -a list -d`)
    expect(scripts.fish).toMatch(/__goldpro_at "orders list"' -l state -x -a '[^']*in_doubt/)
  })

  it.each(['zsh', 'fish'])('is read by %s, where there is one', (shell) => {
    if (!isHere(shell)) return
    expect(spawnSync(shell, ['-n', join(folder, shell)], { encoding: 'utf8' })).toMatchObject({ status: 0 })
  })

  it('is printed without loading a command, and is what the program itself prints', async () => {
    for (const shell of SHELLS)
      expect(await preparedText(['completion', shell], prepared)).toBe(scripts[shell])
    const given = await runCommand(['completion', 'bash'])
    expect(given).toEqual({ code: 0, out: scripts.bash, err: '' })
    expect(await preparedText(['completion', 'tcsh'], prepared)).toBeNull()
    expect(await runCommand(['completion', 'tcsh'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Allowed choices are bash, zsh, fish'),
    })
  })
})
