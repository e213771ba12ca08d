import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { openTestClient } from '../support/factories/gateway-settings.ts'
import { COMMAND_NAMES, COMMANDS, executedData, quoteFor } from '../support/servers/commands.ts'
import { envelope, replyWith } from '../support/servers/http-server.ts'

const toStop: (() => void)[] = []
afterEach(() => {
  for (const stop of toStop.splice(0)) stop()
})

/** A gateway that notes its connections in the order in which they came, and on which one each request was. */
async function open(refuses = false) {
  const connections: Socket[] = []
  const usedBy: { path: string; connection: number }[] = []
  const command = COMMANDS.buyGrams
  const server = createServer(async (request, response) => {
    for await (const _ of request);
    const path = request.url ?? ''
    usedBy.push({ path, connection: connections.indexOf(request.socket) })
    if (refuses) return replyWith(response, 200, envelope(undefined, 'User not found', false))
    const data = executedData(command)
    replyWith(response, 200, envelope(path.includes('checkout') ? { ...data, session_id: undefined } : data))
  })
  server.on('connection', (socket: Socket) => connections.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = openTestClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  toStop.push(
    () => client.close(),
    () => server.close().closeAllConnections(),
  )
  const openConnections = () => connections.filter(({ destroyed }) => !destroyed).length
  return { client, connections, usedBy, openConnections }
}

const until = (isSo: () => boolean) => eventually(async () => (isSo() ? true : null))

describe('the connection of a confirm', () => {
  it('is opened while the quote is taken, carries the confirm alone, and is closed', async () => {
    const { client, connections, usedBy, openConnections } = await open()
    const command = COMMANDS.buyGrams
    expect(await client.checkout(command)).toMatchObject({ is: 'quoted' })
    await until(() => connections.length === 2)
    expect(await client.confirm(command, quoteFor(command))).toMatchObject({ is: 'succeeded' })
    expect(connections).toHaveLength(2)
    const [checkout, confirm] = usedBy
    expect(confirm?.connection).not.toBe(checkout?.connection)
    await until(() => openConnections() === 1)
  })

  it.each(COMMAND_NAMES)('is closed when the checkout of %s ends without a quote', async (name) => {
    const { client, connections, openConnections } = await open(true)
    expect(await client.checkout(COMMANDS[name])).toMatchObject({ is: 'refused' })
    await until(() => connections.length >= 1 && openConnections() === 1)
  })

  it('is closed with the client', async () => {
    const { client, connections, openConnections } = await open()
    await client.checkout(COMMANDS.buyGrams)
    await until(() => connections.length === 2)
    client.close()
    await until(() => openConnections() === 0)
  })
})
