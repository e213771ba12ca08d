import { BATCH_ROUTES } from '../batches/http/batch-routes.ts'
import { memoizeLast } from '../core/cache.ts'
import { docsPage } from '../http/docs/page.ts'
import { openapiOf } from '../http/openapi.ts'
import type { AnyRoute } from '../http/route.ts'
import { systemRoutes } from '../http/system-routes.ts'
import { CHECK_ROUTES } from '../orders/http/check-routes.ts'
import { ORDER_ROUTES } from '../orders/http/order-routes.ts'
import { QUOTE_ROUTES } from '../orders/http/quote-routes.ts'
import type { OrderState } from '../orders/lifecycle.ts'
import { WALLET_ROUTES } from '../partners/http/wallet-routes.ts'
import { PLAN_COMMAND_ROUTES } from '../plans/http/plan-command-routes.ts'
import { PLAN_ROUTES } from '../plans/http/plan-routes.ts'
import { PRICE_ROUTES } from '../prices/http.ts'
import { SETTLEMENT_ROUTES } from '../reconciliation/http/settlement-routes.ts'
import { STATEMENT_ROUTES } from '../reconciliation/http/statement-routes.ts'
import { DELIVERY_ROUTES } from '../webhooks/http/delivery-routes.ts'
import { ENDPOINT_ROUTES } from '../webhooks/http/endpoint-routes.ts'
import { EVENT_ROUTES } from '../webhooks/http/event-routes.ts'
import { WEBHOOKS } from '../webhooks/http/webhook-messages.ts'

/** What each group of routes is about, in the order people read them. */
const TAGS = {
  orders: 'Place orders, and follow them',
  quotes: 'Prices now, without an order',
  events: 'Everything that webhooks tell of your orders, to be read',
  batches: 'Files of orders, which one holder of a key sends and another approves',
  plans: 'Orders and batches that come again and again',
  wallets: 'Your customers’ accounts at the gateway',
  regions: 'Collection points',
  prices: 'Captured prices per gram',
  webhooks: 'What is sent to your URL, signed as Standard Webhooks say',
  settlements: 'What was executed on a day, to reconcile with us',
  statements: 'What the gateway executed, sent by operators and not by partners',
  'webhook-endpoints': 'Where your events are sent; an operator approves each URL',
  'webhook-deliveries': 'What was sent to your endpoints, and what they answered',
  service: 'The server itself',
}

/** What each state of an order means for its partner. */
const STATES: Readonly<Record<OrderState, string>> = {
  accepted: 'It is stored and will be executed. It can still be cancelled.',
  confirming: 'A confirm is being sent. Wait.',
  succeeded: 'Final. It was executed: `executed` says how.',
  rejected: 'Final. It was refused, and nothing was executed: `reason` says why.',
  expired: 'Final. Its deadline passed before any confirm, and nothing was executed.',
  cancelled: 'Final. It was cancelled before any confirm, and nothing was executed.',
  in_doubt: 'Not known yet: do not place it again. Evidence ends the doubt.',
  held: 'An operator holds it back. Nothing is in flight.',
}

/** Every route of partners and of the server itself, in the order people read them. */
export const ROUTES: readonly AnyRoute[] = [
  ...ORDER_ROUTES,
  ...CHECK_ROUTES,
  ...QUOTE_ROUTES,
  ...EVENT_ROUTES,
  ...BATCH_ROUTES,
  ...PLAN_ROUTES,
  ...PLAN_COMMAND_ROUTES,
  ...WALLET_ROUTES,
  ...PRICE_ROUTES,
  ...SETTLEMENT_ROUTES,
  ...ENDPOINT_ROUTES,
  ...DELIVERY_ROUTES,
  ...systemRoutes({
    openapi: memoizeLast(openapi),
    page: memoizeLast((version: string) => docsPage(ALL_ROUTES, { ...factsOf(version), states: STATES })),
  }),
]

/** The routes of operators, whom a token of their own proves. */
export const OPERATOR_ROUTES: readonly AnyRoute[] = STATEMENT_ROUTES

/** Every route of the API. */
export const ALL_ROUTES: readonly AnyRoute[] = [...ROUTES, ...OPERATOR_ROUTES]

/** The OpenAPI document of the API. */
export function openapi(version: string) {
  return openapiOf(ALL_ROUTES, factsOf(version))
}

const factsOf = (version: string) => ({ version, tags: TAGS, webhooks: WEBHOOKS })
