/** Why a statement of a migration breaks the release before it, which is at work meanwhile. */
export interface Contraction {
  readonly statement: string
  readonly why: string
}

const NAME = String.raw`(?:"[^"]+"|[\w.]+)(?:\."[^"]+")?`

/** What no release may do to what the one before it uses, until a line says that it uses it no more. */
const RULES: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/\bdrop\b/i, 'drops something that the release before may use'],
  [/\brename\b/i, 'renames something that the release before knows by its old name'],
  [/\bset\s+not\s+null\b/i, 'the release before may leave the column empty'],
  [
    /\balter\s+(column\s+)?\S+\s+(set\s+data\s+)?type\b/i,
    'changes a type that the release before reads and writes',
  ],
  [/\bset\s+schema\b/i, 'moves something that the release before looks for elsewhere'],
]
/** What is safe for a table that the same file creates, and for no other. */
const RULES_OF_OLD_TABLES: readonly (readonly [pattern: RegExp, why: string])[] = [
  [
    new RegExp(`^create\\s+unique\\s+index\\s[\\s\\S]*?\\bon\\s+(?:only\\s+)?(${NAME})`, 'i'),
    'the release before may write what the unique index refuses',
  ],
  [
    new RegExp(`^create\\s+index\\s+(?!if\\s+not\\s+exists)[\\s\\S]*?\\bon\\s+(?:only\\s+)?(${NAME})`, 'i'),
    'stops all writes to the table while it builds: create it before by hand with CONCURRENTLY, and say IF NOT EXISTS here',
  ],
  [
    new RegExp(
      `^alter\\s+table\\s+(${NAME})[\\s\\S]*\\badd\\s+(?:constraint|check|unique|primary|foreign)\\b`,
      'i',
    ),
    'the release before may write what the constraint refuses',
  ],
]
const ADDED_COLUMN = new RegExp(`\\badd\\s+column\\s+(?:if\\s+not\\s+exists\\s+)?${NAME}\\s+([^,;]*)`, 'gi')

/** A line that names the release which stopped using what the next statement takes away. */
const CONTRACT = /^\s*-- contract: \d+\.\d+\.\d+ \S/m

/** The statements of a migration, each with the comments before it. Bodies of functions and texts are left out. */
function statementsOf(migration: string): string[] {
  return migration
    .replace(/(\$\w*\$)[\s\S]*?\1/g, "''")
    .replace(/'(?:[^']|'')*'/g, "''")
    .split(/;|--> statement-breakpoint/)
    .filter((statement) => withoutComments(statement) !== '')
}

const withoutComments = (statement: string) => statement.replace(/--.*$/gm, '').trim()

function whyOf(statement: string, created: ReadonlySet<string>): string | null {
  const rule = RULES.find(([pattern]) => pattern.test(statement))
  if (rule !== undefined) return rule[1]
  for (const [pattern, why] of RULES_OF_OLD_TABLES) {
    const [, table] = pattern.exec(statement) ?? []
    if (table !== undefined && !created.has(table.replaceAll('"', ''))) return why
  }
  const columns = [...statement.matchAll(ADDED_COLUMN)].map(([, definition = '']) => definition)
  const isStrict = (definition: string) =>
    /\bnot\s+null\b/i.test(definition) && !/\b(default|generated)\b/i.test(definition)
  return columns.some(isStrict) ? 'the release before does not fill the column: give it a DEFAULT' : null
}

/** What a migration does that the release before it does not survive. */
export function contractionsIn(migration: string): Contraction[] {
  const statements = statementsOf(migration)
  const created = new Set(
    statements.flatMap((each) => {
      const match = new RegExp(`^create\\s+table\\s+(?:if\\s+not\\s+exists\\s+)?(${NAME})`, 'i').exec(
        withoutComments(each),
      )
      return match?.[1] === undefined ? [] : [match[1].replaceAll('"', '')]
    }),
  )
  return statements.flatMap((each) => {
    if (CONTRACT.test(each)) return []
    const statement = withoutComments(each)
    const why = whyOf(statement, created)
    return why === null ? [] : [{ statement, why }]
  })
}
