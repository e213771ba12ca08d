// A real web process, composed as the program composes it, which kills itself once an order or a plan is committed.
import { startWeb } from '../../dist/processes/web.js'

const { databaseUrl, isMortal } = JSON.parse(process.argv[2])
const DEADLY = ['submit_orders', 'insert_plan']
const log = { debug() {}, info() {}, warn() {}, error() {} }

const web = await startWeb({
  databaseUrl,
  redisUrl: null,
  gateway: null,
  host: '127.0.0.1',
  port: 0,
  metricsPort: null,
  version: '0.0.0',
  log,
  aroundDatabase: (database) => {
    const dieAfter = async (result) => {
      if (!isMortal) return result
      process.kill(process.pid, 'SIGKILL')
      return await new Promise(() => {})
    }
    return {
      ...database,
      async run(statement, values) {
        const rows = await database.run(statement, values)
        return DEADLY.includes(statement.name) ? await dieAfter(rows) : rows
      },
      async transaction(work) {
        return await dieAfter(await database.transaction(work))
      },
    }
  },
})
process.send(web.url)
// Ends with the test, however that ends.
process.on('disconnect', () => process.exit())
