import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { forEach, ONE_LINE_EACH } from '../../cli/each.ts'
import { Failure } from '../../cli/failure.ts'
import { openQueueClient } from '../../cli/queue-client.ts'
import { newOrderId } from '../../core/new-id.ts'
import { createLog } from '../../observability/log.ts'
import { type Actor, sessionOf } from '../../operators/acting.ts'
import { databaseClock } from '../../postgres/clock.ts'
import type { Session } from '../../postgres/session.ts'
import { type CommandContext, type PlanAnswer, pausePlan, removePlan, resumePlan } from '../commands.ts'
import { planDueTimes } from '../plan-due-times.ts'
import { findPlan, type PlanSummary, readRun } from '../queries.ts'
import { startDueRuns } from '../run-due.ts'
import { runPlanNow } from '../run-now.ts'
import { shownDueTime } from './plan-options.ts'
import { nameOf, printRun } from './plan-show.ts'

/** How a plan is named. */
export const PLAN = "its number or its name; a partner's: partner/name"

interface PlanCommand {
  readonly name: string
  readonly does: string
  readonly done: string
  readonly run: (session: Session, planId: number, context: CommandContext) => Promise<PlanAnswer>
}

const COMMANDS: readonly PlanCommand[] = [
  {
    name: 'pause',
    does: 'pause a plan: it has no due times until it is resumed',
    done: 'paused',
    run: pausePlan,
  },
  {
    name: 'resume',
    does: 'resume a paused plan with its next due time',
    done: 'active again',
    run: resumePlan,
  },
  {
    name: 'remove',
    does: 'remove a plan for good: orders it started go on, its history stays',
    done: 'removed',
    run: removePlan,
  },
]

interface CommandOptions extends Actor {
  readonly note?: string
}

const commandContextOf = ({ by, note }: CommandOptions): CommandContext => ({
  who: 'person',
  by,
  note: note ?? null,
  clock: databaseClock,
})

function baseCommand(name: string, does: string): Command {
  return new Command(name)
    .description(does)
    .argument('<plan>', PLAN)
    .addOption(byOption('who decides'))
    .addHelpText('after', `\nExample:\n  $ goldpro plan ${name} savings`)
}

/** `goldpro plan pause|resume|remove` */
export function planCommands(): Command[] {
  return COMMANDS.map(createCommand)
}

function createCommand({ name, does, done, run }: PlanCommand): Command {
  return new Command(name)
    .description(`${does}, or several`)
    .argument('<plan...>', PLAN)
    .option('--note <text>', 'why; stored with the plan')
    .addOption(byOption('who decides'))
    .addHelpText('after', `\n${ONE_LINE_EACH}\n\nExample:\n  $ goldpro plan ${name} savings`)
    .action(async (given: readonly string[], options: CommandOptions) => {
      const settings = await settingsHere()
      await forEach([...new Set(given)], async (name) => {
        const plan = await withSessionHere(settings, async (session) => {
          const { planId } = required(await findPlan(session, name), name)
          return orRefuse(await run(sessionOf(session, options), planId, commandContextOf(options))).plan
        })
        console.log(`plan ${plan.planId} ${nameOf(plan)} is ${done}`)
        if (plan.state === 'active' && plan.nextDueAt !== null)
          console.log(`next due ${shownDueTime(plan.nextDueAt)}`)
      })
    })
}

/** `goldpro plan run-now` */
export function runNowCommand(): Command {
  return baseCommand('run-now', 'make a plan due now, beside its schedule').action(
    async (given: string, options: CommandOptions) => {
      const settings = await settingsHere()
      const queueClient = await openQueueClient(settings)
      const printed = await withSessionHere(settings, async (opened) => {
        const session = sessionOf(opened, options)
        const { planId, partner } = required(await findPlan(session, given), given)
        const deps = {
          actor: `person:${options.by}`,
          clock: databaseClock,
          log: createLog(settings.logLevel),
          newId: newOrderId,
          wake: queueClient.wake,
        }
        try {
          const { dueAt } = orRefuse(await runPlanNow(session, planId, commandContextOf(options)))
          // As a scheduler does. If one runs at the same time, Postgres lets only one of them start it.
          await planDueTimes(session, { ...deps, planId })
          await startDueRuns(session, planId, deps)
          return printRun(partner, await readRun(session, planId, dueAt))
        } finally {
          await queueClient.close()
        }
      })
      console.log(printed)
    },
  )
}

/** The plan that was named. */
export function required(plan: PlanSummary | null, given: string): PlanSummary {
  if (plan !== null) return plan
  throw new Failure(1, `there is no plan ${given}: see \`goldpro plan list --state all\``)
}

function orRefuse<T>(answer: PlanAnswer<T>): Extract<PlanAnswer<T>, { is: 'done' }> {
  if (answer.is === 'refused') throw new Failure(1, answer.message)
  return answer
}
