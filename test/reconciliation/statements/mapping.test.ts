import { describe, expect, it } from 'vitest'
import { parseMapping } from '../../../src/reconciliation/statements/mapping.ts'
import { MAPPING } from '../../support/statement-files.ts'

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
    ['one word for two kinds', { kinds: { buy: ['X'], sell: ['x'] } }, /"x" stands for two things/],
    ['a word for a kind and for none', { kinds: { buy: ['fee'] }, ignored_kinds: ['Fee'] }, /"fee" stands/],
    ['one sign for decimals and thousands', { decimal: ',', thousands: ',' }, /thousands: must differ/],
    ['another delimiter', { delimiter: '::' }, /delimiter/],
    ['an encoding nobody reads', { encoding: 'ebcdic' }, /encoding/],
    ['dates without a day', { dates: 'MM/yyyy' }, /dates: iso, or a pattern/],
    ['a zone that is nowhere', { time_zone: 'Asia/Atlantis' }, /time_zone: .*Asia\/Jakarta/],
    ['a word too many', { colour: 'red' }, /colour/],
  ])('is refused with %s', (_what, change, refusal) => {
    const given = Array.isArray(change) ? change : { ...MAPPING, ...change }
    expect(() => parseMapping(given)).toThrow(refusal)
  })
})
