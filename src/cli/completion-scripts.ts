import type { CompletedCommand } from './completion-words.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** The script that teaches a shell to complete `goldpro`. It starts nothing while a person types. */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, (words: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

/** A command with its parents' words, as it is read word by word: "orders list", and " orders" for one of the program's. */
const steps = (words: readonly CompletedCommand[]) =>
  words.filter(({ path }) => path !== '').map(({ path }) => (path.includes(' ') ? path : ` ${path}`))

const following = ({ commands, values, options }: CompletedCommand) =>
  [...commands, ...values, ...options.map(({ flag }) => flag)].join(' ')

const quotedAll = (texts: readonly string[]) => texts.map((text) => `"${text}"`).join('|')

interface Valued {
  readonly key: string
  readonly choices: readonly string[]
}

/** The options that take a value, as "orders list:--state". */
const valuedOf = (words: readonly CompletedCommand[]): Valued[] =>
  words.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ flag, choices }) => ({ key: `${path}:${flag}`, choices })),
  )

/** The rows of a `case` about the value of an option: those with a choice, and one for all that take anything. */
function valueRows(
  words: readonly CompletedCommand[],
  onChoices: (choices: string) => string,
  onAny: string,
): string[] {
  const valued = valuedOf(words)
  const chosen = valued
    .filter(({ choices }) => choices.length > 0)
    .map(({ key, choices }) => `    ("${key}") ${onChoices(choices.join(' '))};;`)
  const any = valued.filter(({ choices }) => choices.length === 0).map(({ key }) => key)
  return any.length === 0 ? chosen : [...chosen, `    (${quotedAll(any)}) ${onAny};;`]
}

function bashScript(words: readonly CompletedCommand[]): string {
  return `# bash completion for goldpro. In ~/.bashrc: eval "$(goldpro completion bash)"
_goldpro() {
  local at='' next='' current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      (${quotedAll(steps(words))}) at="\${at:+$at }\${COMP_WORDS[i]}";;
    esac
  done
  case "$at:$previous" in
${valueRows(words, (choices) => `COMPREPLY=($(compgen -W "${choices}" -- "$current")); return`, 'return').join('\n')}
  esac
  case "$at" in
${words.map((each) => `    ("${each.path}") next="${following(each)}";;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$next" -- "$current"))
}
complete -o default -F _goldpro goldpro
`
}

function zshScript(words: readonly CompletedCommand[]): string {
  return `#compdef goldpro
# zsh completion for goldpro. In ~/.zshrc, after compinit: eval "$(goldpro completion zsh)"
_goldpro() {
  local at='' previous="\${words[CURRENT-1]}" i
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      (${quotedAll(steps(words))}) at="\${at:+$at }\${words[i]}";;
    esac
  done
  case "$at:$previous" in
${valueRows(words, (choices) => `compadd -- ${choices}; return`, '_files; return').join('\n')}
  esac
  case "$at" in
${words.map((each) => `    ("${each.path}") compadd -- ${following(each)};;`).join('\n')}
  esac
  [[ "$PREFIX" == -* ]] || _files
}
compdef _goldpro goldpro
`
}

const inFish = (text: string) => `'${text.replace(/[\\']/g, '\\$&').replace(/\s+/g, ' ')}'`

function fishScript(words: readonly CompletedCommand[]): string {
  return `# fish completion for goldpro: goldpro completion fish > ~/.config/fish/completions/goldpro.fish
function __goldpro_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case ${steps(words).map(inFish).join(' ')}
        set at (string trim -- "$at $word")
    end
  end
  test "$at" = "$argv[1]"
end
${words.flatMap((each) => fishLines(each, words)).join('\n')}
`
}

function fishLines(command: CompletedCommand, words: readonly CompletedCommand[]): string[] {
  const when = `complete -c goldpro -n ${inFish(`__goldpro_at "${command.path}"`)}`
  const pathOf = (name: string) => (command.path === '' ? name : `${command.path} ${name}`)
  const aboutOf = (name: string) => words.find(({ path }) => path === pathOf(name))?.about ?? ''
  return [
    ...command.commands.map((name) => `${when} -f -a ${name} -d ${inFish(aboutOf(name))}`),
    ...command.values.map((value) => `${when} -f -a ${value}`),
    ...command.options.map(({ flag, about, takesValue, choices }) => {
      const value = choices.length > 0 ? ` -x -a ${inFish(choices.join(' '))}` : takesValue ? ' -r' : ''
      return `${when} -l ${flag.slice(2)}${value} -d ${inFish(about)}`
    }),
  ]
}
