// A gateway that answers every request at once with the documented envelope, in a process of its own,
// so that its CPU is not counted as the worker's.
import { createServer } from 'node:http'

let ids = 1_600_000_000

const server = createServer((request, response) => {
  let text = ''
  request.on('data', (chunk) => {
    text += chunk
  })
  request.on('end', () => {
    ids += 1
    const body = JSON.parse(text)
    const isConfirm = body.request_id !== undefined
    const data = {
      ...(isConfirm ? { request_id: body.request_id } : {}),
      response_id: String(ids),
      phone_number: body.phone_number,
      gold_weight: body.gold_weight,
      amount: 441_000,
      fee: 5_000,
      additional: {},
      ...(isConfirm ? { session_id: `SESSION${ids}` } : {}),
    }
    const general_response = {
      response_status: true,
      response_code: 200,
      response_message: 'Success',
      response_timestamp: '2026-02-09T12:52:06+07:00',
    }
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ data, general_response }))
  })
})
// A connection that a busy machine leaves idle must not be closed under its next request.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }))
process.on('disconnect', () => process.exit())
