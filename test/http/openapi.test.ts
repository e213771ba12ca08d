import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, it } from 'vitest'
import { TRANSITIONS } from '../../src/orders/lifecycle.ts'
import { openapi } from '../../src/processes/routes.ts'
import { EVENT_KINDS } from '../../src/webhooks/enums.ts'
import { WEBHOOKS } from '../../src/webhooks/http/webhook-messages.ts'

type Json = Record<string, unknown>

const document = openapi('1.2.3')
const { schemas } = document.components as { schemas: Record<string, Json> }

/** What a maintained linter has to say, in its recommended rules and stricter ones. */
async function lint(text: string): Promise<string[]> {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      // `/` redirects to the page for people.
      'operation-2xx-response': 'off',
      'operation-description': 'off',
      'operation-singular-tag': 'error',
      'operation-tag-defined': 'error',
      'parameter-description': 'error',
      'tag-description': 'error',
      'no-invalid-schema-examples': 'error',
      'no-required-schema-properties-undefined': 'error',
      'path-params-defined': 'error',
      'component-name-unique': 'error',
    },
  })
  const problems = await lintFromString({ source: text, absoluteRef: '/openapi.json', config })
  return problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`)
}

/** Every schema within a value, with where it stands. */
function* within(value: unknown, path: string): Generator<[string, Json]> {
  if (typeof value !== 'object' || value === null) return
  yield [path, value as Json]
  for (const [name, each] of Object.entries(value)) yield* within(each, `${path}.${name}`)
}

describe('the OpenAPI document', () => {
  it('has no warning of a linter', async () => {
    expect(await lint(JSON.stringify(document))).toEqual([])
  })

  it('would have warnings if an operation had no id, an example another shape or a tag no meaning', async () => {
    const spoil = (from: string, to: string) => {
      const text = JSON.stringify(document)
      expect(text).toContain(from)
      return lint(text.replaceAll(from, to))
    }
    expect((await spoil('"operationId":"readOrder",', '')).join()).toContain('operation-operationId ')
    expect((await spoil('"attempts":1', '"attempts":"1"')).join()).toContain('no-invalid-media-type-examples')
    expect((await spoil('"tags":["orders"]', '"tags":["others"]')).join()).toContain('operation-tag-defined')
  })

  it('names what is exchanged', () => {
    for (const name of [
      'Order',
      'OrderRequest',
      'OrderPage',
      'Batch',
      'BatchPage',
      'Plan',
      'PlanPage',
      'Problem',
    ])
      expect(schemas).toHaveProperty(name)
  })

  it('tells the kinds of an order apart by its field', () => {
    for (const [name, option] of [
      ['OrderRequest', 'Request'],
      ['PlannedOrder', ''],
    ] as const) {
      const { oneOf, discriminator } = schemas[name] as {
        oneOf: { $ref: string }[]
        discriminator: { propertyName: string; mapping: Record<string, string> }
      }
      expect(Object.keys(discriminator.mapping)).toEqual(['buy', 'sell', 'transfer', 'withdraw'])
      expect(Object.values(discriminator.mapping)).toEqual(oneOf.map(({ $ref }) => $ref))
      expect(discriminator.mapping.sell).toMatch(new RegExp(`Sell${option}$`))
    }
  })

  it('describes every field, and every schema that has a name', () => {
    const bare = Object.entries(schemas).flatMap(([name, schema]) => [
      ...(schema.description === undefined ? [name] : []),
      ...[...within(schema, name)].flatMap(([path, { properties = {} }]) =>
        Object.entries(properties as Record<string, Json>)
          .filter(([, field]) => field.description === undefined && field.$ref === undefined)
          .map(([field]) => `${path}.${field}`),
      ),
    ])
    expect(bare).toEqual([])
  })

  it('has patterns that a person can read, and integers as integers', () => {
    for (const [path, { pattern, type, maximum }] of within(document, '')) {
      if (typeof pattern === 'string') expect(pattern.length, `${path} ${pattern}`).toBeLessThan(70)
      if (type === 'integer') expect(maximum).not.toBe(Number.MAX_SAFE_INTEGER)
    }
    const { parameters } = (document.paths as Record<string, Record<string, { parameters: Json[] }>>)[
      '/v1/orders'
    ]?.get ?? { parameters: [] }
    expect(parameters.find(({ name }) => name === 'limit')?.schema).toEqual({
      type: 'integer',
      minimum: 1,
      maximum: 500,
    })
  })

  it('says of every enum in an answer whether it is open', () => {
    const { code } = (schemas.Problem?.properties ?? {}) as Record<string, Json>
    expect(code?.enum).toBeUndefined()
    expect(code?.['x-extensible-enum']).toContain('reference_conflict')
    expect(code?.description).toContain('Open: more values may be added')
    for (const name of ['OrderState', 'OrderKind', 'BatchState', 'PlanState', 'RunState'])
      expect(schemas[name]?.description).toContain('Closed')
  })

  it('lets answers have more fields, and requests none', () => {
    expect(schemas.Order?.additionalProperties).toBeUndefined()
    expect(schemas.SellRequest?.additionalProperties).toBe(false)
  })

  it('has every webhook, with an example of its shape whose reason is one of the lifecycle', () => {
    expect(Object.keys(document.webhooks as Json)).toEqual([...EVENT_KINDS])
    const reasons = Object.values(TRANSITIONS).flatMap((move) => move.reasons as readonly string[])
    for (const { schema, example } of Object.values(WEBHOOKS)) {
      expect(schema.safeParse(example).error).toBeUndefined()
      const { reason = 'executed' } = (example as { data: { reason?: string } }).data
      expect(reasons).toContain(reason)
    }
  })
})
