import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { Command, Option } from 'commander'
import { batchNumber, failuresOption, rateOption } from '../../batches/cli/batch-commands.ts'
import { findForeignWallets } from '../../batches/foreign-wallets.ts'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { describeProblems } from '../../core/field-problems.ts'
import { formatCount } from '../../core/format.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import { readStrictJson } from '../../core/strict-json.ts'
import { type Actor, sessionOf } from '../../operators/acting.ts'
import { InvalidOrderError } from '../../orders/submission.ts'
import { databaseClock } from '../../postgres/clock.ts'
import type { Session } from '../../postgres/session.ts'
import { isOrderPermitted } from '../../wallets/permitted.ts'
import { addBatchPlan } from '../batch-source.ts'
import { WEEKENDS } from '../calendar.ts'
import { type PlanDays, readPlanDays } from '../coming.ts'
import { addPlan, type CommandContext, type PlanAnswer } from '../commands.ts'
import { MISSED_POLICIES, OVERLAP_POLICIES } from '../lifecycle.ts'
import { type ParsedOrder, parseOrderSource } from '../order-source.ts'
import type { Plan } from '../plan.ts'
import type { PlanRequest } from '../read-terms.ts'
import { type PlanRequestOptions, readPlanOptions } from './plan-request.ts'
import { planAsJson, printPlan } from './plan-show.ts'

interface AddOptions extends PlanRequestOptions, Actor {
  readonly note?: string
  readonly json?: true
}

/** `goldpro plan add` */
export function addCommand(): Command {
  return new Command('add')
    .description('add a recurring order, and show when it is due next')
    .argument('<name>', 'what to call it; free again once the plan is removed or has ended')
    .option('--order <file>', 'what: the order as JSON, without reference and deadline; - for standard input')
    .option('--batch <number>', 'what: an approved batch, of which each run makes a copy', batchNumber)
    .option('--rate <n/s>', 'rows of a batch sent per second at most (default: 20/s)', rateOption)
    .option(
      '--stop-after-failures <n|n%>',
      'pause a copy after so many rows, or so many of all its rows, failed or are in doubt',
      failuresOption,
    )
    .option('--cron <pattern>', "when: five cron fields, such as '0 9 25 * *'")
    .option('--monthly <day>', 'when: every month on this day, or on the last day where it has none')
    .addOption(
      new Option(
        '--weekend <rule>',
        'a monthly day on a Saturday, a Sunday or a holiday: keep it, or take the business day before or after (default: keep)',
      ).choices(WEEKENDS),
    )
    .option('--at <time>', 'the time of a monthly day (default: 09:00)')
    .option('--zone <zone>', 'the time zone of all these', 'Asia/Jakarta')
    .option('--from <day>', 'not due before it: a day, or a time such as 2026-03-01T09:00')
    .option('--to <day>', 'not due after it: a day to its end, or up to a time')
    .option('--count <count>', 'due so many times in all, skipped ones included')
    .addOption(
      new Option(
        '--missed <policy>',
        'what was due while no scheduler ran: skip it, run it once, or run all of it',
      )
        .choices(MISSED_POLICIES)
        .default('run_once'),
    )
    .option('--max-age <time>', 'give up what could not be started for so long', '1d')
    .addOption(
      new Option(
        '--overlap <policy>',
        'what is due while the run before is under way: skip it, let it wait, or allow it beside',
      )
        .choices(OVERLAP_POLICIES)
        .default('skip'),
    )
    .option('--deadline <time>', 'how long after its start an order may be confirmed (default: 15m)')
    .option('--note <text>', 'why; stored with the plan')
    .addOption(byOption('who adds it'))
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action(async (name: string, options: AddOptions) => {
      const { plan, days, warning } = await add(name, options)
      console.log(options.json ? planAsJson(plan, 5, days) : `added\n${printPlan(plan, 5, days)}`)
      if (warning !== null) console.error(warning)
    })
}

const HELP = `
The order is a job of docs/jobs.md plus its "kind"; each run gives it a reference of its own, such as
plan-12-2026-02-25T09:00+07:00. A plan runs while a \`goldpro scheduler\` runs. docs/plans.md says what the rules mean.

A batch is created and approved by another person first, and is this plan's from then on. Its rows' references get the due
time: PAY-1@2026-02-25T09:00+07:00.

Examples:
  $ echo '{"kind":"buy","partner":"acme","phone_number":"081234500001","amount":100000}' > savings.json
  $ goldpro plan add savings --order savings.json --monthly 25 --weekend before --at 09:00
  $ goldpro plan add payday --order savings.json --cron '0 9 25 * *' --to 2027-12-31
  $ goldpro plan add try-it --order savings.json --cron '* * * * *' --count 3
  $ goldpro plan add payroll --batch 1 --monthly 25 --rate 50/s --stop-after-failures 5%`

async function add(
  name: string,
  options: AddOptions,
): Promise<{ readonly plan: Plan; readonly days: PlanDays; readonly warning: string | null }> {
  const request = readPlanOptions(name, options)
  const { by, note = null } = options
  const command: CommandContext = { who: 'person', by, note, clock: databaseClock }
  const add = await adding(request, command)
  return await withSessionHere(await settingsHere(), async (session) => {
    const answer = await add(sessionOf(session, options))
    if (answer.is === 'refused') throw new Failure(1, answer.message)
    const { plan } = answer
    const days = await readPlanDays(session, [plan])
    return { plan, days, warning: await foreignWalletsOf(session, plan) }
  })
}

/** Says which wallets of the plan would be refused under the policy if it ran now; null when none. */
async function foreignWalletsOf(session: Session, { partner, source }: Plan): Promise<string | null> {
  if (source.is === 'batch') {
    const { badRows } = await findForeignWallets(session, source.batch_id, 1)
    return badRows === 0
      ? null
      : `${formatCount(badRows)} rows of batch ${source.batch_id} are not their partners' wallets and would end as refused: \`goldpro batch preview ${source.batch_id}\` names them`
  }
  const { phone_number: phoneNumber } = source
  if (partner === null || (await isOrderPermitted(session, { phoneNumber, partner }))) return null
  return `${maskPhoneNumber(phoneNumber)} is not a wallet of ${partner}: its runs are skipped as wallet_refused until \`goldpro wallet link\` links it`
}

/** The work that adds the plan. The order is read before a session is opened. */
async function adding(
  request: PlanRequest,
  command: CommandContext,
): Promise<(session: Session) => Promise<PlanAnswer>> {
  const terms = { ...request.terms, owner: null }
  if (request.is === 'batch') return (session) => addBatchPlan(session, terms, request, command)
  const { deadlineMinutes } = request
  const { partner, source } = await readOrder(String(request.order))
  const plan = { ...terms, partner, source, deadlineMinutes }
  return (session) => session.transaction((runner) => addPlan(runner, plan, command))
}

/** Reads the order of a plan from a file. */
export async function readOrder(file: string): Promise<ParsedOrder> {
  const text = await readText(file)
  const json = readStrictJson(text)
  if (json.is === 'not_json')
    throw new Failure(
      1,
      `${file} is not one JSON object: write the order as docs/jobs.md has it, plus its "kind"`,
    )
  if (json.is === 'refused') throw new Failure(1, `the order is refused: ${describeProblems(json.problems)}`)
  try {
    return parseOrderSource(json.value)
  } catch (error) {
    if (error instanceof InvalidOrderError) throw new Failure(1, `the order is refused: ${error.message}`)
    throw error
  }
}

async function readText(file: string): Promise<string> {
  if (file === '-') return await readAll(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw new Failure(2, `cannot read ${file}: name a file with one JSON object, or - for standard input`)
  }
}
