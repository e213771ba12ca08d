import { Command } from 'commander'
import { migrateDatabase } from '../db/migrate.ts'
import { migrateQueue } from '../queue/probe.ts'
import { orUnreachable, requireDatabaseUrl, requireServer, settingsHere } from './place.ts'

/** `goldpro migrate` */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description("create or update the tables, triggers and views, and BullMQ's schema in Postgres")
    .addHelpText(
      'after',
      '\nSafe to run again, and from several machines at once.\n\nExample:\n  $ goldpro migrate',
    )
    .action(async () => {
      const settings = await settingsHere()
      const databaseUrl = requireDatabaseUrl(settings)
      await requireServer(databaseUrl)
      const migrations = await orUnreachable('Postgres', 'DATABASE_URL', databaseUrl, () =>
        migrateDatabase(databaseUrl),
      )
      const queueVersion = await migrateQueue(databaseUrl)
      console.log(`the database has ${migrations} migrations, its queue schema version ${queueVersion}`)
    })
}
