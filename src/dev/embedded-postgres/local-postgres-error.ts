const OTHER_WAY = ', or set DATABASE_URL to a PostgreSQL server of yours'

/** Why no local PostgreSQL can be had, in one line that says what to do. */
export class LocalPostgresError extends Error {
  override name = 'LocalPostgresError'
}

/** The server has ended instead of serving. It may be worth another try. */
export class ServerDidNotStart extends LocalPostgresError {
  constructor(itsWords: string) {
    super(`PostgreSQL did not start (${itsWords}): put that right${OTHER_WAY}`)
  }
}

/** Every failure ends with the way out that always works. */
export function noLocalPostgres(why: string): LocalPostgresError {
  return new LocalPostgresError(`${why}${OTHER_WAY}`)
}

/** The code of a system error, such as `ENOENT`. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
