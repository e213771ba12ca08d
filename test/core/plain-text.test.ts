import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataOf, headingsOf } from '../../src/batches/file/cells.ts'
import { isHolderOf, isSamePerson, personKey, readPersonName } from '../../src/core/person.ts'
import { INVISIBLE, readReference } from '../../src/core/plain-text.ts'
import { parseSubmission } from '../../src/orders/submission.ts'
import { jobData } from '../support/factories/job-data.ts'

const INVISIBLE_CHARACTERS = fc
  .constantFrom(...INVISIBLE)
  .chain(([from, to]) => fc.integer({ min: from, max: to }))
  .map((code) => String.fromCodePoint(code))
const VISIBLE = fc.stringMatching(/^[!-~]([ -~é中]{0,20}[!-~])?$/)

describe('a reference', () => {
  it.each([
    ['H-14', 'H-14'],
    ['H-14 ', 'H-14'],
    ['\t H-14\r\n', 'H-14'],
    ['H 14', 'H 14'],
    ['r/1 ü', 'r/1 ü'],
    ['r/1 u\u0308', 'r/1 ü'],
    ['\u212b', 'Å'],
    ['订单-14', '订单-14'],
    ['🙂', '🙂'],
  ])('%j is %j', (written, kept) => {
    expect(readReference(written)).toBe(kept)
  })

  it.each([
    '',
    ' ',
    'H\u200b14',
    'H-14\u200b',
    '\ufeffH-14',
    'H-14\u00a0',
    'H\u00a014',
    'H\u00ad14',
    '\u202eH-14',
    'H\u206614',
    'H-14\ufe0f',
    'H\u{e0020}14',
    'H\n14',
    'H\t14',
    'H\0',
    '\u3164',
    '\u2800',
    'H\u202814',
    '\ud800',
    'x'.repeat(129),
  ])('%j is refused', (written) => {
    expect(readReference(written)).toBeNull()
  })

  it('has nothing that Unicode calls ignorable, a format, a control or another white space', () => {
    const all = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u
    const read: string[] = []
    for (let code = 0; code <= 0x10ffff; code += 1)
      if (all.test(String.fromCodePoint(code)) && readReference(`a${String.fromCodePoint(code)}b`) !== null)
        read.push(code.toString(16))
    expect(read).toEqual([])
  })

  it('never becomes another, or the same written differently, by what nobody sees', () => {
    fc.assert(
      fc.property(VISIBLE, INVISIBLE_CHARACTERS, fc.nat(22), (text, odd, position) => {
        const kept = readReference(text)
        const spoiled = readReference(text.slice(0, position) + odd + text.slice(position))
        expect(spoiled === null || spoiled === kept).toBe(true)
      }),
    )
  })

  it('makes one order whatever surrounds it, and two whatever differs in it', () => {
    fc.assert(
      fc.property(
        VISIBLE,
        fc.constantFrom('', ' ', '\n', '\t '),
        fc.constantFrom('', ' ', '\r\n'),
        (text, before, after) => {
          const read = (reference: string) =>
            parseSubmission('buy', { ...jobData.buy(), reference }).reference
          expect(read(before + text + after)).toBe(read(text))
          expect(read(`${text}x`)).not.toBe(read(text))
        },
      ),
    )
  })
})

describe('a person', () => {
  it.each([
    ['Ani', 'ani '],
    ['Ani', 'ANI'],
    ['Ani', 'ani\u200b'],
    ['Ani', 'a\u00adni'],
    ['Ani', '\ufeffani'],
    ['Ani', 'a ni'],
    ['Ani', 'ani\u00a0'],
    ['Ani', 'ａｎｉ'],
    ['Ani', 'аni'],
    ['Ani', 'Aní'],
    ['Ani', 'an\u0131'],
    ['Ani', 'ani\u{e0061}'],
    ["Nur'aini", 'Nur’aini'],
    ['Sri-Wahyuni', 'sri‐wahyuni'],
    ['Straße', 'STRASSE'.replace('SS', 'ß')],
    ['acme/ani', 'Acme∕ani'],
  ])('is one under the names %j and %j', (one, other) => {
    expect(isSamePerson(one, other)).toBe(true)
  })

  it.each([
    ['Ani', 'Budi'],
    ['Ani', 'Ania'],
    ['ani', 'acme/ani'],
    ['李', '王'],
  ])('%j is not %j', (one, other) => {
    expect(isSamePerson(one, other)).toBe(false)
  })

  it('is no second one by any sign that nobody sees, capital or space', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]{1,10}$/),
        INVISIBLE_CHARACTERS,
        fc.nat(10),
        (name, odd, position) => {
          const other = `${name.slice(0, position).toUpperCase()}${odd} ${name.slice(position)}`
          expect(isSamePerson(name, other)).toBe(true)
          expect(readPersonName(name + odd)).toSatisfy((kept) => kept === null || kept === name)
        },
      ),
    )
  })

  it.each(['', ' ', '-', '\u200b', '\u0301', 'ani\u200b', '\u202eani', 'a\nni', 'x'.repeat(201)])(
    'is not named %j',
    (name) => {
      expect(readPersonName(name)).toBeNull()
    },
  )

  it.each([
    ['Ani ', 'Ani'],
    ['Sri  Wahyuni', 'Sri  Wahyuni'],
    ['e\u0301', 'é'],
  ])('%j is kept as %j', (name, kept) => {
    expect(readPersonName(name)).toBe(kept)
  })

  it('is a holder of keys in whatever spelling', () => {
    expect(isHolderOf('acme', 'ACME / finance')).toBe(true)
    expect(isHolderOf('acme', 'а\u200bcme∕finance')).toBe(true)
    expect(isHolderOf('acme', 'acmefinance')).toBe(false)
  })

  it('has a key that its own key has too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(personKey(personKey(name))).toBe(personKey(name))
      }),
    )
  })
})

describe('a cell of a batch file', () => {
  it.each(['H-14 ', ' H-14', 'H-14\u00a0', 'H\u200b14', 'é', 'e\u0301'])(
    'has the reference %j by the same rule',
    (cell) => {
      const headings = headingsOf(['kind', 'reference', 'phone_number', 'amount'])
      const { kind, ...data } = dataOf(['buy', cell, '0812-3450-0001', '5'], headings, ',')
      const read = () => parseSubmission(kind, { partner: 'acme', ...data }).reference
      const kept = readReference(cell)
      if (kept === null) expect(read).toThrow(/^reference: must be/)
      else expect(read()).toBe(kept)
    },
  )
})
