// See USAGE.
import { runDrill } from './drill.mjs'
import { ask, createDatabase, goldproBy, startSandbox } from './programs.mjs'

const USAGE = `Usage: DATABASE_URL=postgres://… node deploy/drills/roll-back.mjs --database NAME --old COMMAND --new COMMAND [options]

Rolls a release out and back again in a new, empty database, while orders come: the old release works on its own tables,
then on those of the new release beside its processes, then alone again. No gateway is called: a sandbox stands in for it.

DATABASE_URL is any database of the server, as a role that may create a database. psql must be on the PATH.

  --database NAME    the name of the new database, which is dropped at the end
  --old COMMAND      how the release that runs now is started: 'node /opt/goldpro-1.0.0/dist/main.js'
  --new COMMAND      how the release that is rolled out is started
  --orders N         orders of each of the three phases (30)`

const walletOf = (n) => `0815${String(n).padStart(8, '0')}`

/** Orders of one phase. Each has a wallet of its own, so the ledger counts it. */
const ordersOf = (phase, count) =>
  Array.from({ length: count }, (_, n) => ({
    kind: 'buy',
    partner: 'drill',
    reference: `${phase}-${n}`,
    phone_number: walletOf(phase * count + n),
    gold_weight: '0.1',
  }))

/** A new database of the old release, whose first operator may place orders. @returns the settings of its processes */
async function install(old, databaseUrl) {
  const env = { DATABASE_URL: databaseUrl }
  await old.run(['migrate'], env)
  const printed = await old.run(['operator', 'bootstrap', 'drill', '--roles', 'admin', 'maker'], env)
  return { ...env, GOLDPRO_OPERATOR_TOKEN: /gpo_\S+/.exec(printed)?.[0] ?? '' }
}

const migrationsOf = async (url) =>
  (await ask(url, 'SELECT hash FROM drizzle.__drizzle_migrations ORDER BY id')).flat()

/** @returns the new release's worker, once the old one has ended */
async function rollOut({ old, next, url, each, ofWorker, place, executed }, stage) {
  const before = await migrationsOf(url)
  stage.step('the old release works on its own tables')
  const oldWorker = await old.start(['worker'], ofWorker, 'worker started')
  await place(0)
  stage.step(
    'roll out: the new release migrates while the old one works; its worker starts beside the old one',
  )
  stage.say(await next.run(['migrate'], { DATABASE_URL: url }))
  stage.say(`migrations that the new release has added: ${(await migrationsOf(url)).length - before.length}`)
  const newWorker = await next.start(['worker'], ofWorker, 'worker started')
  await place(1)
  await executed(2 * each)
  await oldWorker.stop()
  return newWorker
}

async function rollBack({ old, url, each, ofWorker, place, executed }, newWorker, stage) {
  const after = await migrationsOf(url)
  stage.step('roll back: a worker of the old release starts on the new tables, and the new one is stopped')
  const startedAgain = await old.start(['worker'], ofWorker, 'worker started')
  await newWorker.stop()
  await place(2)
  await executed(3 * each)
  const doctor = await old.run(['doctor'], ofWorker, { mayFail: true })
  stage.say(doctor.out.split('\n').find((line) => line.includes('migrations')) ?? '')
  stage.prove(
    'the old release starts on the tables of the new one, and its doctor finds its migrations',
    /ok +migrations/.test(doctor.out),
  )
  await old.run(['migrate'], { DATABASE_URL: url })
  stage.prove(
    'goldpro migrate of the old release changes nothing in the migrations of the new one',
    JSON.stringify(await migrationsOf(url)) === JSON.stringify(after),
  )
  await startedAgain.stop()
}

await runDrill(
  {
    usage: USAGE,
    options: {
      database: { type: 'string', isRequired: true },
      old: { type: 'string', isRequired: true },
      new: { type: 'string', isRequired: true },
      orders: { type: 'string', default: '30' },
    },
  },
  async (values, stage) => {
    const [old, next] = [goldproBy(values.old, stage), goldproBy(values.new, stage)]
    const url = await createDatabase(process.env.DATABASE_URL, values.database, stage)
    const env = await install(old, url)
    const sandbox = await startSandbox(old, stage)
    const each = Number(values.orders)
    const given = {
      ...{ old, next, url, each },
      ofWorker: { DATABASE_URL: url, GATEWAY_URL: sandbox.url, WALLET_POLICY: 'open' },
      async place(phase) {
        const lines = ordersOf(phase, each).map((order) => JSON.stringify(order))
        await old.run(['enqueue', '-'], env, { input: lines.join('\n') })
      },
      executed: (count) =>
        stage.until(`${count} orders have succeeded`, async () => {
          const [[done]] = await ask(url, `SELECT count(*) FROM orders WHERE state = 'succeeded'`)
          return Number(done) === count
        }),
    }
    await rollBack(given, await rollOut(given, stage), stage)

    const wallets = (await sandbox.ledger()).map(({ phoneNumber }) => phoneNumber)
    stage.prove(
      `all ${3 * each} orders succeeded, and the ledger has each of them once`,
      wallets.length === 3 * each && new Set(wallets).size === wallets.length,
    )
    stage.say(
      'What a person does: start the old release, stop the new one, and leave the tables as they are (docs/runbook.md)',
    )
  },
)
