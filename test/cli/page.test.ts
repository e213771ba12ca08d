import { describe, expect, it } from 'vitest'
import { gapNote, pageNote } from '../../src/cli/page.ts'

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
