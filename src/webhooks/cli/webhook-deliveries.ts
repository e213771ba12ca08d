import { Command, Option } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { type PageOptions, pageOptions, printPage } from '../../cli/page.ts'
import type { RowFormat } from '../../cli/rows.ts'
import { shownTextOrNull } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { CLOCKS } from '../../core/clocks.ts'
import { createLog } from '../../observability/log.ts'
import { type Actor, databaseOf } from '../../operators/acting.ts'
import type { Database } from '../../postgres/pool.ts'
import { claimTest } from '../claim-test.ts'
import { deliver } from '../deliver.ts'
import { DELIVERY_STATES, type DeliveryState } from '../enums.ts'
import {
  countDeliveries,
  type DeliveryFilter,
  type DeliverySummary,
  listDeliveries,
  listTries,
  type TrySummary,
} from '../read-deliveries.ts'
import { recordTry } from '../record-try.ts'
import { type Replay, replayDeliveries } from '../replay-deliveries.ts'
import { LEASE_MS, openPost } from '../start-sender.ts'
import { endpointId, requireEndpoint } from './webhook-arguments.ts'

const eventId = parsedBy(
  (text) => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text : null),
  'an event’s id, as `goldpro webhook deliveries` shows it',
)
const time = parsedBy(
  (text) => (/^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? validTime(text) : null),
  'a UTC day such as 2026-02-09, or a time such as 2026-02-09T08:00:00Z',
)

function validTime(text: string): Date | null {
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? null : at
}

interface ListOptions extends PageOptions, RowFormat {
  readonly endpoint?: number
  readonly event?: string
  readonly state?: DeliveryState
  readonly partner?: string
}

/** `goldpro webhook deliveries` */
export function deliveriesCommand(): Command {
  const command = new Command('deliveries')
    .description('list the newest deliveries with their last try, or every try of one event')
    .option('--endpoint <id>', 'only to this endpoint', endpointId)
    .option('--event <id>', 'every try of this event', eventId)
    .addOption(new Option('--state <state>', 'only those in this state').choices(DELIVERY_STATES))
    .option('--partner <partner>', 'only of this partner')
  return pageOptions(command)
    .addHelpText('after', '\nExample:\n  $ goldpro webhook deliveries --state given_up')
    .action(async ({ endpoint, event, state, partner, limit, skip, ...format }: ListOptions) => {
      const settings = await settingsHere()
      const filter = {
        endpointId: endpoint ?? null,
        state: state ?? null,
        partner: partner ?? null,
        limit,
        skip,
      }
      const lines = await withDatabase(settings, async (database) =>
        event === undefined
          ? { ...(await pageOfDeliveries(database, filter)), show: deliveriesTable }
          : { ...allOf(await listTries(database, event)), show: triesTable },
      )
      const shown = lines.rows.map((row) => ({ ...row, reply: shownTextOrNull(row.reply) }))
      printPage({
        listed: shown.length,
        total: lines.total,
        format,
        ...(event === undefined ? { limit, skip } : { limit: lines.total, skip: 0 }),
        jsonLines: () => shown.map((row) => JSON.stringify(row)),
        table: () => (lines.show as (rows: readonly object[]) => string)(shown),
        whenEmpty: 'no such deliveries',
      })
    })
}

const resultOf = ({ httpStatus, trouble }: { httpStatus: number | null; trouble: string | null }) =>
  trouble ?? (httpStatus === null ? '' : String(httpStatus))
const cut = (reply: string | null) => (reply ?? '').slice(0, 60)

async function pageOfDeliveries(database: Database, filter: DeliveryFilter) {
  return { rows: await listDeliveries(database, filter), total: await countDeliveries(database, filter) }
}

const allOf = (rows: readonly TrySummary[]) => ({ rows, total: rows.length })

function aboutWhat({ partner, reference, batchId }: DeliverySummary): string {
  if (reference !== null) return `${partner}/${reference}`
  return batchId === null ? '' : `batch ${batchId}`
}

function deliveriesTable(rows: readonly DeliverySummary[]): string {
  const headings = [
    ...['at', 'event', 'kind', 'about', 'seq', 'endpoint', 'state', 'tries'],
    ...['last', 'ms', 'next', 'reply'],
  ]
  const cells = rows.map((row) => [
    ...[shownTime(row.at), row.eventId, row.kind],
    ...[aboutWhat(row), String(row.sequence ?? '')],
    ...[String(row.endpointId), row.state, row.tries, resultOf(row), row.durationMs ?? ''],
    ...[shownTime(row.nextAt), cut(row.reply)],
  ])
  return table(headings, cells, ['seq', 'endpoint', 'tries', 'ms'])
}

function triesTable(rows: readonly TrySummary[]): string {
  const cells = rows.map((row) => [
    ...[String(row.endpointId), String(row.try), shownTime(row.at), resultOf(row), row.durationMs],
    cut(row.reply),
  ])
  return table(['endpoint', 'try', 'at', 'came to', 'ms', 'reply'], cells, ['endpoint', 'try', 'ms'])
}

interface ReplayOptions extends Actor {
  readonly endpoint?: number
  readonly givenUp?: true
  readonly since?: Date
}

/** `goldpro webhook replay` */
export function replayCommand(): Command {
  return new Command('replay')
    .description('make ended deliveries due again under their ids; `goldpro scheduler` sends them')
    .argument('[event]', 'one event, to all its endpoints', eventId)
    .option('--endpoint <id>', 'deliveries to this endpoint; with --given-up or --since', endpointId)
    .option('--given-up', 'all deliveries that were given up')
    .option('--since <time>', 'all deliveries of events since then, including delivered ones', time)
    .addOption(byOption('who decides'))
    .addHelpText(
      'after',
      `
Example:
  $ goldpro webhook replay 0a5c7a3e-5a3c-4f6e-9d0e-0d9b6a1f2c3d
  $ goldpro webhook replay --endpoint 1 --given-up
  $ goldpro webhook replay --endpoint 1 --since 2026-02-09T08:00:00Z`,
    )
    .action(async (event: string | undefined, options: ReplayOptions) => {
      const replay = replayFrom(event, options)
      const count = await withDatabase(await settingsHere(), (database) =>
        replayDeliveries(databaseOf(database, options), replay),
      )
      if (count === 0)
        throw new Failure(
          1,
          'nothing to send again: no delivery of that kind has ended at an endpoint that was not removed',
        )
      console.log(`${count} to be sent again by \`goldpro scheduler\``)
    })
}

function replayFrom(event: string | undefined, { endpoint, givenUp, since }: ReplayOptions): Replay {
  const choices = [event !== undefined, givenUp === true, since !== undefined].filter((chosen) => chosen)
  if (choices.length === 1) {
    if (event !== undefined && endpoint === undefined) return { of: 'event', eventId: event }
    if (givenUp && endpoint !== undefined) return { of: 'given_up', endpointId: endpoint }
    if (since !== undefined && endpoint !== undefined) return { of: 'since', endpointId: endpoint, since }
  }
  throw new Failure(2, 'name one event, or --endpoint with --given-up or --since')
}

/** `goldpro webhook test` */
export function testCommand(): Command {
  return new Command('test')
    .description('send a webhook.test event now, once, and print the result')
    .argument('<id>', 'as `list` shows it', endpointId)
    .addHelpText('after', '\nExample:\n  $ goldpro webhook test 1')
    .action(async (id: number) => {
      const settings = await settingsHere()
      const result = await withDatabase(settings, async (database) => {
        const claim = requireEndpoint(id, await claimTest(database, id, LEASE_MS))
        return await deliver(claim, {
          post: openPost(settings.webhookAllowLoopback),
          record: (...recorded) => recordTry(database, ...recorded),
          monotonicMs: CLOCKS.monotonicMs,
          random: Math.random,
          log: createLog('silent'),
        })
      })
      const answer = `${resultOf(result)} after ${result.durationMs} ms`
      if (result.following.is !== 'delivered')
        throw new Failure(1, `not delivered: ${answer}${result.reply ? `: ${cut(result.reply)}` : ''}`)
      console.log(`delivered: ${answer}`)
    })
}
