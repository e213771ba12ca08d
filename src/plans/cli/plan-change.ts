import { Command, Option } from 'commander'
import { proposed } from '../../approvals/cli/propose.ts'
import { batchNumber, failuresOption, rateOption } from '../../batches/cli/batch-commands.ts'
import type { RunSettings } from '../../batches/commands.ts'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { startOfDay } from '../../core/business-days.ts'
import type { Person } from '../../operators/person-commands.ts'
import { databaseClock } from '../../postgres/clock.ts'
import { WEEKENDS } from '../calendar.ts'
import { whyNotChanged } from '../change-checks.ts'
import { CHANGE_PLAN } from '../change-plan.ts'
import type { PlanChange } from '../change-terms.ts'
import type { Plan } from '../plan.ts'
import { findPlan } from '../queries.ts'
import { formatSpan } from '../terms.ts'
import { readOrder } from './plan-add.ts'
import { PLAN, required } from './plan-commands.ts'
import { given, type PlanRequestOptions, readPlanOptions } from './plan-request.ts'

interface ChangeOptions extends Person {
  readonly from: string
  readonly name?: string
  readonly order?: string
  readonly deadline?: string
  readonly batch?: number
  readonly rate?: number
  readonly stopAfterFailures?: RunSettings['stopAfter']
  readonly cron?: string
  readonly monthly?: string
  readonly weekend?: string
  readonly at?: string
  readonly count?: string
}

const aDay = parsedBy((text) => (startOfDay(text) === null ? null : text), 'a day such as 2026-04-01')

/** `goldpro plan change` */
export function changeCommand(): Command {
  return new Command('change')
    .description('propose another order or schedule of a plan from a day on; another person approves it')
    .argument('<plan>', PLAN)
    .requiredOption(
      '--from <day>',
      'the first day of the change, after today: the plan keeps its days before',
      aDay,
    )
    .option('--order <file>', 'what: the order as JSON, without reference and deadline; - for standard input')
    .option('--deadline <time>', 'how long after its start the order may be confirmed (default: 15m)')
    .option('--batch <number>', 'what: an approved batch, of which each run makes a copy', batchNumber)
    .option('--rate <n/s>', 'rows of a batch sent per second at most (default: 20/s)', rateOption)
    .option('--stop-after-failures <n|n%>', 'pause a copy after so many failures', failuresOption)
    .option('--cron <pattern>', "when: five cron fields, such as '0 9 25 * *'")
    .option('--monthly <day>', 'when: every month on this day, or on the last day where it has none')
    .addOption(new Option('--weekend <rule>', 'as in `goldpro plan add`').choices(WEEKENDS))
    .option('--at <time>', 'the time of a monthly day (default: 09:00)')
    .option('--count <count>', 'how often the plan that goes on is due')
    .option('--name <name>', 'of the plan that goes on (default: savings.2 after savings)')
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .addOption(byOption('who proposes it'))
    .addHelpText(
      'after',
      `
The plan ends before that day, and another goes on from it, each with a link to the other. A date is one plan's wherever
holidays move it, so each is placed once. What is not named stays: the order, the schedule, the zone, --to and the policies.

Examples:
  $ goldpro plan change savings --from 2027-04-01 --monthly 5 --weekend after --note "salary comes on the 1st" --by ani
  $ goldpro approvals approve 1 --note "asked the customer" --by budi`,
    )
    .action(change)
}

async function change(named: string, options: ChangeOptions): Promise<void> {
  const line = await withSessionHere(await settingsHere(), async (session) => {
    const plan = required(await findPlan(session, named), named)
    const wanted = await changeOf(plan, options)
    const reason = await whyNotChanged(session, plan, wanted, await databaseClock(session))
    if (reason !== null) throw new Failure(1, reason)
    return await proposed(session, CHANGE_PLAN, wanted, options)
  })
  console.log(line)
}

/** The change that the options say, read as every plan is read. */
async function changeOf(plan: Plan, options: ChangeOptions): Promise<PlanChange> {
  const { from, name = successorName(plan.name), order, batch, cron, monthly, weekend, at } = options
  const hasSchedule = cron !== undefined || monthly !== undefined
  if (!hasSchedule && (weekend !== undefined || at !== undefined))
    throw new Failure(2, '--weekend and --at go with --monthly')
  const { overlap, missed, timeZone: zone } = plan
  const { deadline, rate, stopAfterFailures, count } = options
  const hasSource = order !== undefined || batch !== undefined
  const request = readPlanOptions(
    name,
    given({
      ...(hasSource ? { order, batch, deadline, rate, stopAfterFailures } : { order: 'as it was', deadline }),
      ...(hasSchedule ? { cron, monthly, weekend, at } : { cron: '0 0 1 1 *' }),
      ...{ zone, count, missed, overlap, maxAge: formatSpan(plan.maxAgeMinutes) },
    }) as PlanRequestOptions,
  )
  if (deadline !== undefined && order === undefined) throw new Failure(2, '--deadline goes with --order')
  const { terms } = request
  const isOrder = request.is === 'order' && hasSource
  return {
    ...{ planId: plan.planId, name: terms.name, fromDay: from, maxCount: terms.maxCount },
    schedule: hasSchedule ? terms.schedule : null,
    order: isOrder ? await orderOf(String(request.order), request.deadlineMinutes) : null,
    batch: request.is === 'batch' ? pick(request) : null,
  }
}

async function orderOf(file: string, deadlineMinutes: number | null): Promise<PlanChange['order']> {
  const { partner, source } = await readOrder(file)
  return { partner, source, deadlineMinutes }
}

const pick = ({ batchId, ratePerSecond, stopAfter }: NonNullable<PlanChange['batch']>) => ({
  ...{ batchId, ratePerSecond, stopAfter },
})

/** `savings.2` after `savings`, `savings.3` after that. */
function successorName(name: string): string {
  const [, base = name, number = '1'] = /^(.*?)(?:\.(\d{1,4}))?$/.exec(name) ?? []
  return `${base}.${Number(number) + 1}`
}
