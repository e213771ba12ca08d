import { readFile } from 'node:fs/promises'

/** The texts of `--help` by the words of their command, such as `orders list`, and the program's version. */
export interface PreparedHelp {
  readonly version: string
  readonly help: Readonly<Record<string, string>>
}

/** Written by the build: loading every command to print its help takes a second and a half. */
export const PREPARED_HELP = new URL('../prepared-help.json', import.meta.url)

const HELP_FLAGS: readonly (string | undefined)[] = ['--help', '-h']
const VERSION_FLAGS: readonly (string | undefined)[] = ['--version', '-V']

/**
 * What is to be printed when help or the version is all that the arguments ask for.
 * @returns null where the program has to decide, or where no text was prepared, as in a checkout that was not built
 */
export async function preparedText(
  args: readonly string[],
  file: URL = PREPARED_HELP,
): Promise<string | null> {
  const last = args.at(-1)
  const isVersion = args.length === 1 && VERSION_FLAGS.includes(last)
  if (!isVersion && !HELP_FLAGS.includes(last)) return null
  const prepared = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as PreparedHelp,
    () => null,
  )
  if (prepared === null) return null
  if (isVersion) return `${prepared.version}\n`
  const command = args.slice(0, -1).join(' ')
  return Object.hasOwn(prepared.help, command) ? (prepared.help[command] ?? null) : null
}
