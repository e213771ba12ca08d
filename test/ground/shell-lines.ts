/** The commands of a shell script: its lines without comments, split at pipes, with continued lines joined. */
export function commandsOf(lines: readonly string[]): string[][] {
  const script = `${lines.join('\n').replaceAll('\\\n', ' ')}\n`
  const commands: string[][] = []
  let words: string[] = []
  // A word in quotes, or one that is bare, in any mixture; a comment; what ends a command; a redirection.
  for (const [token] of script.matchAll(
    / #[^\n]*|^#[^\n]*|(?:'[^']*'|"[^"]*"|[^\s'"|;&<>])+|[|;&\n]|\d*[<>]+/gm,
  )) {
    if (token.startsWith('#') || token.startsWith(' #')) continue
    if (!/^[|;&\n]$/.test(token)) words.push(token.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'))
    else if (words.length > 0) {
      commands.push(words)
      words = []
    }
  }
  return commands
}

/** The arguments of a command that runs `goldpro`, without its settings and redirections; null: it runs something else. */
export function goldproArguments(command: readonly string[]): string[] | null {
  const start = command.findIndex((word) => !/^(export|npx|[A-Z_]+=.*)$/.test(word))
  if (command[start] !== 'goldpro') return null
  const args: string[] = []
  for (let position = start + 1; position < command.length; position += 1) {
    if (/^\d*[<>]+$/.test(command[position] ?? '')) position += 1
    else args.push(command[position] ?? '')
  }
  return args
}
