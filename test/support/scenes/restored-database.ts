import type { Database } from '../../../src/postgres/pool.ts'
import { recoverDatabase } from '../../../src/recovery/commands.ts'
import { rememberDatabase } from '../../../src/recovery/store.ts'
import { inSession } from '../servers/sessions.ts'
import { unnamed } from '../unnamed.ts'

/** Makes a database look like one that was restored: it remembers another one than it is. */
export async function pretendRestored(database: Database): Promise<void> {
  await rememberDatabase(database)
  await database.transaction(async (runner) => {
    await runner.run(unnamed('SET LOCAL session_replication_role = replica'), [])
    await runner.run(
      unnamed(
        `UPDATE database_identity SET identity = 'another/1/00000001', alive_at = now() - interval '2 hours'`,
      ),
      [],
    )
  })
}

/** Recovers it as a person does. */
export async function recover(databaseUrl: string): Promise<void> {
  const person = { by: 'mira', note: 'restored the backup of the night' }
  const result = await inSession(databaseUrl, (session) => recoverDatabase(session, person))
  if (result.is === 'refused') throw new Error(result.message)
}
