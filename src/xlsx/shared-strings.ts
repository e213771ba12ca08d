import { type Archive, DamagedWorkbook } from './archive.ts'
import { LIMITS } from './limits.ts'
import { readXml } from './xml.ts'

/** The texts that cells name by their number. */
export interface SharedStrings {
  /** Null: there is no such text. */
  at(position: number): string | null
}

/**
 * Reads all shared texts. They are kept as bytes outside of the heap: a statement of a million lines has a million ids, which
 * as strings would take several times as much.
 * @throws FileRefused when there are too many
 */
export async function readSharedStrings(archive: Archive, part: string | null): Promise<SharedStrings> {
  if (part === null || !archive.has(part)) return { at: () => null }
  const texts = new TextTable()
  let text = ''
  const collect = textCollector((piece) => {
    text = joined(text, piece)
  })
  const read = readXml(archive.read(part), {
    open: collect.open,
    close(name) {
      collect.close(name)
      if (name !== 'si') return
      texts.add(text)
      text = ''
    },
    text: collect.text,
  })
  for await (const _ of read);
  return texts
}

/** Adds a piece to a cell's text. @throws FileRefused when it is longer than a record may be */
export function joined(text: string, piece: string): string {
  if (text.length + piece.length > LIMITS.rowLength) throw new DamagedWorkbook('a cell is far too long')
  return text + piece
}

/** Collects what is within `t`, but not the pronunciations that East Asian texts have beside them. */
export function textCollector(take: (text: string) => void) {
  let isText = false
  let isPronunciation = false
  return {
    open(name: string): void {
      if (name === 't') isText = true
      if (name === 'rPh') isPronunciation = true
    },
    close(name: string): void {
      if (name === 't') isText = false
      if (name === 'rPh') isPronunciation = false
    },
    text(text: string): void {
      if (isText && !isPronunciation) take(text)
    },
  }
}

/** Texts one after the other in one buffer, which grows by half. */
class TextTable implements SharedStrings {
  #bytes = Buffer.alloc(64 * 1024)
  #used = 0
  #ends = new Uint32Array(1024)
  #count = 0

  add(text: string): void {
    const length = Buffer.byteLength(text)
    if (this.#count >= LIMITS.sharedStrings || this.#used + length > LIMITS.sharedBytes)
      throw new DamagedWorkbook('it has more texts than a statement can have')
    if (this.#used + length > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(this.#used + length, Math.floor(this.#bytes.length * 1.5)))
      this.#bytes.copy(grown, 0, 0, this.#used)
      this.#bytes = grown
    }
    if (this.#count === this.#ends.length) {
      const grown = new Uint32Array(this.#ends.length * 2)
      grown.set(this.#ends)
      this.#ends = grown
    }
    this.#bytes.write(text, this.#used)
    this.#used += length
    this.#ends[this.#count] = this.#used
    this.#count += 1
  }

  at(position: number): string | null {
    if (!Number.isInteger(position) || position < 0 || position >= this.#count) return null
    const start = position === 0 ? 0 : (this.#ends[position - 1] ?? 0)
    return this.#bytes.toString('utf8', start, this.#ends[position])
  }
}
