// The real worker in a process of its own. Reports the CPU it used when it is told to stop.

import { CLOCKS } from '../dist/core/clocks.js'
import { createGatewayClient } from '../dist/gateway/client.js'
import { startWorker } from '../dist/processes/worker.js'

const { databaseUrl, redisUrl, gatewayUrl, concurrency } = JSON.parse(process.argv[2])
const log = { debug() {}, info() {}, warn() {}, error: console.error }
const settings = {
  baseUrl: gatewayUrl,
  timeoutMs: 15_000,
  sellPath: '/checkout/sell',
  is429Refusal: false,
  oauth: null,
  signing: null,
}
const gateway = createGatewayClient(settings, { ...CLOCKS, log })
const worker = startWorker({
  databaseUrl,
  redisUrl,
  gateway,
  callTimeoutMs: settings.timeoutMs,
  concurrency,
  ratePerSecond: null,
  maxRequotes: 5,
  quoteMaxAgeMs: 60_000,
  name: 'bench',
  log,
})
let cpuBefore = process.cpuUsage()
process.on('message', async (message) => {
  if (message === 'measure') cpuBefore = process.cpuUsage()
  if (message !== 'stop') return
  const cpu = process.cpuUsage(cpuBefore)
  process.send({ cpuMicros: cpu.user + cpu.system })
  await worker.stop()
  gateway.close()
  process.disconnect()
})
