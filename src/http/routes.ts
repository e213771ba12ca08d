import { BATCH_ROUTES } from './batch-routes.ts'
import { docsPage } from './docs-page.ts'
import { openapiOf } from './openapi.ts'
import { ORDER_ROUTES } from './order-routes.ts'
import type { AnyRoute } from './route.ts'
import { systemRoutes } from './system-routes.ts'
import { WALLET_ROUTES } from './wallet-routes.ts'

/** Every route of the API, in the order people read them. */
export const ROUTES: readonly AnyRoute[] = [
  ...ORDER_ROUTES,
  ...BATCH_ROUTES,
  ...WALLET_ROUTES,
  ...systemRoutes({
    openapi: (version) => openapiOf(ROUTES, version),
    page: (version) => docsPage(ROUTES, version),
  }),
]
