import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { FaultName, FaultSetting } from '../../../src/dev/sandbox/faults.ts'
import type { Sandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { WALLET } from '../../support/factories/job-data.ts'
import { KINDS, quoteId, type Reply, type Step, start, trade } from './requests.ts'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const buy = KINDS['buy by grams'] as Step

/** A confirm whose reply meets a fault, as the wire has it. */
async function struck(fault: FaultName, slowMs = 20): Promise<{ sandbox: Sandbox; reply: Response }> {
  const sandbox = await start({ slowMs, faults: { [fault]: { next: 1 } } })
  return { sandbox, reply: await rawConfirm(sandbox, buy, await quoteId(sandbox, buy)) }
}

async function rawConfirm(sandbox: Sandbox, { confirm }: Step, id: string): Promise<Response> {
  const [path, body] = confirm
  return await fetch(`${sandbox.url}/v2/gold-pro${path}`, {
    method: 'POST',
    redirect: 'manual',
    body: JSON.stringify({ ...body, request_id: id }),
  })
}

/** One connection, spoken to by hand: HTTP clients hide what happens to it. */
function open(sandbox: Sandbox) {
  const { hostname, port } = new URL(sandbox.url)
  // Half open, so that it still writes once the other side has closed.
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  sockets.push(socket)
  let received = ''
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString()
  })
  return {
    socket,
    received: () => received,
    send(path: string, body: object) {
      const text = JSON.stringify(body)
      socket.write(
        `POST /v2/gold-pro${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
      )
    },
  }
}

describe('a reply', () => {
  it.each(['bad_gateway_html', 'bad_gateway_after_executing'] as const)('%s is HTML', async (fault) => {
    const { reply } = await struck(fault)
    expect(reply.status).toBe(502)
    expect(reply.headers.get('content-type')).toBe('text/html')
    expect(await reply.text()).toContain('<html>')
  })

  it('truncated_json is half of a JSON that says it is whole', async () => {
    const { reply } = await struck('truncated_json')
    const text = await reply.text()
    expect(text).toMatch(/^\{"data":/)
    expect(() => JSON.parse(text)).toThrow()
  })

  it('slow_reply is a good one that comes late', async () => {
    const { reply } = await struck('slow_reply')
    expect(((await reply.json()) as Reply).general_response.response_status).toBe(true)
  })

  it('trickling_reply goes on byte by byte', async () => {
    const { reply } = await struck('trickling_reply')
    const reader = reply.body?.getReader()
    for (const _ of [1, 2, 3]) expect(new TextDecoder().decode((await reader?.read())?.value)).toMatch(/^ +$/)
    await reader?.cancel()
  })

  it.each([
    ['unauthorised_401', 401],
    ['too_many_requests_429', 429],
    ['redirect_307', 307],
  ] as const)('%s has its status', async (fault, status) => {
    expect((await struck(fault)).reply.status).toBe(status)
  })

  it('server_error_envelope carries response_code 500', async () => {
    const { reply } = await struck('server_error_envelope')
    expect(((await reply.json()) as Reply).general_response).toMatchObject({
      response_status: false,
      response_code: 500,
    })
  })

  it.each(Object.entries(KINDS))('contradicting_reply to a %s differs in one field', async (_name, step) => {
    const differing = new Set<string>()
    for (let seed = 1; seed <= 12; seed += 1) {
      const sandbox = await start({ seed, faults: { contradicting_reply: { next: 1 } } })
      const id = await quoteId(sandbox, step as Step)
      const { data } = (await (await rawConfirm(sandbox, step as Step, id)).json()) as Reply
      const [entry] = sandbox.ledger()
      const isTransfer = step === KINDS.transfer
      const asked: Record<string, unknown> = {
        request_id: step === KINDS.sell ? undefined : id,
        phone_number: isTransfer ? '08xxxxxxxx001' : WALLET,
        gold_weight: (entry?.goldWeight ?? 0) / 10_000,
        amount: entry?.amount,
        response_id: entry?.responseId,
      }
      const differs = Object.keys(asked).filter((field) => data[field] !== asked[field])
      expect(differs).toHaveLength(1)
      differing.add(differs[0] ?? '')
    }
    expect(differing.size).toBeGreaterThan(1)
    expect(differing).not.toContain('response_id')
  })
})

describe('connection_closed_between_requests', () => {
  const closing: Partial<Record<FaultName, FaultSetting>> = {
    connection_closed_between_requests: { next: 1, on: 'checkout' },
  }

  it('closes the kept-alive connection after a whole reply', async () => {
    const sandbox = await start({ faults: closing })
    const { socket, send, received } = open(sandbox)
    send(...buy.checkout)
    await once(socket, 'end')
    expect(received()).toContain('"response_message":"Success"')
  })

  it('keeps the connection open when it does not strike', async () => {
    const sandbox = await start()
    const { socket, send, received } = open(sandbox)
    send(...buy.checkout)
    await once(socket, 'data')
    send(...buy.checkout)
    await once(socket, 'data')
    expect(received().match(/"response_message":"Success"/g)).toHaveLength(2)
    expect(socket.readableEnded).toBe(false)
  })

  it('drops a confirm that was already on its way, executes nothing, and names it in the log', async () => {
    const sandbox = await start({ faults: closing })
    const { socket, send } = open(sandbox)
    send(...buy.checkout)
    await once(socket, 'end')
    send('/purchase/gram', { ...trade, request_id: '4711' })
    socket.on('error', () => {})
    await expect.poll(() => sandbox.confirmsReceived()).toHaveLength(1)
    await expect
      .poll(() => sandbox.faultLog().at(-1))
      .toEqual({
        fault: 'connection_closed_between_requests',
        phase: 'confirm',
        type: 'buy',
        phoneNumber: WALLET,
        quoteId: '4711',
      })
    expect(sandbox.faultCounts().connection_closed_between_requests).toBe(2)
    expect(sandbox.ledger()).toEqual([])
  })
})
