// The real API in a process of its own.
import { startWeb } from '../../dist/processes/web.js'
import { serveMeasured } from './serve-measured.mjs'

const { databaseUrl } = JSON.parse(process.argv[2])
const log = { debug() {}, info() {}, warn() {}, error: console.error }
const web = await startWeb({
  databaseUrl,
  redisUrl: null,
  gateway: null,
  host: '127.0.0.1',
  port: 0,
  metricsPort: null,
  maxConcurrent: 10_000,
  version: 'bench',
  log,
})
serveMeasured(web.url)
