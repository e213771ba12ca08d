// What a restored database must do before anybody has looked at it: send nothing. The same for each way of restoring.
import { ask, startSandbox } from './programs.mjs'

/** Of a wallet only the first order comes as far as the switch, and none while another one of it is not settled. */
const WAITING = `
  SELECT EXISTS (SELECT FROM switch_closings WHERE closed_by = 'recovery' AND opened_at IS NULL)
    AND NOT EXISTS (SELECT FROM orders o WHERE o.state = 'accepted' AND NOT EXISTS (
      SELECT FROM orders w WHERE w.phone_number = o.phone_number AND (w.state IN ('confirming', 'in_doubt', 'held')
        OR EXISTS (SELECT FROM switch_waits s WHERE s.order_id = w.id AND s.ended_at IS NULL))))`

const count = async (databaseUrl, text) =>
  Number((await ask(databaseUrl, `SELECT count(*) FROM ${text}`))[0][0])

/**
 * Starts a worker on a restored copy, with a sandbox gateway and the queue in the copy, and recovers it.
 * @throws DrillFailed where a confirm leaves the worker, or an accepted order is not held
 */
export async function proveNothingLeaves(copyUrl, { goldpro, stage }) {
  const [alive] = await ask(copyUrl, 'SELECT alive_at FROM database_identity')
  stage.prove('the backup knows which database it is of: a worker had run on it', alive !== undefined)
  const attempts = await count(copyUrl, 'attempts')
  const [[newest]] = await ask(copyUrl, `SELECT coalesce(max(accepted_at), '-infinity') FROM orders`)
  // Jobs that the queue had in the backup may become orders meanwhile.
  const inBackup = (condition) => count(copyUrl, `orders WHERE accepted_at <= '${newest}' AND ${condition}`)
  const accepted = await inBackup(`state = 'accepted'`)
  stage.say(`last sign of life in it: ${alive[0]}; accepted orders: ${accepted}, attempts: ${attempts}`)

  stage.step('start a worker on the copy: it must find out that this is another database')
  const sandbox = await startSandbox(goldpro, stage)
  // Without REDIS_URL: a worker on a copy must never take jobs of the live queue.
  const worker = await goldpro.start(
    ['worker'],
    { DATABASE_URL: copyUrl, GATEWAY_URL: sandbox.url },
    'worker started',
  )
  await stage.until(
    'everything is closed by recovery, and the accepted orders wait behind it',
    async () => (await ask(copyUrl, WAITING))[0][0] === 't',
  )
  stage.say('everything is closed by recovery, and the accepted orders wait behind it')

  stage.step('goldpro recover orders')
  const { GOLDPRO_OPERATOR_TOKEN = '' } = process.env
  const person = { DATABASE_URL: copyUrl, GOLDPRO_OPERATOR_TOKEN }
  stage.say(await goldpro.run(['recover', 'orders', '--note', 'drill on a copy'], person))
  stage.say(await goldpro.run(['recover', 'list'], person))
  await worker.stop()

  const held = await inBackup(`state = 'held' AND reason = 'restored'`)
  stage.prove(
    `no confirm left the worker on the copy, neither before nor after goldpro recover orders`,
    (await sandbox.confirms()).length === 0 && (await count(copyUrl, 'attempts')) === attempts,
  )
  stage.prove(
    `each of the ${accepted} accepted orders is held until statements have shown what was executed since`,
    held === accepted && (await inBackup(`state = 'accepted'`)) === 0,
  )
  stage.say(
    'Not part of this drill: import the statements, let another person approve, goldpro recover release (docs/runbook.md)',
  )
}
