import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keepsItsDigits, readStrictJson } from '../../src/core/strict-json.ts'
import { findUnfitValues } from '../../src/core/unfit-values.ts'

const fieldsOf = (text: string) => {
  const json = readStrictJson(text)
  return json.is === 'refused' ? json.problems.map(({ field }) => field) : json.is
}

describe('JSON from outside', () => {
  it.each([
    ['a name twice', '{"amount":10000,"amount":90000}', ['amount']],
    ['a name twice with one value', '{"a":1,"a":1}', ['a']],
    ['a name twice, once escaped', '{"amount":1,"\\u0061mount":2}', ['amount']],
    ['a name twice inside', '{"limit":{"x":1,"y":[{"z":1,"z":2}]}}', ['limit.y.0.z']],
    ['two names twice', '{"a":1,"a":2,"b":{"c":1,"c":2}}', ['a', 'b.c']],
    ['the empty name twice', '{"":1,"":2}', ['data']],
    ['an integer beyond a number', '{"a":12345678901234567890}', ['a']],
    ['an integer just beyond', '{"a":9007199254740993}', ['a']],
    ['an infinite number', '[1,1e400]', ['1']],
    ['a number that vanishes', '{"a":1e-400}', ['a']],
    ['negative zero', '{"a":-0}', ['a']],
    ['negative zero with decimals', '{"a":-0.0}', ['a']],
    ['more decimals than are kept', '{"a":0.1000000000000000055}', ['a']],
    ['a number of a thousand digits', `{"a":0.${'0'.repeat(1_000)}1}`, ['a']],
    ['a prototype', '{"a":{"__proto__":{"b":1}}}', ['a.__proto__']],
    ['a prototype, escaped', '{"\\u005f_proto__":1}', ['__proto__']],
    ['a constructor', '{"constructor":{"prototype":1}}', ['constructor', 'constructor.prototype']],
    ['NUL', '{"a":"\\u0000"}', ['a']],
    ['half a character', '{"a":{"b":"\\ud800"}}', ['a.b']],
    ['half a character in a name', '{"\\udfff":1}', ['?']],
  ])('with %s is refused by the name of the field', (_what, text, fields) => {
    expect(fieldsOf(text)).toEqual(fields)
  })

  it.each([
    ['', ' ', '{', '{"a":1,}', '[1,]', "{'a':1}", '{"a":01}', 'NaN', '\ufeff{}', '{"a":1}}', '{a:1}'],
  ])('that is none is said to be none: %s', (...texts) => {
    for (const text of texts) expect(readStrictJson(text), text).toEqual({ is: 'not_json' })
  })

  it.each([
    ['lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['one level too many', `${'['.repeat(17)}${']'.repeat(17)}`],
  ])('nested too deep in %s is refused', (_what, text) => {
    expect(readStrictJson(text).is).toBe('refused')
  })

  it('may be as deep as any document here, and hold long texts', () => {
    expect(readStrictJson(`${'['.repeat(16)}${']'.repeat(16)}`).is).toBe('read')
    expect(readStrictJson(JSON.stringify({ a: '\\"'.repeat(500_000) })).is).toBe('read')
  })

  it('is read as everybody reads it where nothing is ambiguous', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value)
        const json = readStrictJson(text)
        if (json.is === 'read') expect(json.value).toEqual(JSON.parse(text))
        else expect(text).toMatch(/__proto__|constructor|prototype|\\u0000|\\ud[89a-f]|-0|e[+-]?\d/i)
      }),
    )
  })

  it('is refused wherever a field is repeated in it', () => {
    const nested = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(nested, fc.jsonValue({ maxDepth: 1 }), (path, value) => {
        const inner = `{"x":${JSON.stringify(value)},"y":1,"x":0}`
        const text = path.reduceRight((json, name) => `{"q":[1],"${name}":${json}}`, inner)
        expect(fieldsOf(text)).toContain(`${path.join('.')}.x`)
      }),
    )
  })
})

describe('a number', () => {
  it.each(['0', '0.1', '1.50', '1e5', '1E+5', '100000.0', '-1.5', '9007199254740991', '0.30000000000000004'])(
    '%s keeps its digits',
    (written) => expect(keepsItsDigits(written)).toBe(true),
  )

  it('that a program wrote keeps its digits', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        if (!Object.is(value, -0)) expect(keepsItsDigits(JSON.stringify(value))).toBe(true)
      }),
    )
  })
})

describe('a value that was read elsewhere', () => {
  it.each([
    ['own prototype', JSON.parse('{"__proto__":{"a":1}}'), '__proto__'],
    ['own constructor inside', { a: [{ constructor: 1 }] }, 'a.0.constructor'],
    ['NUL in a list', { a: ['b\0'] }, 'a.0'],
  ])('with %s is unfit', (_what, value, field) => {
    expect(findUnfitValues(value)).toMatchObject([{ field }])
  })

  it('is looked at in bounded time however large or deep it is', () => {
    let deep: unknown = 1
    for (let level = 0; level < 10_000; level += 1) deep = { a: deep }
    const cyclic: Record<string, unknown> = {}
    cyclic.a = [cyclic, cyclic]
    for (const value of [deep, cyclic, { a: new Array(2_000_000).fill(0) }])
      expect(findUnfitValues(value)).not.toEqual([])
  })
})
