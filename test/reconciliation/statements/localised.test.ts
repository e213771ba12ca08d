import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatGrams, type GoldWeight, MAX_GOLD_WEIGHT, MAX_RUPIAH } from '../../../src/core/money.ts'
import { MONTH_NAMES } from '../../../src/reconciliation/statements/date-names.ts'
import { numberReader } from '../../../src/reconciliation/statements/numbers.ts'
import { patternProblem, timeReader } from '../../../src/reconciliation/statements/times.ts'

const SIGNS = [
  { decimal: '.', thousands: '' },
  { decimal: ',', thousands: '' },
  { decimal: ',', thousands: '.' },
  { decimal: '.', thousands: ',' },
  { decimal: ',', thousands: ' ' },
] as const

const space = fc.constantFrom('', ' ', '\u00a0', '\u202f')
const grouped = (digits: string, sign: string) => digits.replace(/\B(?=(\d{3})+$)/g, sign)

describe('whatever a supported local style writes', () => {
  it('reads back as the same rupiah', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: MAX_RUPIAH }),
        fc.constantFrom(...SIGNS),
        fc.constantFrom('', 'Rp', 'Rp.', 'rp', 'IDR', 'idr'),
        space,
        fc.constantFrom('', ',00', ',0', ',0000', ',-', ',--'),
        fc.boolean(),
        (rupiah, signs, currency, gap, fraction, after) => {
          const number = grouped(String(rupiah), signs.thousands) + fraction.replace(',', signs.decimal)
          const cell = after
            ? `${number}${gap}${currency.replace('Rp.', 'Rp')}`
            : `${currency}${gap}${number}`
          expect(numberReader(signs).rupiah(cell.trim()), cell).toBe(rupiah)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('reads back as the same grams', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MAX_GOLD_WEIGHT }),
        fc.constantFrom(...SIGNS),
        fc.constantFrom('', 'g', 'gr', 'gr.', 'gram', 'Gram', 'grams', 'GM'),
        space,
        fc.boolean(),
        (weight, signs, unit, gap, isShort) => {
          const [whole = '', fraction = ''] = formatGrams(weight as GoldWeight).split('.')
          const shown = isShort ? fraction.replace(/0+$/, '') : fraction
          const number = grouped(whole, signs.thousands) + (shown === '' ? '' : signs.decimal + shown)
          expect(numberReader(signs).grams(`${number}${gap}${unit}`.trim())).toBe(weight)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('reads other signs never as another number of rupiah', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MAX_RUPIAH }),
        fc.constantFrom(...SIGNS),
        fc.constantFrom(...SIGNS),
        fc.constantFrom('', '0', '00'),
        (rupiah, theirs, ours, fraction) => {
          const written = grouped(String(rupiah), theirs.thousands)
          const cell = fraction === '' ? written : written + theirs.decimal + fraction
          expect([null, rupiah]).toContain(numberReader(ours).rupiah(cell))
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

const two = (part: number) => String(part).padStart(2, '0')
const DAYS = ['Minggu', 'Senin', 'Selasa', 'Rabu', 'Kamis', "Jum'at", 'Sabtu']

/** A pattern beside an independent way to write it. */
const STYLES: readonly [pattern: string, write: (at: Date, month: string) => string][] = [
  [
    'dd/MM/yyyy HH:mm:ss',
    (at) => `${two(at.getUTCDate())}/${two(at.getUTCMonth() + 1)}/${at.getUTCFullYear()} ${clock(at, ':')}`,
  ],
  [
    'd/M/yy HH.mm.ss',
    (at) => `${at.getUTCDate()}/${at.getUTCMonth() + 1}/${two(at.getUTCFullYear() - 2000)} ${clock(at, '.')}`,
  ],
  [
    'dd MMM yyyy HH:mm:ss',
    (at, month) => `${two(at.getUTCDate())} ${month} ${at.getUTCFullYear()} ${clock(at, ':')}`,
  ],
  [
    'd-MMMM-yyyy HH.mm.ss z',
    (at, month) => `${at.getUTCDate()}-${month}-${at.getUTCFullYear()} ${clock(at, '.')} WIB`,
  ],
  [
    'EEEE, dd MMM yyyy HH:mm:ss',
    (at, month) =>
      `${DAYS[at.getUTCDay()]}, ${two(at.getUTCDate())} ${month} ${at.getUTCFullYear()} ${clock(at, ':')}`,
  ],
  [
    'ddMMMyyyy HH:mm:ss',
    (at, month) => `${two(at.getUTCDate())}${month}${at.getUTCFullYear()} ${clock(at, ':')}`,
  ],
  ['yyyyMMddHHmmss', (at) => at.toISOString().slice(0, 19).replace(/\D/g, '')],
]

function clock(at: Date, sign: string): string {
  return at.toISOString().slice(11, 19).replaceAll(':', sign)
}

describe('whatever a supported pattern writes', () => {
  it('reads back as the same time, by every name of its month', () => {
    const namesOf = (month: number) =>
      MONTH_NAMES.filter(([, number]) => number === month).map(([name]) => name)
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2010, 0, 2) / 1_000, max: Date.UTC(2099, 0, 1) / 1_000 }),
        fc.constantFrom(...STYLES),
        fc.nat(),
        fc.constantFrom('lower', 'upper', 'capital'),
        fc.constantFrom('', '.'),
        (seconds, [pattern, write], pick, letters, dot) => {
          const local = new Date(seconds * 1_000)
          const names = namesOf(local.getUTCMonth() + 1)
          const name = names[pick % names.length] ?? ''
          const spelled =
            letters === 'upper'
              ? name.toUpperCase()
              : letters === 'lower'
                ? name
                : name[0]?.toUpperCase() + name.slice(1)
          const cell = write(local, spelled + dot)
          const read = timeReader({ dates: pattern, time_zone: 'Asia/Jakarta' })
          expect(read(cell), cell).toBe(local.getTime() - 7 * 3_600_000)
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('or the pattern is refused, whatever its parts and their order', () => {
    const part = fc.constantFrom(
      'yyyy',
      'yy',
      'MM',
      'M',
      'MMM',
      'dd',
      'd',
      'HH',
      'mm',
      'ss',
      'hh',
      'a',
      'z',
      'SSS',
      'EEE',
    )
    const sign = fc.constantFrom('', '/', '-', ' ', '.', ':')
    fc.assert(
      fc.property(fc.array(fc.tuple(part, sign), { minLength: 1, maxLength: 7 }), (pieces) => {
        const pattern = pieces.flat().join('').trim()
        if (patternProblem(pattern) !== null) return
        // Read off the pattern itself: "MM" and "M" side by side are one part, MMM.
        const parts = [...pattern.matchAll(/([a-zA-Z])\1*/g)].map(([, letter]) => letter)
        for (const needed of ['y', 'M', 'd'])
          expect(
            parts.filter((each) => each === needed),
            pattern,
          ).toHaveLength(1)
      }),
      { numRuns: 2_000 },
    )
  })
})
