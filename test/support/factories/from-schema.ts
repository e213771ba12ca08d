import fc from 'fast-check'

type Json = Record<string, unknown>

/** Values of a JSON Schema as this project's routes use it. What a refinement asks beyond it may be missed. */
export function valuesOf(schema: Json): fc.Arbitrary<unknown> {
  const { anyOf, oneOf, type, const: constant } = schema
  const choices = (anyOf ?? oneOf) as Json[] | undefined
  if (choices !== undefined) return fc.oneof(...choices.map(valuesOf))
  if (constant !== undefined) return fc.constant(constant)
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum)
  switch (type) {
    case 'object':
      return objectsOf(schema)
    case 'array':
      return fc.array(valuesOf((schema.items ?? {}) as Json), { maxLength: 3 })
    case 'integer':
      return fc.integer({
        min: Number(schema.minimum ?? -1_000),
        max: Math.min(Number(schema.maximum ?? 1_000), 2 ** 40),
      })
    case 'number':
      return fc.oneof(
        fc.integer({ min: 1, max: 1_000_000_000 }).map((units) => units / 10_000),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      )
    case 'string':
      return stringsOf(schema)
    default:
      return fc.jsonValue()
  }
}

/** What these may be is a rule of the program's, which no pattern tells: hardly any text that is drawn keeps it. */
const PHONE_FIELDS = new Set(['phone_number', 'recipient'])
const phoneNumber = fc.stringMatching(/^08[0-9]{7,11}$/)

function objectsOf({ properties = {}, required = [] }: Json): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties as Record<string, Json>).map(([name, each]) => [
    name,
    PHONE_FIELDS.has(name) ? fc.oneof({ weight: 4, arbitrary: phoneNumber }, valuesOf(each)) : valuesOf(each),
  ])
  return fc.record(Object.fromEntries(fields), { requiredKeys: required as never[] })
}

function stringsOf(schema: Json): fc.Arbitrary<string> {
  const { pattern, format, minLength, maxLength, examples, ...rest } = schema
  if (Array.isArray(examples))
    return fc.oneof(
      fc.constantFrom(...examples),
      stringsOf({ ...rest, pattern, format, minLength, maxLength }),
    )
  if (format === 'date-time')
    return fc.oneof(
      fc
        .date({ min: new Date('1900-01-01'), max: new Date('3100-01-01'), noInvalidDate: true })
        .map((date) => date.toISOString()),
      fc.constantFrom(
        '2027-01-31T09:00:00+07:00',
        '0000-01-01T00:00:00Z',
        '9999-12-31T23:59:59-23:59',
        '2026-02-30T00:00:00Z',
      ),
    )
  if (format === 'email') return fc.emailAddress()
  if (format === 'uuid') return fc.uuid()
  if (typeof pattern === 'string' && !pattern.includes('\\P')) return fc.stringMatching(new RegExp(pattern))
  return fc.string({
    minLength: Number(minLength ?? 0),
    maxLength: Math.min(Number(maxLength ?? 30), 40),
    unit: 'binary',
  })
}

/** The same values spoiled somewhere: a field missing, unknown, or of another shape. */
export function spoiled(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const junk = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      null,
      -1,
      0,
      1e21,
      '',
      '0',
      '1e3',
      '\u0000',
      '\ud800',
      '__proto__',
      '081234500001',
      [],
      {},
    ),
  )
  return fc
    .tuple(values, fc.nat(), fc.string(), junk, fc.nat(3))
    .map(([value, position, name, other, how]) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || how === 3) return other
      const fields = Object.keys(value)
      const field = fields[position % Math.max(fields.length, 1)] ?? name
      if (how === 0) return Object.fromEntries(Object.entries(value).filter(([each]) => each !== field))
      return { ...value, [how === 1 ? field : name]: other }
    })
}
