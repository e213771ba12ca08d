import { describe, expect, it } from 'vitest'
import { parseMapping } from '../../../src/reconciliation/statements/mapping.ts'
import { MAPPING } from '../../support/factories/statement-files.ts'

describe('a mapping', () => {
  it('is taken with the defaults of a plain CSV', () => {
    expect(parseMapping({ columns: MAPPING.columns, kinds: { buy: ['buy'] } })).toMatchObject({
      kinds: { buy: ['buy'], sell: [], transfer: [], withdraw: [] },
      ...{
        delimiter: ',',
        encoding: 'utf-8',
        decimal: '.',
        thousands: '',
        dates: 'iso',
        time_zone: 'Asia/Jakarta',
        ...{ header_row: 'first', ignored_rows: [], trailer: null },
      },
    })
  })

  it.each<[what: string, change: object, refusal: RegExp]>([
    ['nothing', [], /^mapping: must be an object/],
    [
      'no column for the weight',
      { columns: { ...MAPPING.columns, gold_weight: undefined } },
      /columns\.gold_weight/,
    ],
    ['a column nobody knows', { columns: { ...MAPPING.columns, colour: 'x' } }, /^columns.colour: /],
    ['an empty heading', { columns: { ...MAPPING.columns, kind: ' ' } }, /columns\.kind/],
    ['one column twice', { columns: { ...MAPPING.columns, fee: 'Amount' } }, /"amount" is used twice/],
    ['a kind nobody knows', { kinds: { lend: ['x'] } }, /^kinds.lend: /],
    ['one word for two kinds', { kinds: { buy: ['X'], sell: ['x'] } }, /"x" has two meanings/],
    [
      'a word for a kind and for none',
      { kinds: { buy: ['fee'] }, ignored_kinds: ['Fee'] },
      /"fee" has two meanings/,
    ],
    ['one sign for decimals and thousands', { decimal: ',', thousands: ',' }, /thousands: must differ/],
    ['another delimiter', { delimiter: '::' }, /delimiter/],
    ['an encoding nobody reads', { encoding: 'ebcdic' }, /encoding/],
    ['dates without a day', { dates: 'MM/yyyy' }, /dates: it has no day: add dd/],
    ['dates of another library', { dates: 'DD/MM/YYYY' }, /dates: DD is not known: write dd for the day/],
    ['a header on no line', { header_row: 0 }, /header_row: "first", "found", or the line of the file/],
    ['a header far below', { header_row: 51 }, /header_row: .*from 1 to 50/],
    ['a header in words', { header_row: 'last' }, /header_row: "first", "found"/],
    ['a trailer without words', { trailer: { column: 'x', values: [] } }, /trailer\.values/],
    ['a trailer that is every row', { trailer: { column: 'x', values: ['*'] } }, /"\*" alone/],
    ['ignored rows that are all', { ignored_rows: [{ column: 'x', values: ['*'] }] }, /"\*" alone/],
    [
      'a total of no column',
      {
        columns: { ...MAPPING.columns, fee: undefined },
        trailer: { column: 'x', values: ['y'], totals: ['fee'] },
      },
      /trailer\.totals: columns has no fee/,
    ],
    ['a zone that is nowhere', { time_zone: 'Asia/Atlantis' }, /time_zone: .*Asia\/Jakarta/],
    ['a word too many', { colour: 'red' }, /colour/],
  ])('is refused with %s', (_what, change, refusal) => {
    const given = Array.isArray(change) ? change : { ...MAPPING, ...change }
    expect(() => parseMapping(given)).toThrow(refusal)
  })
})
