import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy, periodOption } from '../../cli/options.ts'
import type { Period } from '../../core/business-days.ts'
import { formatCount } from '../../core/format.ts'
import { type GoldWeight, parseGrams, parseRupiah, type Rupiah } from '../../core/money.ts'
import { sessionOf } from '../../operators/acting.ts'
import type { DistrustedStatement } from '../doubts.ts'
import { STAY_REASONS } from '../enums.ts'
import { RUN_STEPS, type RunResult, reconcile } from '../run.ts'
import { statementsSpan } from '../scope.ts'

interface Options {
  readonly period?: Period
  readonly dryRun?: true
  readonly lagMinutes?: number
  readonly toleranceAmount: Rupiah
  readonly toleranceFee: Rupiah
  readonly toleranceWeight: GoldWeight
  readonly by: string
  readonly json?: true
}

/** `goldpro recon run` */
export function runCommand(): Command {
  return new Command('run')
    .description('match statements with orders, settle doubts by evidence, and update breaks')
    .option(
      '--period <days>',
      '2026-02-09, or 2026-02-01..2026-02-28; default: the whole period of all statements',
      periodOption,
    )
    .option('--dry-run', 'print what it would do, and store nothing')
    .option(
      '--lag-minutes <minutes>',
      'instead of RECON_LAG_MINUTES; with fewer, no order counts as not executed until two people approve the lag: see `goldpro recon lag`',
      minutes,
    )
    .option('--tolerance-amount <rupiah>', 'the most by which amounts may differ', rupiah, 0 as Rupiah)
    .option('--tolerance-fee <rupiah>', 'the most by which fees may differ', rupiah, 0 as Rupiah)
    .option('--tolerance-weight <grams>', 'the most by which weights may differ', grams, 0 as GoldWeight)
    .addOption(byOption('who runs it'))
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
It can be repeated at any time: a second run finds nothing new. It looks at all open breaks and doubts again, of every
period. A dry run takes no number, an interrupted run does: numbers of runs may be missing. docs/reconciliation.md has
the rules.

Example:
  $ goldpro recon run --period 2026-02-09 --dry-run`,
    )
    .action(run)
}

async function run(options: Options): Promise<void> {
  const settings = await settingsHere()
  const { toleranceAmount: amount, toleranceFee: fee, toleranceWeight: goldWeight } = options
  const lagMs = options.lagMinutes === undefined ? settings.reconLagMs : options.lagMinutes * 60_000
  const result = await withSessionHere(settings, async (session) => {
    const period = options.period ?? (await statementsSpan(session))
    if (period === null)
      throw new Failure(1, 'there is no statement yet: import one with `goldpro recon import FILE`')
    return await reconcile(
      sessionOf(session, options),
      {
        period,
        settings: { lagMs, configuredLagMs: settings.reconLagMs, tolerance: { amount, fee, goldWeight } },
        actor: `person:${options.by}`,
        scheduledFor: null,
      },
      { dryRun: options.dryRun === true, onStep: printStep },
    )
  })
  console.log(
    options.json ? JSON.stringify(result.counts) : printRun(result, options.dryRun === true).join('\n'),
  )
}

/** Shows the progress of a run, on a terminal only. */
export function printStep(step: (typeof RUN_STEPS)[number]): void {
  if (process.stderr.isTTY) console.error(`[${RUN_STEPS.indexOf(step) + 1}/${RUN_STEPS.length}] ${step} …`)
}

/** Prints the counts of a run for people. */
export function printRun({ runId, counts }: RunResult, dryRun: boolean): string[] {
  const { matched, settled, stayInDoubt, opened } = counts
  return [
    dryRun ? 'dry run: nothing was stored' : `run ${runId}`,
    `  new matches     ${listed(matched)}`,
    `  unmatched lines ${formatCount(counts.unmatchedLines)}`,
    `  doubts settled  ${formatCount(settled.succeeded)} succeeded, ${formatCount(settled.rejected)} rejected as not executed`,
    `  still in doubt  ${listed(stayInDoubt)}`,
    ...counts.distrusted.map(printDistrusted),
    `  breaks          opened ${listed(opened)}; ${formatCount(counts.reopened)} reopened, ${formatCount(counts.explained)} explained; ${formatCount(counts.openBreaks)} open`,
    ...(counts.openBreaks > 0 ? ['see `goldpro recon report` and `goldpro recon breaks list`'] : []),
  ]
}

function printDistrusted({ statementId, because, lacking, shiftMinutes }: DistrustedStatement): string {
  const whys = because.map((reason) => {
    if (reason === 'statement_lacks_ours') return `it lacks ${lacking} of our executed transactions`
    if (reason === 'times_shifted') return `its matched lines are all ${(shiftMinutes ?? 0) / 60} hours off`
    return STAY_REASONS[reason]
  })
  return `  statement ${statementId} cannot prove that an order was not executed: ${whys.join('; ')}`
}

function listed(counts: Readonly<Record<string, number | undefined>>): string {
  const entries = Object.entries(counts)
  return entries.length === 0
    ? 'none'
    : entries.map(([name, count]) => `${formatCount(count ?? 0)} ${name}`).join(', ')
}

const rupiah = parsedBy(parseRupiah, 'whole rupiah such as 100')
const grams = parsedBy(parseGrams, 'grams such as 0.0001')
const minutes = parsedBy(
  (text) => (/^\d{1,5}$/.test(text) ? Number(text) : null),
  'whole minutes from 0 to 99999',
)
