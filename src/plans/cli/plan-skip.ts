import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { startOfDay } from '../../core/business-days.ts'
import { type Actor, sessionOf } from '../../operators/acting.ts'
import { databaseClock } from '../../postgres/clock.ts'
import { findPlan } from '../queries.ts'
import { skipPlanDay, unskipPlanDay } from '../skip-day.ts'
import { PLAN, required } from './plan-commands.ts'
import { nameOf } from './plan-show.ts'

interface SkipOptions extends Actor {
  readonly reason: string
}

const aDay = parsedBy((text) => (startOfDay(text) === null ? null : text), 'a day such as 2026-03-25')

const COMMANDS = [
  {
    name: 'skip',
    does: 'skip one date of a plan, before its run is started',
    done: 'is skipped',
    give: skipPlanDay,
    help: `
The date is one that \`goldpro plan show\` prints, or the one that the schedule names where a holiday moved it. All due times of
the date are skipped; they count towards --count, and stand in the history with the reason.`,
  },
  {
    name: 'unskip',
    does: 'make a skipped date of a plan due again, before it comes',
    done: 'is due again',
    give: unskipPlanDay,
    help: '',
  },
] as const

/** `goldpro plan skip` and `unskip` */
export function skipCommands(): Command[] {
  return COMMANDS.map(({ name, does, done, give, help }) =>
    new Command(name)
      .description(does)
      .argument('<plan>', PLAN)
      .argument('<date>', 'such as 2026-03-25', aDay)
      .requiredOption('--reason <text>', 'why; it stays in the history')
      .addOption(byOption('who decides'))
      .addHelpText(
        'after',
        `${help}\nExample:\n  $ goldpro plan ${name} savings 2026-03-25 --reason "asked for by phone"`,
      )
      .action(async (given: string, date: string, { reason, ...actor }: SkipOptions) => {
        if (!/[\p{L}\p{N}]/u.test(reason)) throw new Failure(2, '--reason must say why')
        const answer = await withSessionHere(await settingsHere(), async (session) => {
          const { planId } = required(await findPlan(session, given), given)
          const command = { who: 'person', by: actor.by, note: reason, clock: databaseClock } as const
          return await give(sessionOf(session, actor), planId, date, command)
        })
        if (answer.is === 'refused') throw new Failure(1, answer.message)
        console.log(`${answer.day} of plan ${answer.plan.planId} ${nameOf(answer.plan)} ${done}`)
      }),
  )
}
