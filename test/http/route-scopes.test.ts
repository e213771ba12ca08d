import { expect, it } from 'vitest'
import { ROUTES } from '../../src/processes/routes.ts'

/** What a partner's key must be allowed for each route that changes something. A route of another scope is a decision. */
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  'orders:write': ['placeOrder', 'takeQuote', 'checkOrder', 'cancelOrder', 'registerWallet'],
  'batches:write': [
    ...['checkBatch', 'createBatch', 'runBatch', 'pauseBatch', 'resumeBatch', 'retryBatch', 'cancelBatch'],
    ...['addPlan', 'pausePlan', 'resumePlan', 'removePlan', 'runPlanNow'],
  ],
  // By another holder than the one who created it.
  approve: ['approveBatch'],
  // An operator approves where events are sent.
  webhooks: [
    ...['addWebhookEndpoint', 'changeWebhookEndpoint', 'removeWebhookEndpoint', 'rotateWebhookSecret'],
    ...['testWebhookEndpoint', 'redeliverWebhook'],
  ],
}

it('every route that changes something takes a key of the scope that was decided', () => {
  const changing = ROUTES.filter(({ method }) => method !== 'GET')
  const decided = Object.entries(SCOPES).flatMap(([scope, names]) => names.map((name) => [name, scope]))
  expect(Object.fromEntries(changing.map(({ name, scope }) => [name, scope]))).toEqual(
    Object.fromEntries(decided),
  )
})
