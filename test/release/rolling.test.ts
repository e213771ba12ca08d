import { afterEach, describe, expect, it } from 'vitest'
import { knownMigrations } from '../../src/postgres/migrated.ts'
import { rollOut } from '../proof/rolling/roll-out.ts'
import { nextRelease } from '../support/scenes/next-release.ts'
import { MAIN, runAlone, startCommand } from '../support/servers/command.ts'
import { createEmptyDatabase } from '../support/servers/postgres.ts'
import { sql } from '../support/servers/sessions.ts'

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function emptyDatabase(): Promise<string> {
  const place = await createEmptyDatabase()
  ends.push(place.drop)
  return place.databaseUrl
}

const migrate = (databaseUrl: string, main = MAIN) =>
  runAlone(['migrate'], { main, env: { DATABASE_URL: databaseUrl } })

/** As a column that must be filled does, but for new rows alone: orders that are under way end. */
const REFUSES_OLD_INSERTS = `ALTER TABLE "orders" ADD COLUMN "n" integer;
CREATE FUNCTION require_n() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.n IS NULL THEN RAISE not_null_violation; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER require_n BEFORE INSERT ON "orders" FOR EACH ROW EXECUTE FUNCTION require_n();`

describe('a rolling deploy', () => {
  it('loses no order and does none twice: old workers on the new tables, beside new ones, and gone', async () => {
    const databaseUrl = await emptyDatabase()
    const { problems, confirms } = await rollOut({
      ...{ databaseUrl, redisUrl: null, oldMain: MAIN, newMain: nextRelease(ends), orders: 100, seed: 1 },
    })
    expect(problems).toEqual([])
    expect(confirms.oldOnNewTables).toBeGreaterThan(0)
  })

  it('is found unsafe where a migration demands what the old release does not write', async () => {
    const databaseUrl = await emptyDatabase()
    const { problems } = await rollOut({
      ...{ databaseUrl, redisUrl: null, oldMain: MAIN, newMain: nextRelease(ends, REFUSES_OLD_INSERTS) },
      ...{ orders: 20, seed: 1, tries: 2 },
    })
    expect(problems).toContainEqual(
      expect.stringMatching(/^rolling-\d+ (was answered with|was never accepted)/),
    )
  })

  it('migrates once where two migrate at once, and neither fails', async () => {
    const databaseUrl = await emptyDatabase()
    const next = nextRelease(ends)
    const migrated = await Promise.all([migrate(databaseUrl, next), migrate(databaseUrl, next)])
    expect(migrated).toMatchObject([{ code: 0 }, { code: 0 }])
    const applied = await sql<{ hash: string }>(
      databaseUrl,
      'SELECT hash FROM drizzle.__drizzle_migrations ORDER BY id',
    )
    expect(applied.slice(0, -1).map(({ hash }) => hash)).toEqual(knownMigrations())
  })

  it('starts an old worker on the tables of a newer release, which logs it; a new one refuses older tables', async () => {
    const databaseUrl = await emptyDatabase()
    const next = nextRelease(ends)
    await migrate(databaseUrl)
    // A worker only connects to the gateway when it starts, so any server that listens will do.
    const env = { DATABASE_URL: databaseUrl, GATEWAY_URL: `http://${new URL(databaseUrl).host}` }
    const refused = await runAlone(['worker'], { main: next, env })
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining('the database lacks tables of this version: run `goldpro migrate`'),
    })
    await migrate(databaseUrl, next)
    const worker = startCommand(['worker'], { env })
    await worker.printed('worker started')
    worker.child.kill('SIGTERM')
    const { code, err } = await worker.ended
    expect(code).toBe(0)
    expect(err).toContain('"newer_migrations":1')
  })
})
