/**
 * Tests that cost more than half of all: real processes that are killed or served, browsers, generated clients, many seeds,
 * and every reply, route or command in turn. `npm test` leaves them to `npm run test:long`, so that it takes three minutes;
 * whoever touches what they hold runs them, and so does a release.
 */
export const LONG_TESTS = [
  // Processes that are killed, frozen, or lose their servers.
  'test/crash/**',
  'test/switches/workers.test.ts',
  'test/observability/traced-process.test.ts',
  // Whole programs, as people start them.
  'test/processes/demo-and-up.test.ts',
  'test/processes/up-ledger.test.ts',
  'test/processes/start.test.ts',
  'test/processes/web-command.test.ts',
  'test/processes/metrics.test.ts',
  'test/dev/embedded-postgres/postgres.test.ts',
  'test/dev/embedded-postgres/accounts.test.ts',
  'test/examples/**',
  'test/release/production-tree.test.ts',
  'test/clients/**',
  'test/bench/**',
  'test/console/browser.test.ts',
  'test/risk/watch.test.ts',
  // Many seeds, and products of everything with everything.
  'test/seeded/**',
  'test/e2e/**',
  'test/reconciliation/seeds.test.ts',
  'test/reconciliation/true-statements.test.ts',
  'test/reconciliation/perturbed.test.ts',
  'test/queue/order-worker.test.ts',
  'test/reconciliation/people-postgres.test.ts',
  'test/reconciliation/people-races.test.ts',
  'test/reconciliation/cli/recon-breaks.test.ts',
  'test/reconciliation/cli/recon-import.test.ts',
  'test/webhooks/delivery.test.ts',
  'test/plans/http/plans.test.ts',
  'test/plans/run-due.test.ts',
  'test/http/route-problems.test.ts',
  'test/http/isolation.test.ts',
  'test/http/promises.test.ts',
  'test/http/uploads.test.ts',
  'test/postgres/grants.test.ts',
  'test/plans/cli/plan.test.ts',
  'test/orders/cli/orders.test.ts',
  'test/batches/cli/batch.test.ts',
  'test/webhooks/cli/webhook.test.ts',
  'test/gateway/transport-tls.test.ts',
]
