// The floor: checkout, confirm and three writes an order, with the same HTTP client and Postgres, without our code.
import { Agent } from 'node:http'
import axios from 'axios'
import pg from 'pg'
import { Pool } from 'undici'

const { client, databaseUrl, gatewayUrl, count, concurrency } = JSON.parse(process.argv[2])

const pool = new pg.Pool({ connectionString: databaseUrl, max: Math.min(concurrency + 2, 20) })
await pool.query('DROP TABLE IF EXISTS bench_floor')
await pool.query(
  'CREATE TABLE bench_floor (id int PRIMARY KEY, state text NOT NULL, quote_id text, session_id text)',
)

const posts = {
  undici() {
    const connections = new Pool(gatewayUrl, { connections: concurrency })
    return async (path, body) => {
      const reply = await connections.request({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return await reply.body.json()
    }
  },
  axios() {
    const instance = axios.create({
      baseURL: gatewayUrl,
      adapter: 'http',
      httpAgent: new Agent({ keepAlive: true }),
      proxy: false,
      maxRedirects: 0,
    })
    return async (path, body) => (await instance.post(path, body)).data
  },
}
const post = posts[client]()

async function placeOrder(id) {
  const startedAt = performance.now()
  const order = { phone_number: '081234500001', gold_weight: 0.5 }
  await pool.query({
    name: 'a',
    text: 'INSERT INTO bench_floor (id, state) VALUES ($1, $2)',
    values: [id, 'accepted'],
  })
  const quote = await post('/v2/gold-pro/checkout/gram', order)
  await pool.query({
    name: 'b',
    text: 'UPDATE bench_floor SET state = $2, quote_id = $3 WHERE id = $1',
    values: [id, 'confirming', quote.data.response_id],
  })
  const confirm = await post('/v2/gold-pro/purchase/gram', { ...order, request_id: quote.data.response_id })
  await pool.query({
    name: 'c',
    text: 'UPDATE bench_floor SET state = $2, session_id = $3 WHERE id = $1',
    values: [id, 'succeeded', confirm.data.session_id],
  })
  return performance.now() - startedAt
}

let next = 0
const latenciesMs = []
async function lane(total) {
  while (next < total) latenciesMs.push(await placeOrder(next++))
}
const run = async (total) => {
  await Promise.all(Array.from({ length: concurrency }, () => lane(total)))
}
// Connections and compiled code first.
await run(Math.min(count, 300))
latenciesMs.length = 0
const cpuBefore = process.cpuUsage()
const startedAt = performance.now()
const from = next
await run(from + count)
const seconds = (performance.now() - startedAt) / 1_000
const cpu = process.cpuUsage(cpuBefore)
process.send({ seconds, cpuMicros: cpu.user + cpu.system, latenciesMs, count: next - from }, () =>
  process.exit(),
)
