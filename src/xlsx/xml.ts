import { TextDecoder } from 'node:util'
import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { DamagedWorkbook } from './archive.ts'
import { LIMITS } from './limits.ts'

/** The attributes of an element, by name. */
export type Attributes = Readonly<Record<string, string>>

/** What is done with the elements of a part. Names are without their prefix, which writers choose freely. */
export interface XmlHandler {
  open(name: string, attributes: Attributes): void
  close?(name: string): void
  text?(text: string): void
}

/**
 * Reads the XML of a part, chunk by chunk, and yields after each, so that memory is bounded whatever the part has. No document
 * type is accepted, so there are no entities but those of XML.
 * @throws FileRefused
 */
export async function* readXml(
  chunks: AsyncIterable<Uint8Array>,
  { open, close, text }: XmlHandler,
): AsyncGenerator<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false })
  let unread = 0
  let depth = 0
  parser.on('error', () => {
    throw new DamagedWorkbook('a part is not well-formed XML')
  })
  parser.on('doctype', () => {
    throw new DamagedWorkbook('a part declares a document type')
  })
  parser.on('opentag', ({ name, attributes }: SaxesTagPlain) => {
    unread = 0
    depth += 1
    if (depth > LIMITS.depth) throw new DamagedWorkbook('the elements of a part are nested too deep')
    open(localName(name), attributes)
  })
  parser.on('closetag', ({ name }: SaxesTagPlain) => {
    unread = 0
    depth -= 1
    close?.(localName(name))
  })
  if (text !== undefined) {
    parser.on('text', text)
    parser.on('cdata', text)
  }
  for await (const chunk of chunks) {
    const decoded = decode(decoder, chunk)
    unread += decoded.length
    parser.write(decoded)
    // Set to zero by every tag: the parser keeps everything since the last one.
    if (unread > LIMITS.textLength + chunk.length) throw new DamagedWorkbook('a cell is far too long')
    yield
  }
  parser.write(decode(decoder))
  parser.close()
}

/** Reads a small part at once. @throws FileRefused */
export async function readSmallXml(bytes: Buffer, handler: XmlHandler): Promise<void> {
  for await (const _ of readXml(piecesOf(bytes), handler));
}

const PIECE_BYTES = 64 * 1024

async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}

function decode(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
  } catch {
    throw new DamagedWorkbook('a part is not UTF-8')
  }
}

/** A name without its namespace's prefix. */
export function localName(name: string): string {
  const colon = name.indexOf(':')
  return colon === -1 ? name : name.slice(colon + 1)
}
