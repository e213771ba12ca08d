import { Connection } from './connection.ts'
import { createDialer } from './dial.ts'
import { createReadyConnections } from './ready-connections.ts'

/** More idle connections than this are closed. */
const MOST_IDLE = 64

/**
 * The connections to one gateway. A fresh one carries one request, ever; a kept one carries the next request after the
 * reply to the last one.
 */
export interface Connections {
  get(use: 'fresh' | 'kept'): Connection
  /** Takes back a connection after its exchange. Only a kept one whose reply was read may be used again. */
  done(connection: Connection, mayBeUsedAgain: boolean): void
  /** Begins to open a connection for a coming `fresh` request. Call the returned function when there will be none. */
  openAhead(): () => void
  close(): void
}

export function createConnections(url: URL): Connections {
  const dial = createDialer(url)
  const origin = new URL(url.origin)
  const ready = createReadyConnections(dial)
  const inUse = new Set<Connection>()
  const idle: Connection[] = []
  let isClosed = false

  const openKept = () => new Connection(origin, (whenOpen, hold) => hold(dial(whenOpen)))
  const openFresh = () =>
    new Connection(origin, (whenOpen, hold) => {
      const ahead = ready.take()
      if (ahead === null) return hold(dial(whenOpen))
      hold(ahead.socket)
      ahead.whenUsable((isUsable) => {
        if (isUsable) whenOpen(null, ahead.socket)
        else hold(dial(whenOpen))
      })
    })

  return {
    get(use) {
      const connection = use === 'fresh' ? openFresh() : (idle.pop() ?? openKept())
      inUse.add(connection)
      if (isClosed) connection.destroy(new Error('the transport is closed'))
      return connection
    },
    done(connection, mayBeUsedAgain) {
      inUse.delete(connection)
      if (!mayBeUsedAgain) return
      if (idle.length < MOST_IDLE && !isClosed) idle.push(connection)
      else connection.destroy(new Error('too many idle connections'))
    },
    openAhead() {
      if (isClosed) return () => {}
      ready.open()
      return ready.dropOne
    },
    close() {
      isClosed = true
      ready.close()
      for (const connection of [...inUse, ...idle.splice(0)])
        connection.destroy(new Error('the transport is closed'))
    },
  }
}
