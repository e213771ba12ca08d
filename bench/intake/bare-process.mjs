// The floor: one Fastify route that inserts one row, without our code.
import Fastify from 'fastify'
import pg from 'pg'
import { serveMeasured } from './serve-measured.mjs'

const { databaseUrl } = JSON.parse(process.argv[2])
const pool = new pg.Pool({ connectionString: databaseUrl, max: 12 })
await pool.query(
  'CREATE TABLE bench_http (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), order_json jsonb NOT NULL)',
)
const server = Fastify()
server.post('/v1/orders', async (request, reply) => {
  const { rows } = await pool.query({
    name: 'insert',
    text: 'INSERT INTO bench_http (order_json) VALUES ($1) RETURNING id',
    values: [request.body],
  })
  return reply.code(202).send({ id: rows[0].id })
})
serveMeasured(await server.listen({ host: '127.0.0.1', port: 0 }))
