import { orderPage } from './pages/order.ts'
import { approve, cancel, decline, hold, release, resolve, reveal } from './pages/order-actions.ts'
import { findOrder, ordersCsv, ordersPage } from './pages/orders.ts'
import { SIGN_IN_ROUTES } from './pages/sign-in-pages.ts'
import { todayPage } from './pages/today.ts'
import { APPROVES, type Call, type ConsoleRoute, MAKES_SAFER, PROPOSES, READS } from './route.ts'

const get = (path: string, handle: ConsoleRoute['handle']): ConsoleRoute => ({
  method: 'GET',
  path,
  roles: READS,
  handle,
})
const post = (path: string, roles: ConsoleRoute['roles'], handle: ConsoleRoute['handle']): ConsoleRoute => ({
  method: 'POST',
  path,
  roles,
  handle,
})

/** Every page and command of the console, with the roles that may. */
export const ROUTES: readonly ConsoleRoute[] = [
  ...SIGN_IN_ROUTES,
  get('/', todayPage),
  get('/search', findOrder),
  get('/orders', ordersPage),
  get('/orders.csv', ordersCsv),
  get('/orders/:id', (call: Call) => orderPage(call)),
  post('/orders/:id/cancel', MAKES_SAFER, cancel),
  post('/orders/:id/hold', MAKES_SAFER, hold),
  post('/orders/:id/release', PROPOSES, release),
  post('/orders/:id/resolve', PROPOSES, resolve),
  post('/orders/:id/approve', APPROVES, approve),
  post('/orders/:id/decline', MAKES_SAFER, decline),
  post('/orders/:id/phone-number', MAKES_SAFER, reveal),
]
