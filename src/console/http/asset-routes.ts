import type { FastifyInstance } from 'fastify'
import { readAssets } from '../assets.ts'
import { ConsoleProblem } from './problem-pages.ts'

/** Files that pages refer to, and the answer to whoever watches the process. */
export function addAssets(server: FastifyInstance): void {
  const assets = readAssets()
  server.get<{ Params: { name: string } }>('/assets/:name', (request, reply) => {
    const asset = assets.get(request.params.name)
    if (asset === undefined) throw new ConsoleProblem('not_found')
    reply.headers({ 'cache-control': 'public, max-age=300, must-revalidate', etag: asset.etag })
    if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send()
    return reply.type(asset.type).send(asset.body)
  })
  server.get('/healthz', (_request, reply) => reply.type('text/plain').send('ok\n'))
}
