import type { Readable } from 'node:stream'
import { FileRefused } from './file-refused.ts'
import { LONGEST_RECORD } from './layout.ts'

/** One line of a file. The first is line 1. */
export interface FileLine {
  readonly text: string
  readonly lineNumber: number
}

/**
 * The lines of UTF-8 text, in groups as they become available. Memory is bounded, whatever the length of a line.
 * Empty lines are left out.
 * @throws FileRefused when a line is longer than the longest record
 */
export async function* readLines(bytes: Readable): AsyncGenerator<FileLine[]> {
  let rest = Buffer.alloc(0)
  let lineNumber = 0
  const lineOf = (line: Buffer): FileLine[] => {
    lineNumber += 1
    if (line.length > LONGEST_RECORD) throw tooLong(lineNumber)
    const text = line
      .toString('utf8')
      .replace(lineNumber === 1 ? /^\uFEFF/ : /^$/, '')
      .trim()
    return text === '' ? [] : [{ text, lineNumber }]
  }
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    const bytesNow = Buffer.concat([rest, chunk])
    const lines: FileLine[] = []
    let start = 0
    for (let end = bytesNow.indexOf('\n'); end !== -1; end = bytesNow.indexOf('\n', start)) {
      lines.push(...lineOf(bytesNow.subarray(start, end)))
      start = end + 1
    }
    rest = Buffer.from(bytesNow.subarray(start))
    if (rest.length > LONGEST_RECORD) throw tooLong(lineNumber + 1)
    yield lines
  }
  yield lineOf(rest)
}

function tooLong(lineNumber: number): FileRefused {
  return new FileRefused(`line ${lineNumber} is longer than ${LONGEST_RECORD / 1024} KiB`)
}
