import { readStrictJson } from '../core/strict-json.ts'
import type { FastifyInstance, FastifyRequest } from './fastify.ts'
import { Problem } from './problems.ts'

/** Parses JSON bodies strictly, and keeps their bytes, which the signature covers. */
export function installJsonParser(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    request.rawBody = bytes
    if (bytes.length === 0) return done(null, undefined)
    try {
      done(null, readBody(bytes, request.headers))
    } catch (error) {
      done(error as Error)
    }
  })
}

/** Reads a JSON body. @throws Problem, which quotes nothing of the body */
function readBody(bytes: Uint8Array, headers: FastifyRequest['headers']): unknown {
  const encoding = headers['content-encoding'] ?? 'identity'
  const [, charset = 'utf-8'] = /charset\s*=\s*"?([^\s";]+)/i.exec(headers['content-type'] ?? '') ?? []
  if (encoding.toLowerCase() !== 'identity')
    throw new Problem('unsupported_media_type', { detail: 'the body must not be compressed' })
  if (charset.toLowerCase() !== 'utf-8')
    throw new Problem('unsupported_media_type', { detail: 'the charset must be utf-8' })
  const json = readStrictJson(textOf(bytes))
  switch (json.is) {
    case 'read':
      return json.value
    case 'not_json':
      throw new Problem('malformed_request', { detail: 'the body is not JSON in UTF-8' })
    case 'refused':
      throw new Problem('invalid_request', { errors: json.problems })
  }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true })

function textOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new Problem('malformed_request', {
      detail: 'the body begins with a byte order mark: leave it out',
    })
  try {
    return UTF_8.decode(bytes)
  } catch {
    throw new Problem('malformed_request', { detail: 'the body is not JSON in UTF-8' })
  }
}
