import { ACCOUNT_ROUTES } from './pages/account-pages.ts'
import * as approvals from './pages/approval-actions.ts'
import { approvalsPage } from './pages/approvals.ts'
import { auditCsv, auditPage } from './pages/audit.ts'
import { batchPage } from './pages/batch.ts'
import * as batches from './pages/batch-actions.ts'
import { batchResultsCsv } from './pages/batch-results.ts'
import { uploadBatch } from './pages/batch-upload.ts'
import { batchesPage } from './pages/batches.ts'
import { breakPage } from './pages/break.ts'
import * as breaks from './pages/break-actions.ts'
import { breaksPage } from './pages/breaks.ts'
import { deliveriesPage } from './pages/deliveries.ts'
import { deliveryPage, replayEvent } from './pages/delivery.ts'
import * as endpoints from './pages/endpoint-actions.ts'
import { ENROLMENT_ROUTES } from './pages/enrolment-pages.ts'
import { mappingProposalPage } from './pages/mapping-proposal.ts'
import { orderPage } from './pages/order.ts'
import { approve, cancel, decline, hold, release, resolve, reveal } from './pages/order-actions.ts'
import { findOrder, ordersCsv, ordersPage } from './pages/orders.ts'
import { partnerPage } from './pages/partner.ts'
import * as partners from './pages/partner-actions.ts'
import { partnersPage } from './pages/partners.ts'
import { planPage } from './pages/plan.ts'
import * as plans from './pages/plan-actions.ts'
import { plansPage } from './pages/plans.ts'
import { reconciliationPage, statementPage } from './pages/reconciliation.ts'
import { release as releaseRestored } from './pages/recovery-actions.ts'
import { reportCsv, reportPage } from './pages/report.ts'
import { SIGN_IN_ROUTES } from './pages/sign-in-pages.ts'
import { importUpload, previewUpload, run } from './pages/statement-upload.ts'
import * as switches from './pages/switches.ts'
import { todayPage } from './pages/today.ts'
import { walletsPage } from './pages/wallets.ts'
import {
  ADMINISTRATES,
  APPROVES,
  type Call,
  type ConsoleRoute,
  MAKES_SAFER,
  PROPOSES,
  READS,
} from './route.ts'

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
  ...ACCOUNT_ROUTES,
  ...ENROLMENT_ROUTES,
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
  get('/breaks', (call) => breaksPage(call)),
  post('/breaks/propose', PROPOSES, breaks.proposeAll),
  get('/breaks/:id', (call) => breakPage(call)),
  post('/breaks/:id/assign', MAKES_SAFER, breaks.assign),
  post('/breaks/:id/note', MAKES_SAFER, breaks.note),
  post('/breaks/:id/propose', PROPOSES, breaks.propose),
  post('/breaks/:id/approve', APPROVES, breaks.approve),
  post('/breaks/:id/reject', MAKES_SAFER, breaks.reject),
  get('/reconciliation', (call) => reconciliationPage(call)),
  { ...post('/reconciliation/preview', PROPOSES, previewUpload), takesFile: true },
  post('/reconciliation/import', PROPOSES, importUpload),
  post('/reconciliation/run', PROPOSES, run),
  get('/reconciliation/proposal', mappingProposalPage),
  get('/reconciliation/report', reportPage),
  get('/reconciliation/report.csv', reportCsv),
  get('/reconciliation/statements/:id', statementPage),
  get('/approvals', (call) => approvalsPage(call)),
  post('/approvals/requests/:id/approve', ['checker', 'admin'], approvals.approveRequest),
  post('/approvals/requests/:id/decline', MAKES_SAFER, approvals.declineRequest),
  post('/approvals/proposals/:id/approve', APPROVES, approvals.approveProposal),
  post('/approvals/proposals/:id/decline', MAKES_SAFER, approvals.declineProposal),
  post('/approvals/groups/:id/approve', APPROVES, approvals.approveGroup),
  post('/approvals/groups/:id/decline', MAKES_SAFER, approvals.declineGroup),
  get('/batches', (call) => batchesPage(call)),
  { ...post('/batches/upload', PROPOSES, uploadBatch), takesFile: true },
  get('/batches/:id', (call) => batchPage(call)),
  get('/batches/:id/results.csv', batchResultsCsv),
  post('/batches/:id/approve', APPROVES, batches.approve),
  post('/batches/:id/run', PROPOSES, batches.run),
  post('/batches/:id/pause', MAKES_SAFER, batches.pause),
  post('/batches/:id/resume', PROPOSES, batches.resume),
  post('/batches/:id/cancel', MAKES_SAFER, batches.cancel),
  get('/plans', plansPage),
  get('/plans/:id', (call) => planPage(call)),
  post('/plans/:id/pause', MAKES_SAFER, plans.pause),
  post('/plans/:id/resume', PROPOSES, plans.resume),
  post('/plans/:id/skip', MAKES_SAFER, plans.skip),
  post('/plans/:id/unskip', PROPOSES, plans.unskip),
  get('/partners', partnersPage),
  get('/partners/:name', (call) => partnerPage(call)),
  post('/partners/:name/suspend', MAKES_SAFER, partners.suspend),
  post('/partners/:name/resume', ADMINISTRATES, partners.resume),
  get('/partners/:name/wallets', (call) => walletsPage(call)),
  post('/partners/:name/wallets/link', PROPOSES, partners.link),
  post('/partners/:name/wallets/unlink', MAKES_SAFER, partners.unlink),
  get('/partners/:name/deliveries', deliveriesPage),
  post('/partners/:name/endpoints/:id/pause', MAKES_SAFER, endpoints.pause),
  post('/partners/:name/endpoints/:id/resume', ADMINISTRATES, endpoints.resume),
  post('/partners/:name/endpoints/:id/replay', PROPOSES, endpoints.replay),
  get('/deliveries/:id', (call) => deliveryPage(call)),
  post('/deliveries/:id/replay', PROPOSES, replayEvent),
  get('/switches', (call) => switches.switchesPage(call)),
  post('/switches/close', MAKES_SAFER, switches.close),
  post('/switches/open', PROPOSES, switches.open),
  post('/switches/release', PROPOSES, releaseRestored),
  get('/audit', auditPage),
  get('/audit.csv', auditCsv),
]
