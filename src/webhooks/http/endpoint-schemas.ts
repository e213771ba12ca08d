import { z } from 'zod'
import { count, time } from '../../http/field-schemas.ts'
import { open } from '../../http/json-schema.ts'
import { ENDPOINT_KINDS, ENDPOINT_STATES, PAUSE_REASONS } from '../enums.ts'
import type { AskedEndpoint, OwnEndpoint } from '../own-endpoints.ts'

const url = z
  .string()
  .max(2_000)
  .describe('an https address in the public internet, without user, password and fragment')
const kinds = z
  .array(z.enum(ENDPOINT_KINDS))
  .min(1)
  .describe('the kinds of events that it takes; order.succeeded and order.rejected need order.resolved')

export const endpointBody = z
  .strictObject({ url, kinds: kinds.optional() })
  .meta({ id: 'WebhookEndpointRequest', description: 'Where events shall be sent; by default of every kind' })

export const endpointChange = z
  .strictObject({
    url: url.optional(),
    kinds: kinds.optional(),
    state: z.enum(['active', 'paused']).describe('paused: events are kept, and nothing is sent').optional(),
  })
  .meta({ id: 'WebhookEndpointChange', description: 'Another URL and kinds, or another state; not both' })

export const endpointAnswer = z
  .strictObject({
    id: z.int().describe("the endpoint's number"),
    url: z.string().describe('where events are sent'),
    kinds: z.array(z.string()).describe('the kinds of events that it takes. Open: more may be added'),
    state: z.enum(ENDPOINT_STATES).describe('Closed'),
    paused_because: open(z.enum(PAUSE_REASONS), 'why it is paused').nullable(),
    state_since: time('since when it is in this state'),
    failing_since: time('the first failure since the last success').nullable(),
    created_at: time('when it was added'),
  })
  .meta({ id: 'WebhookEndpoint', description: 'Where your events are sent' })

export const requestAnswer = z
  .strictObject({
    request: z.int().describe("the request's number, which the operator knows"),
    endpoint_id: z.int().nullable().describe('the endpoint that it changes; null: it adds one'),
    url: z.string().describe('where events shall be sent'),
    kinds: z.array(z.string()).describe('the kinds of events that it shall take'),
    asked_at: time('when you asked').nullable(),
  })
  .meta({ id: 'WebhookEndpointRequested', description: 'What waits for the approval of an operator' })

export const endpointsAnswer = z
  .strictObject({
    endpoints: z.array(endpointAnswer).describe('those that are not removed, the oldest first'),
    requested: z.array(requestAnswer).describe('what waits for an approval, the oldest first'),
  })
  .meta({ id: 'WebhookEndpoints', description: 'Your endpoints, and what waits for an approval' })

export const removedAnswer = z
  .strictObject({
    id: z.int().describe("the endpoint's number"),
    given_up: count('deliveries that were pending and are not sent any more'),
  })
  .meta({ id: 'WebhookEndpointRemoved', description: 'An endpoint that is removed' })

export const secretBody = z
  .strictObject({
    overlap_hours: z
      .int()
      .min(0)
      .max(168)
      .describe('how long the current secret signs, too; default 24, and 0 when it has leaked')
      .optional(),
  })
  .meta({ id: 'WebhookSecretRequest', description: 'How a new secret takes the place of the current one' })

export const secretAnswer = z
  .strictObject({
    id: z.int().describe("the endpoint's number"),
    secret: z.string().describe('signs from now on. It is shown this once'),
    previous_until: time('until when the secret before signs, too').nullable(),
  })
  .meta({ id: 'WebhookSecret', description: 'A new secret' })

export const testAnswer = z
  .strictObject({
    delivered: z.boolean().describe('whether your endpoint answered 2xx'),
    http_status: z.int().nullable().describe('what it answered; null where no answer came'),
    trouble: z.string().nullable().describe('why no answer came, as a code. Open: more may be added'),
    duration_ms: count('how long it took, in milliseconds'),
  })
  .meta({ id: 'WebhookTest', description: 'What a test came to' })

export const endpointAnswerOf = (endpoint: OwnEndpoint) => ({
  id: endpoint.id,
  url: endpoint.url,
  kinds: endpoint.kinds,
  state: endpoint.state,
  paused_because: endpoint.pausedBecause,
  state_since: endpoint.stateSince.toISOString(),
  failing_since: endpoint.failingSince?.toISOString() ?? null,
  created_at: endpoint.createdAt.toISOString(),
})

export const requestAnswerOf = ({ requestId, payload, askedAt }: AskedEndpoint) => ({
  request: requestId,
  endpoint_id: payload.endpointId ?? null,
  url: payload.url,
  kinds: payload.kinds,
  asked_at: askedAt.toISOString(),
})

export const ENDPOINT = {
  id: 1,
  url: 'https://acme.example/goldpro',
  kinds: [...ENDPOINT_KINDS],
  state: 'active' as const,
  paused_because: null,
  state_since: '2026-02-09T05:00:00.000Z',
  failing_since: null,
  created_at: '2026-02-09T05:00:00.000Z',
}

export const REQUESTED = {
  request: 12,
  endpoint_id: null,
  url: 'https://acme.example/goldpro',
  kinds: [...ENDPOINT_KINDS],
  asked_at: '2026-02-09T04:30:00.000Z',
}
