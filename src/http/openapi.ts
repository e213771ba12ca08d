import { z } from 'zod'
import { PROBLEM_TYPE, PROBLEMS, type ProblemCode } from './problems.ts'
import { type AnyRoute, problemsOf } from './route.ts'

type Json = Record<string, unknown>

/** The OpenAPI 3.1 document of a table of routes. */
export function openapiOf(routes: readonly AnyRoute[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const row of routes)
    paths[row.path] = { ...paths[row.path], [row.method.toLowerCase()]: operationOf(row) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'goldpro-worker',
      version,
      description: 'Takes gold orders of partners through the GoldPro gateway. docs/api.md says more.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'a key of `goldpro partner add`' },
      },
      schemas: { Problem: PROBLEM_SCHEMA },
    },
  }
}

/** A schema as JSON Schema 2020-12, as it is written on the wire. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output' = 'input'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}

/** An RFC 9457 document. */
const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string', pattern: '^urn:goldpro:problem:[a-z_]+$' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { enum: Object.keys(PROBLEMS) },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'problem'],
        properties: { field: { type: 'string' }, problem: { type: 'string' } },
      },
    },
    differs: { type: 'array', items: { type: 'string' } },
    problems: {
      type: 'array',
      items: {
        type: 'object',
        required: ['row', 'line', 'column', 'value', 'expected'],
        properties: {
          row: { type: 'integer' },
          line: { type: 'integer' },
          column: { type: ['string', 'null'] },
          value: { type: 'string' },
          expected: { type: 'string' },
        },
      },
    },
  },
}

function operationOf(row: AnyRoute): Json {
  const { name, summary, description, scope, body, files } = row
  return {
    operationId: name,
    summary,
    ...(description === undefined ? {} : { description }),
    security: scope === null ? [] : [{ key: [] }],
    ...(scope === null ? {} : { 'x-scope': scope }),
    parameters: [...parametersOf(row.params, 'path'), ...parametersOf(row.query, 'query')],
    ...(body === undefined ? {} : { requestBody: requestBodyOf(body, row.bodyExamples ?? {}) }),
    ...(files === undefined ? {} : { requestBody: fileBodyOf(files) }),
    responses: responsesOf(row),
  }
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = jsonSchemaOf(schema) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }))
}

function requestBodyOf(body: z.ZodType, examples: Readonly<Record<string, unknown>>): Json {
  const named = Object.entries(examples).map(([name, value]) => [
    name.replaceAll(' ', '_'),
    { summary: name, value },
  ])
  return {
    required: !body.safeParse({}).success,
    content: { 'application/json': { schema: jsonSchemaOf(body), examples: Object.fromEntries(named) } },
  }
}

function fileBodyOf(files: Readonly<Record<string, string>>): Json {
  const content = Object.entries(files).map(([mediaType, example]) => [
    mediaType,
    { schema: { type: 'string' }, example },
  ])
  return { required: true, content: Object.fromEntries(content) }
}

function responsesOf(row: AnyRoute): Json {
  const answers = Object.entries(row.answers).map(([status, answer]) => {
    const { description, schema, example, contentType = 'application/json', headers = {} } = answer
    const shape = schema === null ? { type: 'string' } : jsonSchemaOf(schema, 'output')
    const named = Object.entries(headers).map(([name, meaning]) => [
      name,
      { description: meaning, schema: { type: 'string' } },
    ])
    return [
      status,
      {
        description,
        ...(named.length === 0 ? {} : { headers: Object.fromEntries(named) }),
        content: { [contentType]: { schema: shape, example } },
      },
    ] as const
  })
  const known = new Set(answers.map(([status]) => status))
  const problems = [...byStatus(problemsOf(row))].filter(([status]) => !known.has(status))
  return Object.fromEntries([
    ...answers,
    ...problems.map(([status, codes]) => [status, problemResponse(codes)]),
  ])
}

function byStatus(codes: readonly ProblemCode[]): Map<string, ProblemCode[]> {
  const grouped = new Map<string, ProblemCode[]>()
  for (const code of new Set(codes)) {
    const status = String(PROBLEMS[code].status)
    grouped.set(status, [...(grouped.get(status) ?? []), code])
  }
  return grouped
}

function problemResponse(codes: readonly ProblemCode[]): Json {
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('\n\n'),
    content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}
