const OTHER_WAY = ', or set DATABASE_URL to a PostgreSQL server of yours'

/** Why no local PostgreSQL can be started, in one line that says what to do. */
export class LocalPostgresError extends Error {
  override name = 'LocalPostgresError'
}

/** The server ended during its start. Another try may succeed. */
export class ServerDidNotStart extends LocalPostgresError {
  constructor(message: string) {
    super(`PostgreSQL did not start (${message}): correct that${OTHER_WAY}`)
  }
}

/** An error whose message ends with the alternative that always works. */
export function noLocalPostgres(why: string): LocalPostgresError {
  return new LocalPostgresError(`${why}${OTHER_WAY}`)
}

/** The code of a system error, such as `ENOENT`. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
