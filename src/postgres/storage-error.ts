/** A refusal whose message is for the person who gave the command. It passes through statements unchanged. */
export class Refusal extends Error {}

/** A failed statement. It has no parameters and no row contents, because those hold phone numbers. */
export class StorageError extends Error {
  override name = 'StorageError'
  /** SQLSTATE, or the socket's error code. */
  readonly code: string
  readonly constraint: string | null

  constructor(statement: string, cause: unknown) {
    const { code, constraint } = asFields(cause)
    super(`postgres: ${statement} failed (${code}${constraint === null ? '' : `, ${constraint}`})`)
    this.code = code
    this.constraint = constraint
  }
}

function asFields(cause: unknown): { code: string; constraint: string | null } {
  if (!(cause instanceof Error)) return { code: 'unknown', constraint: null }
  const fields = cause as Error & { code?: unknown; constraint?: unknown }
  const code = typeof fields.code === 'string' ? fields.code : cause.message.slice(0, 80)
  return { code, constraint: typeof fields.constraint === 'string' ? fields.constraint : null }
}
