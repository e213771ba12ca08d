// See USAGE.
import { randomBytes } from 'node:crypto'
import { runDrill } from './drill.mjs'
import { createDatabase, freePort, goldproBy, startSandbox } from './programs.mjs'
import { startReceiver } from './webhook-receiver.mjs'

const USAGE = `Usage: DATABASE_URL=postgres://… node deploy/drills/rotate-keys.mjs --database NAME [options]

Rotates a partner's key, a webhook's secret, an operator's token and the console's secret in a new, empty database while
orders come over HTTP, and proves that nothing is lost while two keys are valid, and that the old one ends. No gateway and
no partner is called: a sandbox and a receiver on this machine stand in for them.

DATABASE_URL is any database of the server, as a role that may create a database. psql must be on the PATH.

  --database NAME    the name of the new database, which is dropped at the end
  --orders N         orders of each of the four phases (10)`

const newSecret = () => randomBytes(32).toString('base64')
const tokenIn = (printed) => /gpo_\S{20,}/.exec(printed)?.[0] ?? ''

/** The commands of one person, in a new installation. */
async function install(goldpro, databaseUrl, consoleSecret) {
  const base = { DATABASE_URL: databaseUrl, ONE_PERSON: 'true', WEBHOOK_ALLOW_LOOPBACK: 'true' }
  await goldpro.run(['migrate'], { ...base, CONSOLE_SECRET: consoleSecret })
  const roles = ['--roles', 'admin', 'maker', 'checker']
  let token = tokenIn(await goldpro.run(['operator', 'bootstrap', 'drill', ...roles], base))
  const by = (given) => ({ ...base, GOLDPRO_OPERATOR_TOKEN: given })
  return {
    command: async (...args) => await goldpro.run(args, by(token)),
    json: async (...args) => JSON.parse(await goldpro.run([...args, '--json'], by(token))),
    isProvenBy: async (given) => (await goldpro.run(['whoami'], by(given), { mayFail: true })).code === 0,
    token: () => token,
    useToken: (given) => {
      token = given
    },
  }
}

/** Places orders over HTTP, each of a wallet of its own. */
function partnersProgram(url) {
  let placed = 0
  return {
    placed: () => placed,
    /** @returns the statuses of the answers */
    async place(keys, count) {
      const statuses = []
      for (let n = 0; n < count; n += 1) {
        const number = String(placed).padStart(8, '0')
        const order = {
          kind: 'buy',
          reference: `R-${number}`,
          phone_number: `0815${number}`,
          gold_weight: '0.1',
        }
        const { status } = await fetch(`${url}/v1/orders`, {
          method: 'POST',
          headers: { authorization: `Bearer ${keys[n % keys.length]}`, 'content-type': 'application/json' },
          body: JSON.stringify(order),
        })
        if (status === 202) placed += 1
        statuses.push(status)
      }
      return statuses
    },
  }
}

const areAll = (statuses, status) => statuses.every((each) => each === status)

async function rotatePartnersKey({ person, partner, count, key }, stage) {
  stage.step('a partner’s key: goldpro partner rotate-key, with an overlap')
  const rotated = await person.json('partner', 'rotate-key', 'drill', '--overlap-minutes', '60')
  stage.prove(
    'while two keys of a partner are valid, orders by either are accepted',
    areAll(await partner.place([key.key, rotated.key], count), 202),
  )
  await person.command('partner', 'revoke', 'drill', '--key', `gp_${key.prefix}`)
  stage.prove(
    'once the old key is revoked it is refused with 401, and the new one is accepted',
    areAll(await partner.place([key.key], 1), 401) && areAll(await partner.place([rotated.key], 1), 202),
  )
  return rotated.key
}

async function rotateWebhooksSecret({ person, partner, receiver, count, key, first }, stage) {
  const arrived = (what) => stage.until(what, async () => receiver.succeeded().length === partner.placed())
  await arrived('every order has its webhook')
  stage.prove(
    'every webhook of the time before is signed by the first secret',
    receiver.succeeded().every((message) => receiver.isSignedBy(message, first)),
  )
  stage.step('a webhook’s secret: goldpro webhook rotate-secret, with an overlap, then without')
  const { secret: second } = await person.json('webhook', 'rotate-secret', '1', '--overlap-hours', '1')
  await partner.place([key], count)
  await arrived('every order of the overlap has its webhook')
  const during = receiver.succeeded().slice(-count)
  stage.prove(
    'during the overlap every webhook is signed by both secrets: a receiver may change to the new one at any time',
    during.every((message) => receiver.isSignedBy(message, first) && receiver.isSignedBy(message, second)),
  )
  const { secret: third } = await person.json('webhook', 'rotate-secret', '1', '--overlap-hours', '0')
  await partner.place([key], count)
  await arrived('every order has its webhook')
  const after = receiver.succeeded().slice(-count)
  stage.prove(
    'after a rotation without overlap webhooks are signed by the new secret alone',
    after.every((message) => receiver.isSignedBy(message, third) && !receiver.isSignedBy(message, second)),
  )
}

async function rotateOperatorsToken({ person }, stage) {
  stage.step('an operator’s token: goldpro operator rotate; the old one ends at once')
  const old = person.token()
  person.useToken(tokenIn(await person.command('operator', 'rotate', '--note', 'drill')))
  stage.prove(
    'the new token of an operator proves who it is, and the old one nothing',
    (await person.isProvenBy(person.token())) && !(await person.isProvenBy(old)),
  )
}

async function rotateConsolesSecret({ goldpro, databaseUrl, secret }, stage) {
  stage.step('the console’s secret: goldpro migrate with another one; there is one at a time')
  const other = newSecret()
  const port = String(await freePort())
  const env = (given) => ({ DATABASE_URL: databaseUrl, CONSOLE_SECRET: given, CONSOLE_PORT: port })
  await goldpro.run(['migrate'], { DATABASE_URL: databaseUrl, CONSOLE_SECRET: other })
  const started = await goldpro.start(['console'], env(other), 'console started')
  await started.stop()
  const refused = await goldpro.run(['console'], env(secret), { mayFail: true })
  stage.say(refused.err)
  stage.prove(
    'a console with the new secret starts, and one with the old secret refuses and says what to do',
    refused.code === 1 && refused.err.includes('CONSOLE_SECRET'),
  )
}

await runDrill(
  {
    usage: USAGE,
    options: {
      database: { type: 'string', isRequired: true },
      orders: { type: 'string', default: '10' },
    },
  },
  async ({ database, orders, goldpro: commandLine }, stage) => {
    const count = Number(orders)
    const goldpro = goldproBy(commandLine, stage)
    const databaseUrl = await createDatabase(process.env.DATABASE_URL, database, stage)
    const secret = newSecret()
    stage.step('an installation with a partner, its endpoint for webhooks, web, worker and scheduler')
    const person = await install(goldpro, databaseUrl, secret)
    const sandbox = await startSandbox(goldpro, stage)
    const shared = { DATABASE_URL: databaseUrl, GATEWAY_URL: sandbox.url, WALLET_POLICY: 'open' }
    const port = String(await freePort())
    const receiver = await startReceiver(stage)
    await goldpro.start(['worker'], shared, 'worker started')
    await goldpro.start(['web'], { ...shared, HTTP_PORT: port, HTTP_METRICS_PORT: '0' }, 'web started')
    await goldpro.start(['scheduler'], { ...shared, WEBHOOK_ALLOW_LOOPBACK: 'true' }, 'scheduler started')
    const key = await person.json('partner', 'add', 'drill')
    await person.command('webhook', 'add', 'drill', receiver.url, '--note', 'drill')
    await person.command('approvals', 'approve', '1', '--note', 'drill')
    const { secret: first } = await person.json('webhook', 'rotate-secret', '1', '--overlap-hours', '0')

    const partner = partnersProgram(`http://127.0.0.1:${port}`)
    stage.prove('orders by the first key are accepted', areAll(await partner.place([key.key], count), 202))
    const given = { goldpro, databaseUrl, secret, person, partner, receiver, count, first }
    const newKey = await rotatePartnersKey({ ...given, key }, stage)
    await rotateWebhooksSecret({ ...given, key: newKey }, stage)
    await rotateOperatorsToken(given, stage)
    await rotateConsolesSecret(given, stage)
    const executed = (await sandbox.ledger()).length
    stage.prove(
      `nothing is lost: ${partner.placed()} orders were accepted, each was executed once and told once`,
      executed === partner.placed() && receiver.succeeded().length === executed,
    )
    stage.say(
      'Not part of this drill: the gateway’s credentials, and passwords of Postgres and Redis (docs/runbook.md)',
    )
  },
)
