import { BATCH_ROUTES } from '../batches/http/batch-routes.ts'
import { memoizeLast } from '../core/cache.ts'
import { docsPage } from '../http/docs-page.ts'
import { openapiOf } from '../http/openapi.ts'
import type { AnyRoute } from '../http/route.ts'
import { systemRoutes } from '../http/system-routes.ts'
import { ORDER_ROUTES } from '../orders/http/order-routes.ts'
import { WALLET_ROUTES } from '../partners/http/wallet-routes.ts'
import { PLAN_COMMAND_ROUTES } from '../plans/http/plan-command-routes.ts'
import { PLAN_ROUTES } from '../plans/http/plan-routes.ts'
import { PRICE_ROUTES } from '../prices/http.ts'

/** Every route of the API, in the order people read them. */
export const ROUTES: readonly AnyRoute[] = [
  ...ORDER_ROUTES,
  ...BATCH_ROUTES,
  ...PLAN_ROUTES,
  ...PLAN_COMMAND_ROUTES,
  ...WALLET_ROUTES,
  ...PRICE_ROUTES,
  ...systemRoutes({
    openapi: memoizeLast((version: string) => openapiOf(ROUTES, version)),
    page: memoizeLast((version: string) => docsPage(ROUTES, version)),
  }),
]
