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
  let refuse: (error: unknown) => void = () => {}
  const ended = new Promise<void>((resolve, reject) => {
    refuse = reject
    parser.once('finish', resolve)
    parser.once('error', reject)
    body.once('error', reject)
    body.once('aborted', () => reject(new UploadRefused('the file was cut off')))
  })
  parser.on('field', (name, value) => form.append(name, value))
  parser.on('file', (_field, stream, fileName) => {
    keeping = keepFile(stream, basename(fileName ?? ''), owner, uploads)
    // A refused file ends the reading: the parser waits for nobody to take the rest.
    keeping.catch(refuse)
  })
  body.pipe(parser)
  try {
    await ended
    return { form, file: await keeping }
  } finally {
    // The rest of a refused body is discarded, so that its sender can read the answer.
    body.unpipe(parser)
    body.resume()
  }
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
