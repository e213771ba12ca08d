import type { IncomingHttpHeaders } from 'node:http'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { Busboy, type BusboyHeaders } from '@fastify/busboy'
import type { ReceivedFile } from '../route.ts'
import { UploadRefused, type Uploads } from '../uploads.ts'

export interface ReceivedForm {
  readonly form: URLSearchParams
  readonly file: ReceivedFile | null
}

const MOST_FIELDS = 50
const LONGEST_FIELD = 64 * 1024

/** Reads a form with a file (multipart/form-data). The file is kept, and belongs to its sender. */
export async function readFileForm(
  body: Readable,
  headers: IncomingHttpHeaders,
  owner: string,
  uploads: Uploads,
): Promise<ReceivedForm> {
  const form = new URLSearchParams()
  let keeping: Promise<ReceivedFile | null> = Promise.resolve(null)
  const parser = new Busboy({
    headers: headers as BusboyHeaders,
    limits: { fields: MOST_FIELDS, fieldSize: LONGEST_FIELD, files: 1, parts: MOST_FIELDS + 1 },
  })
  const ended = new Promise<void>((resolve, reject) => {
    parser.once('finish', resolve)
    parser.once('error', reject)
    body.once('error', reject)
    body.once('aborted', () => reject(new UploadRefused('the file was cut off')))
  })
  parser.on('field', (name, value) => form.append(name, value))
  parser.on('file', (_field, stream, fileName) => {
    keeping = keepFile(stream, basename(fileName ?? ''), owner, uploads).catch((error: unknown) => {
      stream.resume()
      throw error
    })
    // Awaited below; without this an early refusal would end the process.
    keeping.catch(() => {})
  })
  body.pipe(parser)
  await ended
  return { form, file: await keeping }
}

async function keepFile(
  stream: Readable,
  name: string,
  owner: string,
  uploads: Uploads,
): Promise<ReceivedFile | null> {
  if (name === '') {
    stream.resume()
    return null
  }
  const { uploadId, bytes } = await uploads.keep(owner, name.slice(0, 200), stream)
  return { uploadId, name: name.slice(0, 200), bytes }
}
