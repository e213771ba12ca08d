import type { Command } from 'commander'
import { COMPLETION_SCRIPTS } from '../cli/completion-scripts.ts'
import { completionWords } from '../cli/completion-words.ts'
import type { PreparedHelp } from '../cli/prepared-help.ts'
import { createProgram } from './program.ts'

/** The help of every command, the version, and the scripts of shells. */
export async function renderHelp(): Promise<PreparedHelp> {
  const program = await createProgram('')
  const help: Record<string, string> = {}
  const render = (command: Command, words: readonly string[]) => {
    help[words.join(' ')] = helpOf(command)
    for (const sub of command.commands) render(sub, [...words, sub.name()])
  }
  render(program, [])
  const words = completionWords(program)
  const completion = Object.fromEntries(
    Object.entries(COMPLETION_SCRIPTS).map(([shell, script]) => [shell, script(words)]),
  )
  return { version: program.version() ?? '', help, completion }
}

/** What `--help` prints, with the texts that were added to it. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part) })
  command.outputHelp()
  return text
}
