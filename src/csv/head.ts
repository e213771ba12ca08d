/** A stream whose first bytes were read ahead. */
export interface StreamHead {
  readonly head: Buffer
  /** All bytes, including the head. */
  readonly all: AsyncGenerator<Buffer>
}

/** Reads the first bytes of a stream: at least `count`, or all if it has fewer. */
export async function readHead(bytes: AsyncIterable<Buffer>, count: number): Promise<StreamHead> {
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
