import { readFile } from 'node:fs/promises'

/** The texts of `--help` by the words of their command, such as `orders list`, the program's version, and the scripts of shells. */
export interface PreparedHelp {
  readonly version: string
  readonly help: Readonly<Record<string, string>>
  readonly completion: Readonly<Record<string, string>>
}

/** Written by the build: loading every command to print its help takes a second and a half. */
export const PREPARED_HELP = new URL('../prepared-help.json', import.meta.url)

const HELP_FLAGS: readonly (string | undefined)[] = ['--help', '-h']
const VERSION_FLAGS: readonly (string | undefined)[] = ['--version', '-V']

/**
 * What is to be printed when help, the version or a shell's script is all that the arguments ask for.
 * @returns null where the program has to decide, or where no text was prepared, as in a checkout that was not built
 */
export async function preparedText(
  args: readonly string[],
  file: URL = PREPARED_HELP,
): Promise<string | null> {
  const [first = '', second = ''] = args
  const last = args.at(-1)
  const isVersion = args.length === 1 && VERSION_FLAGS.includes(last)
  const isHelp = HELP_FLAGS.includes(last)
  const isScript = args.length === 2 && first === 'completion' && !isHelp
  if (!isVersion && !isHelp && !isScript) return null
  const prepared = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as PreparedHelp,
    () => null,
  )
  if (prepared === null) return null
  if (isVersion) return `${prepared.version}\n`
  return isScript ? ownText(prepared.completion, second) : ownText(prepared.help, args.slice(0, -1).join(' '))
}

function ownText(texts: Readonly<Record<string, string>>, name: string): string | null {
  return Object.hasOwn(texts, name) ? (texts[name] ?? null) : null
}
