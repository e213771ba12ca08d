import { describe, expect, it, vi } from 'vitest'
import { gapNote, pageNote, printPage } from '../../src/cli/page.ts'

describe('the note under a list', () => {
  it.each([
    [{ listed: 50, total: 50, skip: 0, limit: 50 }, null],
    [{ listed: 0, total: 0, skip: 0, limit: 50 }, null],
    [
      { listed: 50, total: 1_477, skip: 0, limit: 50 },
      '1 to 50 of 1.477: continue with --limit 50 --skip 50',
    ],
    [
      { listed: 50, total: 120, skip: 50, limit: 50 },
      '51 to 100 of 120: continue with --limit 50 --skip 100',
    ],
    [{ listed: 20, total: 120, skip: 100, limit: 50 }, '101 to 120 of 120: the last page'],
    [{ listed: 0, total: 120, skip: 200, limit: 50 }, 'none: --skip 200 skips all 120'],
  ])('%j says %s', (page, note) => {
    expect(pageNote(page)).toBe(note)
  })
})

describe('numbers that are missing', () => {
  it.each([
    [[], null],
    [[7], null],
    [[9, 8, 7], null],
    [[7, 9, 8], null],
    [[9, 7], 'numbers are missing: somebody has them'],
  ])('of %j: %s', (ids, note) => {
    expect(gapNote(ids, 'somebody has them')).toBe(note)
  })
})

describe('a page as CSV', () => {
  it('has the fields of its JSON as columns, parts as JSON, and no formula', () => {
    const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
    const noted = vi.spyOn(console, 'error').mockImplementation(() => {})
    try {
      printPage({
        ...{ listed: 2, total: 3, limit: 2, skip: 0, format: { csv: true } },
        jsonLines: () => ['{"id":1,"note":"=1+1","rows":{"ok":2}}', '{"id":2,"note":null,"more":true}'],
        table: () => 'a table',
        whenEmpty: 'none',
      })
      expect(printed.mock.calls).toEqual([[`id,note,rows,more\n1,'=1+1,"{""ok"":2}",\n2,,,true`]])
      expect(noted.mock.calls).toEqual([['1 to 2 of 3: continue with --limit 2 --skip 2']])
    } finally {
      printed.mockRestore()
      noted.mockRestore()
    }
  })
})
