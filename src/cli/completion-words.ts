import type { Command } from 'commander'

/** What may be typed after a command. */
export interface CompletedCommand {
  /** Such as "orders list"; empty: the program itself. */
  readonly path: string
  readonly about: string
  readonly commands: readonly string[]
  readonly options: readonly CompletedOption[]
  /** The values of arguments that have a choice. */
  readonly values: readonly string[]
}

export interface CompletedOption {
  readonly flag: string
  readonly about: string
  readonly takesValue: boolean
  /** Empty: any value. */
  readonly choices: readonly string[]
}

const HELP: CompletedOption = {
  flag: '--help',
  about: 'display help for command',
  takesValue: false,
  choices: [],
}

/** Every command of a program with what may follow it, so that a shell can complete it without starting the program. */
export function completionWords(program: Command): CompletedCommand[] {
  const everywhere = optionsOf(program).filter(({ flag }) => flag !== '--version')
  const walk = (command: Command, names: readonly string[]): CompletedCommand[] => {
    const own = optionsOf(command)
    const inherited = everywhere.filter(({ flag }) => own.every((each) => each.flag !== flag))
    const here = {
      path: names.join(' '),
      about: command.description(),
      commands: command.commands.map((sub) => sub.name()),
      options: [...own, ...inherited, HELP],
      values: command.registeredArguments.flatMap(({ argChoices }) => plain(argChoices)),
    }
    return [here, ...command.commands.flatMap((sub) => walk(sub, [...names, sub.name()]))]
  }
  return walk(program, [])
}

function optionsOf(command: Command): CompletedOption[] {
  return command.options.flatMap(({ long, hidden, description, required, optional, argChoices }) =>
    long === undefined || long === null || hidden
      ? []
      : [{ flag: long, about: description, takesValue: required || optional, choices: plain(argChoices) }],
  )
}

/** Only words that no shell reads as something else. */
const plain = (choices: readonly string[] | undefined) =>
  (choices ?? []).filter((choice) => /^[\w.-]+$/.test(choice))
