import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { jsonLinesOf, printRows, type RowFormat, rowFormatOptions } from '../../cli/rows.ts'
import { shownText, shownTextOrNull } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { shownUrl } from '../endpoint-url.ts'
import { type Endpoint, listEndpoints } from '../endpoints.ts'
import { ENDPOINT_KINDS } from '../enums.ts'
import { partnerName } from './webhook-arguments.ts'

/** `goldpro webhook list` */
export function listCommand(): Command {
  const command = new Command('list')
    .description('list endpoints and how many deliveries are pending for each')
    .addHelpText('after', '\nExample:\n  $ goldpro webhook list --partner acme')
    .option('--partner <partner>', 'only those of this partner', partnerName)
    .option('--removed', 'also list removed endpoints')
  return rowFormatOptions(command).action(
    async ({ partner, removed, ...format }: { partner?: string; removed?: true } & RowFormat) => {
      const endpoints = await withDatabase(await settingsHere(), (database) =>
        listEndpoints(database, { partner: partner ?? null, removedToo: removed === true }),
      )
      printRows(format, {
        jsonLines: () => jsonLinesOf(endpoints.map(asJson)),
        text: () => (endpoints.length === 0 ? 'no endpoints' : asTable(endpoints)),
      })
    },
  )
}

const asJson = (endpoint: Endpoint) => ({
  ...endpoint,
  url: shownText(shownUrl(endpoint.url)),
  note: shownTextOrNull(endpoint.note),
})

function asTable(endpoints: readonly Endpoint[]): string {
  const rows = endpoints.map((endpoint) => [
    String(endpoint.id),
    endpoint.partner,
    shownText(shownUrl(endpoint.url)),
    stateOf(endpoint),
    endpoint.pending,
    endpoint.givenUp,
    shownTime(endpoint.deliveredAt),
    endpoint.kinds.length === ENDPOINT_KINDS.length ? 'all' : endpoint.kinds.join(' '),
  ])
  const headings = ['id', 'partner', 'url', 'state', 'waiting', 'given up', 'last delivered', 'kinds']
  return table(headings, rows, ['id', 'waiting', 'given up'])
}

/** An endpoint's state with reason and time, in capitals where an operator has to act. */
function stateOf(endpoint: Endpoint): string {
  const { state, note, stateSince, failingSince, previousUntil } = endpoint
  switch (state) {
    case 'active': {
      const failing = failingSince === null ? '' : `, failing since ${shownTime(failingSince)}`
      const rotating =
        previousUntil !== null && previousUntil > new Date()
          ? `, two secrets until ${shownTime(previousUntil)}`
          : ''
      return `active${failing}${rotating}`
    }
    case 'paused':
      return `PAUSED ${shownTime(stateSince)}: ${whyPaused(endpoint)}`
    case 'removed':
      return `removed ${shownTime(stateSince)}: ${shownText(note ?? '')}`
  }
}

function whyPaused({ pausedBecause, note, failingSince }: Endpoint): string {
  switch (pausedBecause) {
    case 'failing':
      return `failing since ${shownTime(failingSince)}`
    case 'gone':
      return 'it answered 410 Gone'
    case 'person':
    case null:
      return shownText(note ?? '')
  }
}
