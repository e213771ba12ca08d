import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { COMMAND_RIGHTS, type CommandRight } from '../../src/operators/command-rights.ts'
import { createProgram } from '../../src/processes/program.ts'

const INTRODUCTION = `# Commands

Every command of \`goldpro\`, made from the program by a test. \`goldpro COMMAND --help\` has the options and an example of each;
\`goldpro completion bash\`, \`zsh\` or \`fish\` prints what completes them.

**People.** A role is asked for once people are proven: [people.md](people.md). *two people*: one proposes, another approves.

**Output.** Tables fit the terminal and shorten long texts; \`--wide\` shows them whole, \`--columns state,wallet\` only these, and
\`--utc\` times in UTC. The three stand before the command. Every list takes \`--json\` (a line of JSON each) and \`--csv\` (the
same fields as columns, formula-safe), with notes on standard error. Colour is used on a terminal, unless \`NO_COLOR\` is set.

\`\`\`sh
goldpro --utc --columns state,wallet orders list --limit 10
goldpro orders list --csv > orders.csv
\`\`\`

**Exit codes.** 0: done. 1: the work found a problem, or was refused. 2: wrong usage or configuration.
`

const EVERYBODY = 4

function whoOf({ needs, people }: CommandRight): string {
  if (needs === 'nobody') return '–'
  const who = needs.length === EVERYBODY ? 'everybody' : needs.join(', ')
  return people === 2 ? `${who}; two people` : who
}

interface Leaf {
  readonly name: string
  readonly command: Command
}

/** The commands that do something, with their whole names. */
function leavesOf(command: Command, before = ''): Leaf[] {
  const name = `${before}${command.name()}`
  const own = COMMAND_RIGHTS[name] === undefined ? [] : [{ name, command }]
  return [...own, ...command.commands.flatMap((sub) => leavesOf(sub, `${name} `))]
}

function rowOf({ name, command }: Leaf): string {
  const given = command.registeredArguments.map((argument) => {
    const text = `${argument.name()}${argument.variadic ? '…' : ''}`.toUpperCase()
    return argument.required ? ` ${text}` : ` [${text}]`
  })
  const right = COMMAND_RIGHTS[name]
  if (right === undefined) throw new Error(`${name} has no right`)
  const about = command.description().replaceAll('|', '\\|').replaceAll('<', '&lt;')
  return `| \`${name}${given.join('')}\` | ${about} | ${whoOf(right)} |`
}

const tableOf = (leaves: readonly Leaf[]) =>
  `| command | what it does | who |\n| --- | --- | --- |\n${leaves.map(rowOf).join('\n')}\n`

it('docs/commands.md is what `npx vitest run test/ground/command-reference --update` writes', async () => {
  const { commands } = await createProgram('')
  const single = commands.filter((command) => command.commands.length === 0)
  const groups = commands.filter((command) => command.commands.length > 0)
  const page = [
    INTRODUCTION,
    `## Programs and single commands\n\n${tableOf(single.flatMap((command) => leavesOf(command)))}`,
    ...groups.map(
      (command) => `## ${command.name()}\n\n${command.description()}\n\n${tableOf(leavesOf(command))}`,
    ),
  ]
  await expect(page.join('\n')).toMatchFileSnapshot('../../docs/commands.md')
})
