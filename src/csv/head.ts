/** A stream of bytes of which the first are known. */
export interface Headed {
  readonly head: Buffer
  /** All of them, the head first. */
  readonly all: AsyncGenerator<Buffer>
}

/** Reads the first bytes of a stream, at least `count` of them where there are so many. */
export async function readHead(bytes: AsyncIterable<Buffer>, count: number): Promise<Headed> {
  const chunks = bytes[Symbol.asyncIterator]()
  const first: Buffer[] = []
  for (let length = 0; length < count; ) {
    const next = await chunks.next()
    if (next.done === true) break
    first.push(next.value)
    length += next.value.length
  }
  const head = Buffer.concat(first)
  async function* all() {
    try {
      if (head.length > 0) yield head
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value
    } finally {
      await chunks.return?.()
    }
  }
  return { head, all: all() }
}
