import { describe, expect, it, vi } from 'vitest'
import { jsonLinesOf, printRows, type RowFormat } from '../../src/cli/rows.ts'
import { COMMAND_RIGHTS } from '../../src/operators/command-rights.ts'
import { createProgram } from '../../src/processes/program.ts'

/** Reads, and names that lists have. */
const LISTS = Object.entries(COMMAND_RIGHTS)
  .filter(([, { people }]) => people === 0)
  .map(([name]) => name)
  .filter((name) => /( list|^prices|^switch show|^orders (find|rejected)|^recon statements)$/.test(name))

async function optionsOf(name: string): Promise<string[]> {
  const [top = '', ...rest] = name.split(' ')
  let command = (await createProgram(top)).commands.find((each) => each.name() === top)
  for (const part of rest) command = command?.commands.find((each) => each.name() === part)
  return command?.options.map(({ long }) => long ?? '') ?? []
}

describe('every list', () => {
  it.each(LISTS)('goldpro %s is printed for programs as JSON and as CSV', async (name) => {
    expect(await optionsOf(name)).toEqual(expect.arrayContaining(['--json', '--csv']))
  })

  it('of the program is among these', () => {
    expect(LISTS.length).toBeGreaterThanOrEqual(18)
  })
})

describe('rows', () => {
  const rows = [
    { id: 1, note: '=1+1', none: null },
    { id: 2, note: 'a, b', parts: { ok: 2 } },
  ]
  const printed = (format: RowFormat, given: readonly object[] = rows) => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    try {
      printRows(format, { jsonLines: () => jsonLinesOf(given), text: () => 'a table' })
      return log.mock.calls.map(([line]) => line as string)
    } finally {
      log.mockRestore()
    }
  }

  it('are a table for people', () => {
    expect(printed({})).toEqual(['a table'])
  })

  it('are a line of JSON each', () => {
    expect(printed({ json: true })).toEqual(rows.map((row) => JSON.stringify(row)))
  })

  it('are CSV under every field that any of them has, parts as JSON, and no formula', () => {
    expect(printed({ csv: true })).toEqual([`id,note,none,parts\n1,'=1+1,,\n2,"a, b",,"{""ok"":2}"`])
  })

  it.each([[{ json: true }], [{ csv: true }]] as const)('that are none print nothing as %j', (format) => {
    expect(printed(format, [])).toEqual([])
  })
})
