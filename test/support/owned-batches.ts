import type { Database } from '../../src/db/pool.ts'

/** Makes a partner the owner of every batch that is stored from now on, as if it had sent it. */
export async function ownBatches(database: Database, partner: string): Promise<void> {
  const statements = [
    `INSERT INTO partners (name, state, actor) VALUES ('${partner}', 'active', 'test')`,
    `CREATE FUNCTION own_batch() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       NEW.owner := '${partner}';
       NEW.created_by := '${partner}/main';
       RETURN NEW;
     END $$`,
    'CREATE TRIGGER a_batch_is_owned BEFORE INSERT ON batches FOR EACH ROW EXECUTE FUNCTION own_batch()',
  ]
  for (const text of statements) await database.run({ name: '', text }, [])
}
