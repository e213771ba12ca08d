import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface MetricsServer {
  readonly port: number
  stop(): void
}

/** Whether a process can work, and the state of its dependencies. */
export type Probe = () => Promise<{ readonly isReady: boolean }>

interface Served {
  readonly status: number
  readonly type: string
  readonly text: string
}

const FIGURES = 'text/plain; version=0.0.4; charset=utf-8'
const JSON_TYPE = 'application/json'

/**
 * Serves metrics at `/metrics`, on a port that partners cannot reach. With a probe, it serves `/healthz` and `/readyz` too.
 * @param port 0: a free port
 * @throws the socket's error when it cannot listen there
 */
export async function startMetricsServer(
  read: () => Promise<string>,
  { host, port }: { readonly host: string; readonly port: number },
  probe: Probe | null = null,
): Promise<MetricsServer> {
  const paths: Readonly<Record<string, () => Promise<Served>>> = {
    '/metrics': async () => ({ status: 200, type: FIGURES, text: await read() }),
    ...(probe === null ? {} : probePaths(probe)),
  }
  const server = createServer(async (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    const serve = Object.hasOwn(paths, path) ? paths[path] : undefined
    if (serve === undefined) return void response.writeHead(404).end()
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return void response.writeHead(405, { Allow: 'GET, HEAD' }).end()
    await answer(response, serve)
  })
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** `/healthz`: the process runs. `/readyz`: it can work. */
function probePaths(probe: Probe): Record<string, () => Promise<Served>> {
  const json = (status: number, body: object) => ({ status, type: JSON_TYPE, text: JSON.stringify(body) })
  return {
    '/healthz': async () => json(200, { status: 'ok' }),
    '/readyz': async () => {
      const { isReady, ...body } = await probe()
      return json(isReady ? 200 : 503, body)
    },
  }
}

/** Node sends no body in answer to HEAD. */
async function answer(response: ServerResponse, serve: () => Promise<Served>): Promise<void> {
  try {
    const { status, type, text } = await serve()
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }).end(text)
  } catch {
    response.writeHead(500).end()
  }
}
