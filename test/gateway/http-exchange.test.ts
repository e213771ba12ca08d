import { Client } from 'undici'
import { describe, expect, it, vi } from 'vitest'
import { Connection } from '../../src/gateway/connection.ts'
import { HttpExchange } from '../../src/gateway/http-exchange.ts'

const controllerOf = (handler: HttpExchange) => {
  const abort = vi.fn((error: Error) => handler.onResponseError(controller, error))
  const controller = { abort, aborted: false, paused: false, reason: null, pause() {}, resume() {} }
  return controller
}

function begin(timeoutMs = 60_000) {
  const settled: unknown[] = []
  const connection = new Connection(new URL('http://127.0.0.1:9'), () => {})
  const exchange = new HttpExchange(connection, timeoutMs, (failure, reply) =>
    settled.push(failure?.code ?? reply),
  )
  return { exchange, settled, controller: controllerOf(exchange) }
}

describe('a request', () => {
  it('that undici begins to write a second time is not written, and counts as sent', () => {
    const { exchange, settled, controller } = begin()
    expect(exchange.wasSent).toBe(false)
    exchange.onRequestStart(controller)
    expect(controller.abort).not.toHaveBeenCalled()
    exchange.onRequestStart(controller)
    expect(controller.abort).toHaveBeenCalledOnce()
    expect(settled).toEqual(['ERR_SENT_TWICE'])
    expect(exchange.wasSent).toBe(true)
  })

  it('whose deadline passed before it could be written is not written later', async () => {
    const { exchange, settled, controller } = begin(1)
    await vi.waitFor(() => expect(settled).toEqual(['ETIMEDOUT']))
    exchange.onRequestStart(controller)
    expect(controller.abort).toHaveBeenCalledOnce()
    expect(exchange.wasSent).toBe(false)
    expect(settled).toEqual(['ETIMEDOUT'])
  })

  it('is settled once, whatever comes afterwards', () => {
    const { exchange, settled, controller } = begin()
    exchange.onRequestStart(controller)
    exchange.onResponseStart(controller, 200, {})
    exchange.onResponseEnd()
    exchange.onResponseError(controller, new Error('late'))
    exchange.onResponseEnd()
    expect(settled).toEqual([{ status: 200, text: '' }])
  })
})

describe('undici writes no byte of a request', () => {
  it('whose handler aborts at its start', async () => {
    const written: unknown[] = []
    const { createServer } = await import('node:net')
    const server = createServer((socket) =>
      socket.on('data', (bytes) => written.push(bytes)).on('error', () => {}),
    )
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    const client = new Client(`http://127.0.0.1:${port}`)
    await new Promise<void>((done) => {
      client.dispatch(
        { method: 'POST', path: '/', body: 'body' },
        { onRequestStart: (controller) => controller.abort(new Error('no')), onResponseError: () => done() },
      )
    })
    await client.destroy()
    await new Promise((done) => server.close(done))
    expect(written).toEqual([])
  })
})
