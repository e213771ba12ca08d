import { afterEach, describe, expect, it } from 'vitest'
import { showTablesAs, type TableLook, table } from '../../src/cli/table.ts'
import { terminalLook } from '../../src/cli/terminal-look.ts'

const PLAIN: TableLook = { columns: null, width: null, hasColour: false }
afterEach(() => showTablesAs(PLAIN))

const HEADINGS = ['order', 'state', 'note', 'rupiah']
const ROWS = [
  ['A-1', 'succeeded', 'a note that is longer than anybody reads on a small terminal', 1_234_567],
  ['A-2', 'in_doubt', '', 5],
]
const shown = (look: Partial<TableLook> = {}) => {
  showTablesAs({ ...PLAIN, ...look })
  return table(HEADINGS, ROWS)
}
const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length))

describe('a table', () => {
  it('is whole without a terminal, numbers to the right', () => {
    expect(table(['a', 'n'], [['x', 1_000]]).split('\n')).toEqual(['a      n', '─  ─────', 'x  1.000'])
    expect(shown()).toContain('on a small terminal')
  })

  it('shows the columns that were asked for, in that order', () => {
    expect(shown({ columns: ['rupiah', 'order'] }).split('\n')[0]).toBe('   rupiah  order')
  })

  it('refuses a column that it does not have, and names those that it has', () => {
    expect(() => shown({ columns: ['order', 'colour'] })).toThrow(
      '--columns: this table has no column colour; it has order, state, note, rupiah',
    )
  })

  it.each([46, 60, 80])(
    'fits %i columns: the widest texts are shortened, numbers and states never',
    (width) => {
      const text = shown({ width })
      expect(widest(text)).toBeLessThanOrEqual(width)
      expect(text).toContain('…')
      expect(text).toContain('1.234.567')
      expect(text).toContain('succeeded')
    },
  )

  it('leaves off the last columns where texts would say nothing, and says which', () => {
    expect(shown({ width: 30 }).split('\n')).toEqual([
      'order  state      note',
      '─────  ─────────  ────────────',
      'A-1    succeeded  a note that…',
      'A-2    in_doubt',
      '(--wide also shows rupiah)',
    ])
    expect(shown({ width: 3 }).split('\n')[0]).toBe('order')
  })

  it('shows times whole or not at all', () => {
    showTablesAs({ ...PLAIN, width: 20 })
    const text = table(['at', 'note'], [['2026-02-09T08:00:00+07:00', 'a note']])
    expect(text).toContain('2026-02-09T08:00:00+07:00')
    expect(text).toContain('(--wide also shows note)')
  })

  it('colours the words of states alone, and keeps its columns', () => {
    const [, , first = '', second = ''] = shown({ hasColour: true }).split('\n')
    expect(first).toContain('\u001b[32msucceeded\u001b[39m')
    expect(second).toContain('\u001b[31min_doubt \u001b[39m')
    showTablesAs({ ...PLAIN, hasColour: true })
    expect(table(['note'], [['in_doubt']])).not.toContain('\u001b')
  })
})

describe('what a terminal can show', () => {
  const terminal = { isTTY: true, columns: 120, hasColors: () => true }
  it.each([
    ['a terminal', terminal, false, { width: 120, hasColour: true }],
    ['a terminal with --wide', terminal, true, { width: null, hasColour: true }],
    [
      'a terminal without colours',
      { ...terminal, hasColors: () => false },
      false,
      { width: 120, hasColour: false },
    ],
    ['a file', { ...terminal, isTTY: false }, false, { width: null, hasColour: false }],
  ])('%s', (_name, stream, isWide, expected) => {
    expect(terminalLook(stream, isWide)).toEqual(expected)
  })
})
