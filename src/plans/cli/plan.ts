import { Command, Option } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { type PageOptions, pageOptions, printPage } from '../../cli/page.ts'
import { printRows, type RowFormat, rowFormatOptions } from '../../cli/rows.ts'
import { table } from '../../cli/table.ts'
import { maskPhoneNumber, maskPhoneNumbersIn } from '../../core/masking.ts'
import { readPlanDays } from '../coming.ts'
import { PLAN_STATES, type PlanState } from '../lifecycle.ts'
import { countRuns, findPlan, listPlans, type PlanSummary, readPlanEvents, readRuns } from '../queries.ts'
import { describeSchedule } from '../schedule.ts'
import { listSkips } from '../skips.ts'
import type { PlanSource } from '../source.ts'
import { findLinkedPlans } from '../store.ts'
import { addCommand } from './plan-add.ts'
import { changeCommand } from './plan-change.ts'
import { PLAN, planCommands, required, runNowCommand } from './plan-commands.ts'
import { shownDueTime } from './plan-options.ts'
import { nameOf, planAsJson, printEvents, printPlan, runTable } from './plan-show.ts'
import { printLinks, printSkips, shownSkip } from './plan-show-days.ts'
import { skipCommands } from './plan-skip.ts'

/** `goldpro plan …` */
export function planCommand(): Command {
  const command = new Command('plan')
    .description('recurring orders: add, list, pause, resume and remove plans')
    .addHelpText('after', HELP)
  const commands = [
    addCommand(),
    listCommand(),
    showCommand(),
    ...planCommands(),
    runNowCommand(),
    ...skipCommands(),
    changeCommand(),
    historyCommand(),
  ]
  for (const each of commands) command.addCommand(each)
  return command
}

const HELP = `
From an order to its runs:
  $ echo '{"kind":"buy","partner":"acme","phone_number":"081234500001","amount":100000}' > savings.json
  $ goldpro plan add savings --order savings.json --cron '* * * * *'
  $ goldpro plan history savings
  $ goldpro plan remove savings
Runs are started by \`goldpro scheduler\`, of which at least one must run; \`goldpro up\` has one.
A file of orders is a batch first: \`goldpro batch --help\`.`

const example = (rest: string) => `\nExample:\n  $ goldpro plan ${rest}`

function listCommand(): Command {
  const command = new Command('list')
    .description('list the plans that are active or paused, phone numbers masked')
    .addOption(new Option('--state <state>', 'those in this state, or all').choices([...PLAN_STATES, 'all']))
    .addHelpText('after', example('list --state all'))
  return rowFormatOptions(command).action(
    async ({ state, ...format }: { state?: PlanState | 'all' } & RowFormat) => {
      const { plans, days } = await withDatabase(await settingsHere(), async (database) => {
        const plans = await listPlans(database, state ?? null)
        return { plans, days: await readPlanDays(database, plans) }
      })
      printRows(format, {
        jsonLines: () => plans.map((plan) => planAsJson(plan, 1, days)),
        text: () =>
          plans.length === 0
            ? 'no such plans: `goldpro plan add --help` tells how to add one'
            : asTable(plans),
      })
    },
  )
}

function asTable(plans: readonly PlanSummary[]): string {
  const headings = [
    'plan',
    'name',
    'partner',
    'kind',
    'wallet',
    'state',
    'due',
    'next',
    'under way',
    'finished',
    'skipped',
  ]
  const rows = plans.map((plan) => [
    ...[String(plan.planId), nameOf(plan), plan.partner ?? '–', ...sourceCells(plan.source)],
    ...[plan.state, describeSchedule(plan.schedule)],
    plan.state === 'active' && plan.nextDueAt !== null ? shownDueTime(plan.nextDueAt) : '–',
    ...[plan.started + plan.planned, plan.finished, plan.skipped],
  ])
  return table(headings, rows, ['plan', 'under way', 'finished', 'skipped'])
}

function sourceCells(source: PlanSource): string[] {
  return source.is === 'batch'
    ? [`batch ${source.batch_id}`, '–']
    : [source.kind, maskPhoneNumber(source.phone_number)]
}

function showCommand(): Command {
  return new Command('show')
    .description('show what a plan does, when it is due next, and who changed it')
    .argument('<plan>', PLAN)
    .option('--json', 'print it as JSON')
    .addHelpText('after', example('show savings'))
    .action(async (given: string, { json }: { json?: true }) => {
      const printed = await withDatabase(await settingsHere(), async (database) => {
        const plan = required(await findPlan(database, given), given)
        const events = (await readPlanEvents(database, plan.planId)).map(({ note, ...event }) => ({
          ...event,
          note: note === null ? null : maskPhoneNumbersIn(note),
        }))
        const { planId, replaces } = plan
        const days = await readPlanDays(database, [plan])
        const linked = await findLinkedPlans(database, { planId, replaces })
        const skips = await listSkips(database, { planId })
        if (json) return planAsJson(plan, 5, days, { events, linked, skips: skips.map(shownSkip) })
        const counts = `  so far    ${plan.planned} planned, ${plan.started} under way, ${plan.finished} finished, ${plan.skipped} skipped`
        return [
          printPlan(plan, 5, days),
          ...printLinks(plan, linked),
          counts,
          '',
          ...printEvents(events),
          ...printSkips(skips),
        ].join('\n')
      })
      console.log(printed)
    })
}

function historyCommand(): Command {
  const command = new Command('history')
    .description("list a plan's due times and what became of them, the newest first")
    .argument('<plan>', PLAN)
  return pageOptions(command)
    .addHelpText('after', example('history savings --limit 12'))
    .action(async (given: string, { limit, skip, ...format }: PageOptions & RowFormat) => {
      const { runs, total } = await withDatabase(await settingsHere(), async (database) => {
        const { planId } = required(await findPlan(database, given), given)
        return {
          runs: await readRuns(database, planId, { limit, skip }),
          total: await countRuns(database, planId),
        }
      })
      printPage({
        listed: runs.length,
        total,
        limit,
        skip,
        format,
        jsonLines: () => runs.map((run) => JSON.stringify(run)),
        table: () => runTable(runs),
        whenEmpty: 'it was not due yet',
      })
    })
}
