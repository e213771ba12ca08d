import type { z } from 'zod'
import type { Components, Json } from './json-schema.ts'
import { PROBLEM_TYPE, PROBLEMS, type ProblemCode } from './problems.ts'
import { type AnyRoute, problemsOf } from './route.ts'

/** The group of a route: `/v1/orders/{id}` is about orders. */
export function tagOf({ path }: Pick<AnyRoute, 'path'>): string {
  const [, first = '', second = ''] = path.split('/')
  return first === 'v1' ? second : 'service'
}

/** The OpenAPI operation of a route. Its named schemas are added to the components. */
export function operationOf(row: AnyRoute, components: Components): Json {
  const { name, summary, description, scope, body, files } = row
  return {
    operationId: name,
    tags: [tagOf(row)],
    summary,
    ...(description === undefined ? {} : { description }),
    security: securityOf(row),
    ...(scope === null ? {} : { 'x-scope': scope }),
    parameters: [
      ...parametersOf(row.params, 'path', components),
      ...parametersOf(row.query, 'query', components),
    ],
    ...(body === undefined ? {} : { requestBody: requestBodyOf(row, body, components) }),
    ...(files === undefined ? {} : { requestBody: fileBodyOf(files) }),
    responses: responsesOf(row, components),
  }
}

function securityOf({ scope, operatorCommand }: AnyRoute): Json[] {
  if (operatorCommand !== undefined) return [{ operator: [] }]
  return scope === null ? [] : [{ key: [] }]
}

function parametersOf(
  schema: z.ZodType | undefined,
  place: 'path' | 'query',
  components: Components,
): Json[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = components.refer(schema, 'input') as {
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

function requestBodyOf({ bodyExamples = {} }: AnyRoute, body: z.ZodType, components: Components): Json {
  const named = Object.entries(bodyExamples).map(([name, value]) => [
    name.replaceAll(' ', '_'),
    { summary: name, value },
  ])
  const schema = components.refer(body, 'input')
  return {
    required: !body.safeParse({}).success,
    content: {
      'application/json': named.length === 0 ? { schema } : { schema, examples: Object.fromEntries(named) },
    },
  }
}

function fileBodyOf(files: Readonly<Record<string, string>>): Json {
  const content = Object.entries(files).map(([mediaType, example]) => [
    mediaType,
    { schema: { type: 'string' }, example },
  ])
  return { required: true, content: Object.fromEntries(content) }
}

function responsesOf(row: AnyRoute, components: Components): Json {
  const answers = Object.entries(row.answers).map(([status, answer]) => {
    const {
      description,
      schema,
      example,
      contentType = 'application/json',
      headers = {},
      texts = {},
    } = answer
    const shape = schema === null ? { type: 'string' } : components.refer(schema, 'output')
    const named = Object.entries(headers).map(([name, meaning]) => [name, headerOf(meaning)])
    return [
      status,
      {
        description,
        ...(named.length === 0 ? {} : { headers: Object.fromEntries(named) }),
        content: {
          [contentType]: { schema: shape, example },
          ...Object.fromEntries(
            Object.entries(texts).map(([mediaType, text]) => [
              mediaType,
              { schema: { type: 'string' }, example: text },
            ]),
          ),
        },
      },
    ] as const
  })
  const known = new Set(answers.map(([status]) => status))
  const problems = [...byStatus(problemsOf(row))].filter(([status]) => !known.has(status))
  return Object.fromEntries([
    ...answers,
    ...problems.map(([status, codes]) => [status, problemResponse(status, codes)]),
  ])
}

const headerOf = (description: string) => ({ description, schema: { type: 'string' } })

function byStatus(codes: readonly ProblemCode[]): Map<string, ProblemCode[]> {
  const grouped = new Map<string, ProblemCode[]>()
  for (const code of new Set(codes)) {
    const status = String(PROBLEMS[code].status)
    grouped.set(status, [...(grouped.get(status) ?? []), code])
  }
  return grouped
}

function problemResponse(status: string, codes: readonly ProblemCode[]): Json {
  const isTemporary = status === '429' || status === '503'
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('\n\n'),
    ...(isTemporary ? { headers: { 'Retry-After': headerOf('seconds after which to try again') } } : {}),
    content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}
