import { z } from 'zod'
import { createComponents, type Json } from './json-schema.ts'
import { operationOf } from './openapi-operation.ts'
import { type WebhookRow, webhookOf } from './openapi-webhook.ts'
import { problemSchema } from './problem-schema.ts'
import type { AnyRoute } from './route.ts'

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
