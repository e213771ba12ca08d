import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { approveBatch, cancelBatch, pauseBatch, resumeBatch, runBatch } from '../../src/batches/commands.ts'
import {
  BATCH_STATES,
  BATCH_TRANSITIONS,
  type BatchState,
  type BatchTransition,
  ROW_STATES,
  ROW_TRANSITIONS,
} from '../../src/batches/lifecycle.ts'
import type { Session } from '../../src/postgres/session.ts'
import { constraintOf } from '../support/constraint.ts'
import {
  ANI,
  type BatchScene,
  BUDI,
  FAST,
  openBatchScene,
  withdrawalFile,
} from '../support/scenes/batch-scene.ts'
import { unnamed } from '../support/unnamed.ts'

let scene: BatchScene
beforeAll(async () => {
  scene = await openBatchScene()
})
afterAll(async () => {
  await scene?.close()
})

const ALL = Object.values<BatchTransition>(BATCH_TRANSITIONS).flatMap(({ from, to, reasons }) =>
  (from ?? [null]).flatMap((each) => reasons.map((reason) => ({ from: each, to, reason }))),
)
const LIVED = BATCH_STATES.filter((state) => state !== 'draft')

const shared = new Map<BatchState, number>()
/** A batch for tests that change nothing, for all they try is refused. */
async function sharedBatchIn(state: BatchState): Promise<number> {
  const known = shared.get(state)
  if (known !== undefined && (await scene.progress(known)).state === state) return known
  const batchId = await scene.batchIn(state)
  shared.set(state, batchId)
  return batchId
}

describe('the transition tables', () => {
  it('hold the same moves as the code', async () => {
    const rows = await scene.rows<{ row: string }>(
      `SELECT from_state || '>' || to_state || ':' || reason AS row FROM batch_transitions`,
    )
    expect(rows.map(({ row }) => row).sort()).toEqual(
      ALL.map(({ from, to, reason }) => `${from ?? ''}>${to}:${reason}`).sort(),
    )
  })

  it('hold the same moves of rows as the code', async () => {
    const rows = await scene.rows<{ row: string }>(
      `SELECT from_state || '>' || to_state AS row FROM batch_row_transitions`,
    )
    expect(rows.map(({ row }) => row).sort()).toEqual(
      ROW_TRANSITIONS.map(({ from, to }) => `${from}>${to}`).sort(),
    )
  })
})

describe('Postgres', () => {
  const illegal = LIVED.flatMap((from) => BATCH_STATES.map((to) => ({ from, to }))).filter(
    ({ from, to }) => !ALL.some((legal) => legal.from === from && legal.to === to),
  )

  it.each(illegal)('refuses a batch $from → $to whatever the reason', async ({ from, to }) => {
    const batchId = await sharedBatchIn(from)
    for (const reason of new Set(ALL.map((each) => each.reason))) {
      const refused = scene.rows(`UPDATE batches SET state = $2, reason = $3, actor = 'x' WHERE id = $1`, [
        batchId,
        to,
        reason,
      ])
      expect(await constraintOf(refused)).toBe('batch_transition')
    }
  })

  it.each([
    ['content_hash', 'batch_identity'],
    ['file_name', 'batch_identity'],
    ['created_by', 'batch_identity'],
    ['approved_by', 'batch_approval'],
  ])('never changes the %s of a batch that is sealed', async (column, constraint) => {
    const batchId = await sharedBatchIn('running')
    const refused = scene.rows(`UPDATE batches SET ${column} = 'other' WHERE id = $1`, [batchId])
    expect(await constraintOf(refused)).toBe(constraint)
  })

  it.each(['reference', 'phone_number', 'content_hash', 'partner'])(
    'never changes the %s of a row',
    async (column) => {
      const batchId = await sharedBatchIn('approved')
      const refused = scene.rows(`UPDATE batch_rows SET ${column} = 'other' WHERE batch_id = $1`, [batchId])
      expect(await constraintOf(refused)).toBe('batch_row_sealed')
    },
  )

  it('never changes what a row asks for, and neither adds nor removes a row', async () => {
    const batchId = await scene.batchIn('approved')
    const change = `UPDATE batch_rows SET content = '{"gold_weight":"9.0000"}' WHERE batch_id = $1`
    expect(await constraintOf(scene.rows(change, [batchId]))).toBe('batch_row_sealed')
    const add = `INSERT INTO batch_rows (batch_id, row_number, line_number, partner, reference, kind, phone_number, content, content_hash)
      SELECT batch_id, 99, 99, partner, 'more', kind, phone_number, content, content_hash FROM batch_rows WHERE batch_id = $1 LIMIT 1`
    expect(await constraintOf(scene.rows(add, [batchId]))).toBe('batch_row_sealed')
    expect(await constraintOf(scene.rows('DELETE FROM batch_rows WHERE batch_id = $1', [batchId]))).toBe(
      'append_only',
    )
    expect(await constraintOf(scene.rows('DELETE FROM batch_events'))).toBe('append_only')
  })

  it('gives a row no order but the one with its partner, reference and content', async () => {
    const batchId = await scene.batchIn('running')
    const other = await scene.batchIn('running')
    await scene.feed()
    const third = await scene.batchIn('running')
    const refused = scene.rows(
      `UPDATE batch_rows SET state = 'stored', order_id = (SELECT order_id FROM batch_rows WHERE batch_id = $2 LIMIT 1)
       WHERE batch_id = $1 AND row_number = 1`,
      [third, other],
    )
    expect(await constraintOf(refused)).toBe('batch_row_order')
    const again = scene.rows(
      `UPDATE batch_rows SET state = 'queued', order_id = gen_random_uuid() WHERE batch_id = $1 AND state = 'stored'`,
      [batchId],
    )
    expect(await constraintOf(again)).toBe('accepted')
    const swapped = scene.rows(
      `UPDATE batch_rows SET state = 'ended', order_id = gen_random_uuid() WHERE batch_id = $1 AND state = 'queued'`,
      [batchId],
    )
    expect(await constraintOf(swapped)).toBe('batch_row_order')
  })

  it.each(LIVED.filter((state) => state !== 'running'))(
    'counts no rows of a batch that is %s',
    async (state) => {
      const batchId = await sharedBatchIn(state)
      for (const count of ['fed_count', 'ended_count', 'failed_count']) {
        const refused = scene.rows(`UPDATE batches SET ${count} = ${count} + 1 WHERE id = $1`, [batchId])
        expect(await constraintOf(refused)).toBe('batch_is_running')
      }
    },
  )

  it.each(['approved', 'paused', 'cancelled'] as const)(
    'feeds no row of a batch that is %s',
    async (state) => {
      const batchId = await sharedBatchIn(state)
      const refused = scene.rows(
        `UPDATE batch_rows SET state = 'stored', order_id = gen_random_uuid() WHERE batch_id = $1`,
        [batchId],
      )
      expect(await constraintOf(refused)).toBe('batch_is_running')
    },
  )

  it.each(LIVED.filter((state) => state !== 'approved'))(
    'says nothing new about how a batch that is %s runs',
    async (state) => {
      const batchId = await sharedBatchIn(state)
      for (const change of ['rate_per_second = 7', 'stop_after_failures = 7', `run_at = 'infinity'`])
        expect(await constraintOf(scene.rows(`UPDATE batches SET ${change} WHERE id = $1`, [batchId]))).toBe(
          'batch_run',
        )
    },
  )

  it('makes no move of a row that the table does not list, and erases none that may still be sent', async () => {
    const legal = new Set<string>(ROW_TRANSITIONS.map(({ from, to }) => `${from}>${to}`))
    const batchId = await scene.batchIn('running')
    const moves: Record<string, () => Promise<unknown>> = {
      waiting: async () => {},
      stored: () => scene.feed({ wake: () => Promise.reject(new Error('away')) }).catch(() => {}),
      queued: () => scene.feed(),
      ended: async () => {
        const rows = await scene.rows<{ id: string }>('SELECT id FROM orders WHERE state = $1', ['accepted'])
        await scene.end(rows.map(({ id }) => id))
        await scene.feed()
      },
    }
    for (const [from, bring] of Object.entries(moves)) {
      await bring()
      for (const to of ROW_STATES.filter((state) => !legal.has(`${from}>${state}`))) {
        const refused = scene.rows(`UPDATE batch_rows SET state = $2 WHERE batch_id = $1 AND state = $3`, [
          ...[batchId, to, from],
        ])
        expect(await constraintOf(refused), `${from} → ${to}`).toBe('batch_row_transition')
      }
    }
    const withdrawal = await scene.batchIn('approved', withdrawalFile())
    const erase = scene.rows(
      `UPDATE batch_rows SET content = content - 'ktp' - 'address' WHERE batch_id = $1`,
      [withdrawal],
    )
    expect(await constraintOf(erase)).toBe('batch_row_transition')
  })

  it('keeps every move with who made it and why', async () => {
    const batchId = await scene.batchIn('paused')
    const events = await scene.rows<{ event: string }>(
      `SELECT coalesce(from_state, '') || '>' || to_state || ' ' || actor AS event FROM batch_events
       WHERE batch_id = $1 ORDER BY id`,
      [batchId],
    )
    expect(events.map(({ event }) => event)).toEqual([
      '>draft person:ani',
      'draft>checked person:ani',
      'checked>approved person:budi',
      'approved>running person:ani',
      'running>paused person:ani',
    ])
  })
})

type CommandResult = (session: Session, batchId: number) => Promise<{ is: string; message?: string }>
const MOVES: Record<string, { work: CommandResult; from: readonly BatchState[]; word: string }> = {
  approve: {
    work: (session, id) => approveBatch(session, id, BUDI, false),
    from: BATCH_TRANSITIONS.approve.from,
    word: 'approved',
  },
  run: { work: (session, id) => runBatch(session, id, FAST, ANI), from: ['approved'], word: 'run' },
  pause: { work: (session, id) => pauseBatch(session, id, ANI), from: ['running'], word: 'paused' },
  resume: { work: (session, id) => resumeBatch(session, id, ANI), from: ['paused'], word: 'resumed' },
  cancel: {
    work: (session, id) => cancelBatch(session, id, ANI),
    from: BATCH_TRANSITIONS.cancel.from,
    word: 'cancelled',
  },
}

describe('a person', () => {
  const cases = Object.entries(MOVES).flatMap(([name, move]) =>
    LIVED.map((state) => ({ name, state, ...move, allowed: move.from.includes(state) })),
  )

  it.each(cases.filter(({ allowed }) => allowed))(
    'may $name a batch that is $state',
    async ({ work, state }) => {
      const batchId = await scene.batchIn(state)
      expect(await scene.inSession((session) => work(session, batchId))).toMatchObject({ is: 'done' })
    },
  )

  it.each(cases.filter(({ allowed }) => !allowed))(
    'is told in a sentence why a batch that is $state cannot be $word',
    async ({ work, state, word }) => {
      const batchId = await sharedBatchIn(state)
      const answer = await scene.inSession((session) => work(session, batchId))
      expect(answer).toMatchObject({
        is: 'refused',
        message: expect.stringMatching(
          new RegExp(`^a batch can be ${word} only while it is .+; batch ${batchId} is ${state} \\(\\w+\\)$`),
        ),
      })
    },
  )

  it.each(Object.entries(MOVES))('is told that there is no such batch to %s', async (_name, { work }) => {
    expect(await scene.inSession((session) => work(session, 999_999))).toEqual({
      is: 'refused',
      why: 'absent',
      message: 'there is no batch 999999: see `goldpro batch list`',
    })
  })

  it.each(['ani', ' Ani ', 'ANI'])('cannot approve what they created, also not as "%s"', async (by) => {
    const batchId = await scene.batchIn('checked')
    const approve = (alone: boolean) =>
      scene.inSession((session) => approveBatch(session, batchId, { by, note: null }, alone))
    expect(await approve(false)).toMatchObject({
      is: 'refused',
      message: expect.stringContaining('another person must approve it'),
    })
    expect(await approve(true)).toMatchObject({ is: 'done', alone: true })
    const [event] = await scene.rows<{ detail: { alone: string } }>(
      'SELECT detail FROM batch_events WHERE batch_id = $1 ORDER BY id DESC LIMIT 1',
      [batchId],
    )
    expect(event?.detail.alone).toContain('NOBODY ELSE HAS LOOKED AT THIS')
  })

  it('cannot be left out by writing to the table', async () => {
    const batchId = await scene.batchIn('checked')
    const refused = scene.rows(
      `UPDATE batches SET state = 'approved', reason = 'approved_by_person', approved_by = 'ANI', approved_at = now() WHERE id = $1`,
      [batchId],
    )
    expect(await constraintOf(refused)).toBe('batches_second_person')
  })

  it('approves once when two approve at once', async () => {
    const batchId = await scene.batchIn('checked')
    const answers = await Promise.all(
      ['budi', 'cici'].map((by) =>
        scene.inSession((session) => approveBatch(session, batchId, { by, note: null }, false)),
      ),
    )
    expect(answers.map(({ is }) => is).sort()).toEqual(['done', 'refused'])
  })

  it('erases KTP number and address by cancelling what was not sent', async () => {
    const batchId = await scene.batchIn('approved', withdrawalFile())
    await scene.inSession((session) => cancelBatch(session, batchId, ANI))
    const [row] = await scene.rows<{ content: object }>(
      'SELECT content FROM batch_rows WHERE batch_id = $1',
      [batchId],
    )
    expect(row?.content).toEqual({ gold_weight: '2.0000' })
  })
})

describe('rows that somebody changed in the database, past the triggers', () => {
  const tamper = async (batchId: number, change: string) => {
    await scene.inSession((session) =>
      session.transaction(async () => {
        await session.run(unnamed(`SET LOCAL session_replication_role = 'replica'`))
        await session.run(unnamed(`UPDATE batch_rows SET ${change} WHERE batch_id = $1 AND row_number = 2`), [
          batchId,
        ])
      }),
    )
  }
  const CHANGES = [`content_hash = repeat('0', 64)`, `reference = 'another'`, `row_number = 4`]

  it.each(CHANGES)('are not approved, run or resumed: %s', async (change) => {
    for (const [state, move] of [
      ['checked', 'approve'],
      ['approved', 'run'],
      ['paused', 'resume'],
    ] as const) {
      const batchId = await scene.batchIn(state)
      await tamper(batchId, change)
      expect(
        await scene.inSession((session) => (MOVES[move] as { work: CommandResult }).work(session, batchId)),
      ).toMatchObject({
        is: 'refused',
        message: expect.stringContaining('not those that were sealed'),
      })
    }
  })

  it.each([...CHANGES, `content = '{"gold_weight":"9.0000"}'`, `phone_number = '081234500009'`])(
    'are not fed: the batch pauses and says why: %s',
    async (change) => {
      const batchId = await scene.batchIn('running')
      await tamper(batchId, change)
      await scene.feed()
      const { state, reason, outcomes } = await scene.progress(batchId)
      expect({ state, reason, outcomes }).toEqual({
        state: 'paused',
        reason: 'content_changed',
        outcomes: { waiting: 3 },
      })
    },
  )
})
