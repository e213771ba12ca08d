import { z } from 'zod'
import { type Components, createComponents, type Json } from './json-schema.ts'
import { problemSchema } from './problem-schema.ts'
import { PROBLEM_TYPE, PROBLEMS, type ProblemCode } from './problems.ts'
import { type AnyRoute, problemsOf } from './route.ts'

/** A message that the program sends to a partner's URL. */
export interface WebhookRow {
  readonly summary: string
  readonly schema: z.ZodType
  readonly example: unknown
}

/** What a description says beside its routes. */
export interface ApiFacts {
  readonly version: string
  /** What each group of routes is about, in the order people read them. */
  readonly tags: Readonly<Record<string, string>>
  readonly webhooks: Readonly<Record<string, WebhookRow>>
}

const DESCRIPTION = `Takes gold orders of partners through the GoldPro gateway. Rupiah are whole numbers; gold is grams as text with
four decimals. Accept fields and, where an enum is said to be open, values that you do not know. Errors are problem documents
(RFC 9457) with a stable \`code\`. docs/api.md says more.`

const KEY_DESCRIPTION = `A key of \`goldpro partner add\`. A key that was added with \`--signed\` also needs the headers \`X-Timestamp\`
(seconds since 1970), \`X-Nonce\` (16 to 64 letters, digits, \`-\` or \`_\`, never used before) and \`X-Signature\`: \`v1=\` and the
HMAC-SHA256, in hex, of method, path with query, timestamp and nonce, each followed by a line feed, and the body.`

const TOKEN_DESCRIPTION = `The token of an operator, as \`goldpro operator add\` prints it (\`gpo_…\`). No partner has one.`

/** The OpenAPI 3.1 document of a table of routes. */
export function openapiOf(routes: readonly AnyRoute[], { version, tags, webhooks }: ApiFacts): Json {
  const schemas: Record<string, Json> = {}
  const components = createComponents(schemas)
  components.refer(z.strictObject({ problem: problemSchema }), 'output')
  const paths: Record<string, Json> = {}
  for (const row of routes)
    paths[row.path] = { ...paths[row.path], [row.method.toLowerCase()]: operationOf(row, components) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'goldpro-worker',
      version,
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that this document comes from' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    webhooks: Object.fromEntries(
      Object.entries(webhooks).map(([kind, row]) => [kind, webhookOf(kind, row, components)]),
    ),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: KEY_DESCRIPTION },
        operator: { type: 'http', scheme: 'bearer', description: TOKEN_DESCRIPTION },
      },
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

/** The group of a route: `/v1/orders/{id}` is about orders. */
export function tagOf({ path }: Pick<AnyRoute, 'path'>): string {
  const [, first = '', second = ''] = path.split('/')
  return first === 'v1' ? second : 'service'
}

function operationOf(row: AnyRoute, components: Components): Json {
  const { name, summary, description, scope, operatorCommand, body, files } = row
  return {
    operationId: name,
    tags: [tagOf(row)],
    summary,
    ...(description === undefined ? {} : { description }),
    security: operatorCommand !== undefined ? [{ operator: [] }] : scope === null ? [] : [{ key: [] }],
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

const WEBHOOK_HEADERS = {
  'webhook-id': "the event's id, the same at every try: process each id once",
  'webhook-timestamp': 'when this try was sent, in seconds since 1970',
  'webhook-signature': '`v1,` and base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body`',
}

function webhookOf(kind: string, { summary, schema, example }: WebhookRow, components: Components): Json {
  const name = kind.replace(/[._](\w)/g, (_whole, letter: string) => letter.toUpperCase())
  return {
    post: {
      operationId: `on${name.charAt(0).toUpperCase()}${name.slice(1)}`,
      tags: ['webhooks'],
      summary,
      security: [],
      parameters: Object.entries(WEBHOOK_HEADERS).map(([header, description]) => ({
        name: header,
        in: 'header',
        required: true,
        description,
        schema: { type: 'string' },
      })),
      requestBody: {
        required: true,
        content: { 'application/json': { schema: components.refer(schema, 'output'), example } },
      },
      responses: {
        '2XX': { description: 'You have stored the event' },
        '4XX': { description: 'Any other status: it is sent again, for 43 hours' },
      },
    },
  }
}
