import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buysFile } from '../support/scenes/batch-scene.ts'
import { nine, openPlanScene, type PlanScene } from '../support/scenes/plan-scene.ts'

let scene: PlanScene
beforeEach(async () => {
  scene = await openPlanScene()
})
afterEach(async () => {
  await scene.close()
})

const run = (text: string) => scene.run(text)

describe('a tick', () => {
  it('goes on with the other plans when one cannot be worked on, and tries that one again', async () => {
    const [broken, sound] = [await scene.add({ name: 'broken' }), await scene.add({ name: 'sound' })]
    await run(`
      CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.reference LIKE 'plan-${broken.planId}-%' THEN RAISE EXCEPTION 'no'; END IF;
        RETURN NEW;
      END $$`)
    await run('CREATE TRIGGER refuse_one BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse_one()')
    expect(await scene.tick(nine())).toMatchObject({ started: 1, skipped: 0 })
    expect(await scene.references()).toEqual([`plan-${sound.planId}-2026-02-25T09:00+07:00`])
    await run('DROP TRIGGER refuse_one ON orders')
    expect(await scene.tick(nine(0.5))).toMatchObject({ started: 1 })
    expect(await scene.references()).toHaveLength(2)
  })

  it('starts plans of an order first, and copies one batch: what was on time then is not missed', async () => {
    for (const name of ['one', 'two'])
      await scene.addBatch(await scene.batch(buysFile(2, name)), { name, missed: 'skip' })
    await scene.add({ name: 'order', missed: 'skip' })
    expect(await scene.tick(nine())).toMatchObject({ planned: 3, started: 2 })
    expect(await scene.references()).toHaveLength(1)
    expect(await scene.tick(nine(5))).toMatchObject({ started: 1, skipped: 0 })
    const copies = await run('SELECT id FROM batches WHERE copied_from IS NOT NULL')
    expect(copies).toHaveLength(2)
  })

  it('leaves a batch out whose rows Postgres does not take for a copy', async () => {
    const batchId = await scene.batch()
    await scene.addBatch(batchId)
    await run('ALTER TABLE batch_rows DISABLE TRIGGER USER')
    await run(`UPDATE batch_rows SET deadline_at = now() + interval '1 day' WHERE batch_id = ${batchId}`)
    await run('ALTER TABLE batch_rows ENABLE TRIGGER USER')
    expect(await scene.tick(nine())).toMatchObject({ started: 0, skipped: 1 })
    expect(await scene.runs()).toEqual(['0 skipped batch_changed'])
  })
})
