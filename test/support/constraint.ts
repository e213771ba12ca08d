import { StorageError } from '../../src/postgres/pool.ts'

/** The name by which Postgres refuses a statement; null when it refuses without one, `accepted` when it does not. */
export async function constraintOf(refused: Promise<unknown>): Promise<string | null> {
  const error = await refused.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error === null) return 'accepted'
  if (!(error instanceof StorageError)) throw error
  return error.constraint
}
