import type { z } from 'zod'
import type { Components, Json } from './json-schema.ts'

/** A message that the program sends to a partner's URL. */
export interface WebhookRow {
  readonly summary: string
  readonly schema: z.ZodType
  readonly example: unknown
}

const WEBHOOK_HEADERS = {
  'webhook-id': "the event's id, the same at every try: process each id once",
  'webhook-timestamp': 'when this try was sent, in seconds since 1970',
  'webhook-signature': '`v1,` and base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body`',
}

/** The OpenAPI description of a message and of what its receiver answers. */
export function webhookOf(
  kind: string,
  { summary, schema, example }: WebhookRow,
  components: Components,
): Json {
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
