import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { SETTINGS } from '../../src/config.ts'
import { readFields } from '../../src/core/field-problems.ts'
import { didYouMean, editsBetween } from '../../src/core/suggestions.ts'
import { jsonSchemaOf } from '../../src/http/json-schema.ts'
import { InvalidOrderError, parseSubmission } from '../../src/orders/submission.ts'
import { InvalidTermsError, readPlanRequest } from '../../src/plans/read-terms.ts'
import { ROUTES } from '../../src/processes/routes.ts'
import { parseMapping } from '../../src/reconciliation/statements/mapping.ts'
import { spoiled, valuesOf } from '../support/factories/from-schema.ts'
import { jobData } from '../support/factories/job-data.ts'

/** What validators say. */
const FOREIGN =
  /invalid|expected|received|match pattern|unrecognized|too (small|big)|>=|<=|must be (string|number|integer|boolean|object|array|null|equal)\b|NOT have|required property|undefined|\[object/i

/** A sentence without the codes and fields that it names, such as `invalid_recipient`: validators know none of them. */
const wordsOf = (problem: string) => problem.replace(/[a-z]+(_[a-z]+)+/g, '…')

const problemsOf = (kind: unknown, data: unknown) => {
  try {
    parseSubmission(kind, data)
    return []
  } catch (error) {
    if (error instanceof InvalidOrderError) return error.problems
    throw error
  }
}

describe('whatever is wrong is told in words of our own', () => {
  const schemas = ROUTES.flatMap(({ name, query, params, body }) =>
    Object.entries({ query, params, body }).flatMap(([part, schema]) =>
      schema === undefined ? [] : [[`${part} of ${name}`, schema] as const],
    ),
  )
  it.each(schemas)('in the %s', (_name, schema) => {
    const values = valuesOf(jsonSchemaOf(schema))
    const wrong = fc.oneof(spoiled(values), spoiled(values), fc.jsonValue())
    fc.assert(
      fc.property(wrong, (value) => {
        const read = readFields(schema, value, 'body')
        if (read.is === 'refused') expect(read.problems.length).toBeGreaterThan(0)
        if (read.is === 'refused')
          for (const { problem } of read.problems) expect(wordsOf(problem)).not.toMatch(FOREIGN)
      }),
      { numRuns: 150 },
    )
  })

  it('in an order, a plan, a mapping and the settings', () => {
    const [order, plan] = ['placeOrder', 'addPlan'].map((name) => {
      const body = ROUTES.find((row) => row.name === name)?.body
      if (body === undefined) throw new Error(`no body of ${name}`)
      return spoiled(valuesOf(jsonSchemaOf(body)))
    }) as [fc.Arbitrary<unknown>, fc.Arbitrary<unknown>]
    fc.assert(
      fc.property(order, plan, fc.jsonValue(), (someOrder, somePlan, junk) => {
        const { kind, ...data } = Object(someOrder) as Record<string, unknown>
        for (const { problem } of problemsOf(kind, data)) expect(wordsOf(problem)).not.toMatch(FOREIGN)
        for (const attempt of [() => readPlanRequest(somePlan), () => parseMapping(junk)])
          try {
            attempt()
          } catch (error) {
            const told =
              error instanceof InvalidTermsError
                ? error.problems
                : [{ problem: String((error as Error).message) }]
            for (const { problem } of told) expect(wordsOf(problem)).not.toMatch(FOREIGN)
          }
        const settings = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, junk]))
        const read = readFields(z.object(SETTINGS), settings, 'environment')
        for (const { problem } of read.is === 'refused' ? read.problems : [])
          expect(wordsOf(problem)).not.toMatch(FOREIGN)
      }),
    )
  })
})

describe('all that is wrong with an order', () => {
  it('is told at once', () => {
    const data = { phone: '0812', ref: 'A', gold_weight: 'x', colour: 1, deadline: 'soon' }
    expect(problemsOf('buy', data).map(({ field }) => field)).toEqual(
      expect.arrayContaining([
        'partner',
        'reference',
        'phone_number',
        'gold_weight',
        'deadline',
        'phone',
        'ref',
        'colour',
      ]),
    )
  })

  it('is told also where the kind is not known', () => {
    expect(problemsOf('beli', {}).map(({ field }) => field)).toEqual([
      'kind',
      'partner',
      'reference',
      'phone_number',
    ])
  })

  it('names what a buy is measured by beside the rest', () => {
    const fields = problemsOf('buy', { ...jobData.buy({ partner: '' }), amount: 1 }).map(({ field }) => field)
    expect(fields).toEqual(['partner', 'gold_weight'])
  })
})

describe('did you mean', () => {
  const text = (kind: unknown, data: object) =>
    problemsOf(kind, data)
      .map(({ field, problem }) => `${field}: ${problem}`)
      .join('\n')

  it.each([
    ['phone', 'phone_number'],
    ['phone_numbr', 'phone_number'],
    ['ref', 'reference'],
    ['refernce', 'reference'],
    ['gram', 'gold_weight'],
    ['grams', 'gold_weight'],
    ['gold-weight', 'gold_weight'],
    ['rupiah', 'amount'],
    ['amuont', 'amount'],
    ['Amount', 'amount'],
  ])('the field %s: %s?', (written, meant) => {
    expect(text('buy', { [written]: 'x' })).toContain(`: did you mean ${meant}?`)
  })

  it.each([
    ['beli', 'buy'],
    ['jual', 'sell'],
    ['tarik', 'withdraw'],
    ['transfr', 'transfer'],
    ['withdrawl', 'withdraw'],
    ['BUY', 'buy'],
  ])('the kind %s: %s?', (written, meant) => {
    expect(text(written, {})).toContain(`: did you mean ${meant}?`)
  })

  it('is asked inside of an order too', () => {
    const limit = { max_price: 1 }
    expect(text('buy', jobData.buy({ limit }))).toContain('did you mean max_price_per_gram?')
  })

  it.each([['xyz'], ['081234500001'], ['x'.repeat(1_000_000)], [7], [null]])(
    'is not asked of %s',
    (given) => {
      expect(didYouMean(given, ['buy', 'sell', 'transfer', 'withdraw'])).toBe('')
    },
  )

  it('does not propose a field that is there', () => {
    expect(text('buy', jobData.buy({ phone: 1 }))).not.toContain('did you mean')
  })

  it.each([
    ['sell', 'sell', 0],
    ['sel', 'sell', 1],
    ['slel', 'sell', 1],
    ['transfr', 'transfer', 1],
    ['trasnfer', 'transfer', 1],
  ])('counts the edits from %s to %s: %i', (one, other, edits) => {
    expect(editsBetween(one, other)).toBe(edits)
  })
})
