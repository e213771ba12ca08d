import { z } from 'zod'
import { onTheWire } from '../../http/json-schema.ts'
import { type AnyRoute, route } from '../../http/route.ts'
import { listAskedEndpoints, listOwnEndpoints } from '../own-endpoints.ts'
import {
  askForEndpoint,
  changeEndpoint,
  removeOwnEndpoint,
  rotateOwnSecret,
  testOwnEndpoint,
} from './change-endpoints.ts'
import {
  ENDPOINT,
  endpointAnswer,
  endpointAnswerOf,
  endpointBody,
  endpointChange,
  endpointsAnswer,
  REQUESTED,
  removedAnswer,
  requestAnswer,
  requestAnswerOf,
  secretAnswer,
  secretBody,
  testAnswer,
} from './endpoint-schemas.ts'

const scope = 'webhooks'
const query = z.strictObject({})
const params = z.strictObject({
  id: onTheWire(
    z
      .string()
      .regex(/^[1-9]\d{0,8}$/)
      .transform(Number)
      .describe("the endpoint's number"),
    { type: 'integer', minimum: 1 },
  ),
})

export const ENDPOINT_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'listWebhookEndpoints',
    method: 'GET',
    path: '/v1/webhook-endpoints',
    summary: 'List your endpoints, and what waits for an approval',
    scope,
    query,
    answers: {
      200: {
        description: 'Your endpoints',
        schema: endpointsAnswer,
        example: { endpoints: [ENDPOINT], requested: [] },
      },
    },
    problems: [],
    async handle(_input, { database, caller }) {
      const endpoints = await listOwnEndpoints(database, caller.partner)
      const requested = await listAskedEndpoints(database, caller.partner)
      const body = { endpoints: endpoints.map(endpointAnswerOf), requested: requested.map(requestAnswerOf) }
      return { status: 200, body }
    },
  }),
  route({
    name: 'addWebhookEndpoint',
    method: 'POST',
    path: '/v1/webhook-endpoints',
    summary: 'Ask for an endpoint, which an operator approves',
    description: `Once it is approved, \`GET /v1/webhook-endpoints\` lists it: have its secret made then, with \`overlap_hours\` 0. An
address that is not one of the public internet is refused.`,
    scope,
    query,
    body: endpointBody,
    bodyExamples: { endpoint: { url: 'https://acme.example/goldpro' } },
    answers: {
      202: {
        description: 'An operator decides',
        schema: requestAnswer,
        example: { ...REQUESTED, asked_at: null },
      },
    },
    problems: ['endpoint_state'],
    handle: ({ body }, call) => askForEndpoint(body, call),
  }),
  route({
    name: 'changeWebhookEndpoint',
    method: 'PATCH',
    path: '/v1/webhook-endpoints/{id}',
    summary: 'Pause or resume an endpoint, or ask for another URL',
    description: `A state changes at once. Another \`url\` or other \`kinds\` wait for an operator; until then the endpoint stays as it is. What
an operator has paused only an operator resumes.`,
    scope,
    params,
    query,
    body: endpointChange,
    bodyExamples: { pause: { state: 'paused' }, 'another URL': { url: 'https://acme.example/new' } },
    answers: {
      200: { description: 'The endpoint in its state', schema: endpointAnswer, example: ENDPOINT },
      202: {
        description: 'An operator decides',
        schema: requestAnswer,
        example: { ...REQUESTED, endpoint_id: 1, asked_at: null },
      },
    },
    problems: ['not_found', 'endpoint_state'],
    handle: ({ params: { id }, body }, call) => changeEndpoint(id, body, call),
  }),
  route({
    name: 'removeWebhookEndpoint',
    method: 'DELETE',
    path: '/v1/webhook-endpoints/{id}',
    summary: 'Remove an endpoint for good: pending deliveries are given up',
    scope,
    params,
    query,
    answers: {
      200: { description: 'It is removed', schema: removedAnswer, example: { id: 1, given_up: 0 } },
    },
    problems: ['not_found'],
    handle: ({ params: { id } }, call) => removeOwnEndpoint(id, call),
  }),
  route({
    name: 'rotateWebhookSecret',
    method: 'POST',
    path: '/v1/webhook-endpoints/{id}/secret',
    summary: 'Make a new secret, which is shown once',
    scope,
    params,
    query,
    body: secretBody,
    bodyExamples: { 'the first': { overlap_hours: 0 } },
    answers: {
      200: {
        description: 'The secret that signs from now on',
        schema: secretAnswer,
        example: { id: 1, secret: 'whsec_…', previous_until: null },
      },
    },
    problems: ['not_found'],
    handle: ({ params: { id }, body }, call) => rotateOwnSecret(id, body, call),
  }),
  route({
    name: 'testWebhookEndpoint',
    method: 'POST',
    path: '/v1/webhook-endpoints/{id}/test',
    summary: 'Send a webhook.test event now, once',
    scope,
    params,
    query,
    answers: {
      200: {
        description: 'What it came to',
        schema: testAnswer,
        example: { delivered: true, http_status: 204, trouble: null, duration_ms: 118 },
      },
    },
    problems: ['not_found'],
    handle: ({ params: { id } }, call) => testOwnEndpoint(id, call),
  }),
]
