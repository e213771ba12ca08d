// A real sender in a process of its own. Settings come as JSON: databaseUrl, leaseMs.
import { startWebhookSender } from '../../dist/webhooks/start-sender.js'

const { databaseUrl, leaseMs } = JSON.parse(process.argv[2])
startWebhookSender({
  databaseUrl,
  leaseMs,
  allowLoopback: true,
  log: { debug() {}, info() {}, warn() {}, error() {} },
  pace: { lookEveryMs: 50, lanesPerEndpoint: 4, lanes: 64 },
})
process.send('started')
// Ends with the test, however that ends.
process.on('disconnect', () => process.exit())
