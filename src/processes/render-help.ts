import type { Command } from 'commander'
import type { PreparedHelp } from '../cli/prepared-help.ts'
import { createProgram } from './program.ts'

/** The help of every command, and the version. */
export async function renderHelp(): Promise<PreparedHelp> {
  const program = await createProgram('')
  const help: Record<string, string> = {}
  const render = (command: Command, words: readonly string[]) => {
    help[words.join(' ')] = helpOf(command)
    for (const sub of command.commands) render(sub, [...words, sub.name()])
  }
  render(program, [])
  return { version: program.version() ?? '', help }
}

/** What `--help` prints, with the texts that were added to it. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part) })
  command.outputHelp()
  return text
}
