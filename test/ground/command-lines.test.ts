import { Command, CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../src/processes/program.ts'
import { blocksOf, PAGES } from './pages.ts'
import { commandsOf, goldproArguments } from './shell-lines.ts'

/** The commands of the program, which read their arguments as ever and then do nothing. */
async function idleProgram(): Promise<Command> {
  const program = await createProgram('')
  const idle = new Command('goldpro').helpOption(false)
  for (const option of program.options) idle.addOption(option)
  for (const command of program.commands) idle.addCommand(command)
  makeIdle(idle)
  return idle
}

function makeIdle(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} })
  if (command.commands.length === 0) command.action(() => {})
  for (const sub of command.commands) makeIdle(sub)
}

/** Why the program would refuse these arguments; null: it takes them. */
async function refusalOf(args: readonly string[]): Promise<string | null> {
  try {
    await (await idleProgram()).parseAsync(args, { from: 'user' })
    return null
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0 || isShortened(error, args)) return null
    return error.message
  }
}

/** A page shortens long values, such as ids and digests, with an ellipsis, and takes others from the shell's variables. */
const isShortened = ({ code }: CommanderError, args: readonly string[]): boolean =>
  code === 'commander.invalidArgument' && args.some((argument) => /…$|\$[A-Z]/.test(argument))

const linesOf = (page: string) =>
  blocksOf(page)
    .filter(({ info }) => /^sh\b/.test(info))
    .flatMap(({ lines }) => commandsOf(lines))
    .map(goldproArguments)
    .filter((args) => args !== null)

describe('the command lines of the documentation', () => {
  it.each(PAGES.filter((page) => linesOf(page).length > 0))('%s: the program takes each', async (page) => {
    const refused: string[] = []
    for (const args of linesOf(page)) {
      const why = await refusalOf(args)
      if (why !== null) refused.push(`goldpro ${args.join(' ')}: ${why}`)
    }
    expect(refused).toEqual([])
  })

  it('are many', () => {
    expect(PAGES.flatMap(linesOf).length).toBeGreaterThan(100)
  })

  it.each([
    ['no such command', ['orderz', 'list']],
    ['no such command below another', ['orders', 'lizt']],
    ['no such option', ['orders', 'list', '--no-such']],
    ['a value that an option does not take', ['orders', 'list', '--state', 'nowhere']],
    ['a missing argument', ['orders', 'show']],
  ])('would be refused for %s', async (_why, args) => {
    expect(await refusalOf(args)).not.toBeNull()
  })

  it('are read as a shell reads them', () => {
    const lines = [
      'A=1 npx goldpro x \\',
      "  --note 'a # b' > file  # not this",
      'echo "a|b" | goldpro enqueue -',
    ]
    expect(commandsOf(lines).map(goldproArguments)).toEqual([
      ['x', '--note', 'a # b'],
      null,
      ['enqueue', '-'],
    ])
  })
})
