import { writePlace } from '../../../src/http/paging.ts'
import { pauseEndpoint } from '../../../src/webhooks/endpoint-states.ts'
import { partnerBatch } from '../scenes/own-batch.ts'
import { ownEndpoint } from '../scenes/own-endpoint.ts'
import { inSession } from '../servers/sessions.ts'
import {
  aBatchFile,
  aBuy,
  aPlan,
  CSV,
  freezeUsage,
  type Reply,
  sentBatch,
  type TestWeb,
} from '../servers/web.ts'
import { unnamed } from '../unnamed.ts'
import { openUpload } from './uploads.ts'

type Ways = Record<string, () => Promise<Reply>>

/** How a problem comes about that is one route's own, by the names of both. */
export function ownProblems(web: TestWeb): Ways {
  return {
    ...orderProblems(web),
    ...batchProblems(web),
    ...moveProblems(web),
    ...planProblems(web),
    ...endpointProblems(web),
  }
}

const A_QUOTE = { kind: 'buy', phone_number: '081234500001', amount: 100_000 }

function orderProblems(web: TestWeb): Ways {
  const limited = async (limits: object, ...bodies: object[]) => {
    const { key, name } = await web.partner({ limits })
    await freezeUsage(web, name)
    return await last(bodies.map((body) => () => web.ask('POST', '/v1/orders', { key, body: aBuy(body) })))
  }
  const quoted = async (limits: object, body: object = {}, orders: object[] = []) => {
    const { key, name } = await web.partner({ limits })
    await freezeUsage(web, name)
    for (const order of orders) await web.ask('POST', '/v1/orders', { key, body: aBuy(order) })
    return await web.ask('POST', '/v1/quotes', { key, body: { ...A_QUOTE, ...body } })
  }
  const checked = async (limits: object, body: object = {}, orders: object[] = []) => {
    const { key, name } = await web.partner({ limits })
    await freezeUsage(web, name)
    for (const order of orders) await web.ask('POST', '/v1/orders', { key, body: aBuy(order) })
    return await web.ask('POST', '/v1/orders/check', { key, body: aBuy(body) })
  }
  return {
    'checkOrder reference_conflict': () =>
      checked({}, { reference: 'known', amount: 6 }, [{ reference: 'known' }]),
    'checkOrder kind_not_allowed': () => checked({ kinds: ['sell'] }),
    'checkOrder rupiah_per_order': () => checked({ rupiah_per_order: '99999' }),
    'checkOrder rupiah_unbounded': () =>
      checked({ rupiah_per_day: '1' }, { amount: undefined, gold_weight: 1 }),
    'checkOrder orders_per_minute': () => checked({ orders_per_minute: 1 }, {}, [{}]),
    'checkOrder rupiah_per_day': () => checked({ rupiah_per_day: '150000' }, {}, [{}]),
    'checkOrder wallets_per_day': () =>
      checked({ wallets_per_day: 1 }, { phone_number: '081234500002' }, [{}]),
    'takeQuote kind_not_allowed': () => quoted({ kinds: ['sell'] }),
    'takeQuote rupiah_per_order': () => quoted({ rupiah_per_order: '99999' }),
    'takeQuote rupiah_unbounded': () =>
      quoted({ rupiah_per_day: '1' }, { amount: undefined, gold_weight: 1 }),
    'takeQuote orders_per_minute': () => quoted({ orders_per_minute: 1 }, {}, [{}]),
    'takeQuote rupiah_per_day': () => quoted({ rupiah_per_day: '150000' }, {}, [{}]),
    'takeQuote wallets_per_day': () => quoted({ wallets_per_day: 1 }, { phone_number: '081234500002' }, [{}]),
    async 'readEvents cursor_outdated'() {
      const { key } = await web.partner()
      return await web.ask('GET', `/v1/events?after=${writePlace('7/1/1')}`, { key })
    },
    async 'placeOrder reference_conflict'() {
      const { key } = await web.partner()
      const place = (amount: number) => () =>
        web.ask('POST', '/v1/orders', { key, body: aBuy({ reference: 'twice', amount }) })
      return await last([place(5), place(6)])
    },
    'placeOrder kind_not_allowed': () => limited({ kinds: ['sell'] }, {}),
    'placeOrder rupiah_per_order': () => limited({ rupiah_per_order: '99999' }, {}),
    'placeOrder rupiah_unbounded': () =>
      limited({ rupiah_per_day: '1' }, { amount: undefined, gold_weight: 1 }),
    'placeOrder orders_per_minute': () => limited({ orders_per_minute: 1 }, {}, {}),
    'placeOrder rupiah_per_day': () => limited({ rupiah_per_day: '150000' }, {}, {}),
    'placeOrder wallets_per_day': () => limited({ wallets_per_day: 1 }, {}, { phone_number: '081234500002' }),
    async 'cancelOrder not_cancellable'() {
      const { key } = await web.partner()
      const { json } = await web.ask('POST', '/v1/orders', { key, body: aBuy() })
      const hold = `UPDATE orders SET state = 'held', reason = 'held_by_person', actor = 'person:test' WHERE id = $1`
      await web.database.run(unnamed(hold), [json.id])
      return await web.ask('POST', `/v1/orders/${json.id}/cancel`, { key })
    },
  }
}

function batchProblems(web: TestWeb): Ways {
  const refused = async (path: string) => {
    const { key } = await web.partner()
    return await web.ask('POST', path, { key, body: 'no,batch\n', headers: CSV })
  }
  /** Asks while two files of the partner are on their way. */
  const thirdFile = async (ask: (key: string, batchId: number) => Promise<Reply>) => {
    const { key } = await web.partner()
    const batchId = await sentBatch(web, key)
    const opened = await Promise.all([1, 2].map(() => openUpload(web.web.url, key, '/v1/batches')))
    // Both are read from some moment on.
    let reply = await ask(key, batchId)
    while (reply.json.code !== 'too_many_files') reply = await ask(key, batchId)
    for (const upload of opened) upload.cut()
    return reply
  }
  const send = (path: string) => (key: string) =>
    web.ask('POST', path, { key, body: aBatchFile(), headers: CSV })
  return {
    'checkBatch batch_refused': () => refused('/v1/batches/check'),
    'createBatch batch_refused': () => refused('/v1/batches'),
    'checkBatch too_many_files': () => thirdFile(send('/v1/batches/check')),
    'createBatch too_many_files': () => thirdFile(send('/v1/batches')),
    'readBatchResults too_many_files': () =>
      thirdFile((key, batchId) => web.ask('GET', `/v1/batches/${batchId}/results`, { key })),
    'retryBatch too_many_files': () =>
      thirdFile((key, batchId) => web.ask('POST', `/v1/batches/${batchId}/retry`, { key, body: {} })),
  }
}

function moveProblems(web: TestWeb): Ways {
  const sent = async () => {
    const { key, name } = await web.partner()
    const batchId = await sentBatch(web, key)
    const approver = await web.holder(name, 'finance', ['approve'])
    const move = (how: string, body: object = {}) =>
      web.ask('POST', `/v1/batches/${batchId}/${how}`, { key: how === 'approve' ? approver : key, body })
    return { key, batchId, move, lead: (...moves: string[]) => last(moves.map((how) => () => move(how))) }
  }
  const led = async (...moves: string[]) => (await sent()).lead(...moves)
  /** Does the last move with a batch whose rows somebody has changed in the database. */
  const changed = async (move: string, ...before: string[]) => {
    const { batchId, lead } = await sent()
    await lead(...before)
    await changeRows(web, batchId)
    return await lead(move)
  }
  return {
    'approveBatch batch_state': () => led('cancel', 'approve'),
    'runBatch batch_state': () => led('run'),
    'pauseBatch batch_state': () => led('pause'),
    'resumeBatch batch_state': () => led('resume'),
    'retryBatch batch_state': () => led('retry'),
    async 'cancelBatch batch_state'() {
      const { key, batchId, lead } = await sent()
      await lead('approve')
      // A plan runs copies of it from now on.
      const body = aPlan({ order: undefined, batch_id: batchId })
      await web.ask('POST', '/v1/plans', { key, body })
      return await lead('cancel')
    },
    async 'approveBatch batch_changed'() {
      const { move } = await sent()
      return await move('approve', { content_hash: '0'.repeat(64) })
    },
    'runBatch batch_changed': () => changed('run', 'approve'),
    'resumeBatch batch_changed': () => changed('resume', 'approve', 'run', 'pause'),
    async 'approveBatch second_person_needed'() {
      const { key, batchId } = await sent()
      return await web.ask('POST', `/v1/batches/${batchId}/approve`, { key, body: {} })
    },
  }
}

function changeRows({ databaseUrl }: TestWeb, batchId: number): Promise<void> {
  return inSession(databaseUrl, (session) =>
    session.transaction(async () => {
      await session.run(unnamed(`SET LOCAL session_replication_role = 'replica'`))
      const text = `UPDATE batch_rows SET reference = 'other' WHERE batch_id = $1 AND row_number = 1`
      await session.run(unnamed(text), [batchId])
    }),
  )
}

function planProblems(web: TestWeb): Ways {
  const limited = async (limits: object, order: object = {}) => {
    const { key } = await web.partner({ limits })
    const buy = { kind: 'buy', phone_number: '081234500001', amount: 100_000 }
    return await web.ask('POST', '/v1/plans', { key, body: aPlan({ order: { ...buy, ...order } }) })
  }
  const led = async (...leads: string[]) => {
    const { key } = await web.partner()
    await web.ask('POST', '/v1/plans', { key, body: aPlan({ name: 'led' }) })
    const body = (how: string) => (how === 'run-now' ? { body: { due_at: new Date().toISOString() } } : {})
    return await last(
      leads.map((how) => () => web.ask('POST', `/v1/plans/led/${how}`, { key, ...body(how) })),
    )
  }
  return {
    async 'addPlan plan_conflict'() {
      const { key } = await web.partner()
      const add = (count: number) => () =>
        web.ask('POST', '/v1/plans', { key, body: aPlan({ name: 'twice', count }) })
      return await last([add(1), add(2)])
    },
    async 'addPlan batch_unfit'() {
      const { key, name } = await web.partner()
      const batch_id = await partnerBatch(web, name, { isApproved: false })
      return await web.ask('POST', '/v1/plans', { key, body: aPlan({ order: undefined, batch_id }) })
    },
    'addPlan kind_not_allowed': () => limited({ kinds: ['sell'] }),
    'addPlan rupiah_per_order': () => limited({ rupiah_per_order: '99999' }),
    'addPlan rupiah_unbounded': () => limited({ rupiah_per_day: '1' }, { amount: undefined, gold_weight: 1 }),
    'pausePlan plan_state': () => led('remove', 'pause'),
    'resumePlan plan_state': () => led('remove', 'resume'),
    'runPlanNow plan_state': () => led('pause', 'run-now'),
    async 'removePlan plan_state'() {
      const { key, name } = await web.partner()
      await web.ask('POST', '/v1/plans', { key, body: aPlan({ name: 'over' }) })
      const end = `UPDATE plans SET state = 'ended', reason = 'no_due_time_left', actor = 'scheduler:test', next_due_at = NULL WHERE owner = $1`
      await web.database.run(unnamed(end), [name])
      return await web.ask('POST', '/v1/plans/over/remove', { key })
    },
  }
}

function endpointProblems(web: TestWeb): Ways {
  return {
    async 'addWebhookEndpoint endpoint_state'() {
      const { key } = await web.partner()
      const body = { url: 'https://twice.example/hook' }
      const ask = () => web.ask('POST', '/v1/webhook-endpoints', { key, body })
      return await last([ask, ask])
    },
    async 'changeWebhookEndpoint endpoint_state'() {
      const { key, name } = await web.partner()
      const id = await ownEndpoint(web, name)
      await pauseEndpoint(web.database, id, 'ani: too many calls')
      return await web.ask('PATCH', `/v1/webhook-endpoints/${id}`, { key, body: { state: 'active' } })
    },
  }
}

/** Asks one after the other; the last answer. All before it must be good. */
async function last(asking: readonly (() => Promise<Reply>)[]): Promise<Reply> {
  let reply: Reply | null = null
  for (const ask of asking) {
    if (reply !== null && reply.status >= 300) return reply
    reply = await ask()
  }
  if (reply === null) throw new Error('nothing asked')
  return reply
}
