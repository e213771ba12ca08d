import { Command } from 'commander'
import { proposed } from '../../approvals/cli/propose.ts'
import { settingsHere, withDatabase, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { forEach } from '../../cli/each.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy, severalOf } from '../../cli/options.ts'
import { shownTime } from '../../cli/shown-time.ts'
import type { Settings } from '../../config.ts'
import { type Actor, databaseOf } from '../../operators/acting.ts'
import type { Person } from '../../operators/person-commands.ts'
import type { Database } from '../../postgres/pool.ts'
import { CHANGE_ENDPOINT } from '../change-kind.ts'
import { pauseEndpoint, removeEndpoint, resumeEndpoint } from '../endpoint-states.ts'
import { parseEndpointUrl } from '../endpoint-url.ts'
import { addEndpoint, rotateSecret } from '../endpoints.ts'
import { ENDPOINT_KINDS, problemOfKinds } from '../enums.ts'
import { endpointId, partnerName, requireEndpoint } from './webhook-arguments.ts'
import { listCommand } from './webhook-list.ts'

/** `goldpro webhook add|list|rotate-secret|pause|resume|remove` */
export function endpointCommands(): Command[] {
  return [addCommand(), listCommand(), rotateCommand(), pauseCommand(), resumeCommand(), removeCommand()]
}

const HOUR_MS = 3_600_000
const inDatabase = async <T>(
  actor: Actor,
  use: (database: Database, settings: Settings) => Promise<T>,
): Promise<T> => {
  const settings = await settingsHere()
  return await withDatabase(settings, (database) => use(databaseOf(database, actor), settings))
}

function command(name: string, does: string, example: string): Command {
  return new Command(name)
    .description(does)
    .addHelpText('after', `\nExample:\n  $ goldpro webhook ${name} ${example}`)
}

const eventKinds = parsedBy(
  (text) => text.split(',').map((kind) => kind.trim()),
  `kinds with commas between: ${ENDPOINT_KINDS.join(',')}`,
)
const overlapHours = parsedBy(
  (text) => (/^\d{1,3}$/.test(text) ? Number(text) : null),
  'whole hours from 0 to 999',
)

interface AddOptions extends Actor {
  readonly kinds: string[]
  readonly note?: string
  readonly json?: true
}

function addCommand(): Command {
  return command('add', 'add an endpoint; its secret is printed once', 'acme https://acme.example/goldpro')
    .argument('<partner>', 'the partner whose orders and batches it receives', partnerName)
    .argument('<url>', 'https://… without user, password and fragment')
    .option('--kinds <kinds>', 'only these kinds of event, with commas between; by default all', eventKinds, [
      ...ENDPOINT_KINDS,
    ])
    .option('--note <text>', 'why; needed where another person must approve')
    .addOption(byOption('who adds it'))
    .option('--json', 'print JSON')
    .action(async (partner: string, given: string, options: AddOptions) => {
      const { kinds, by, json } = options
      const problem = problemOfKinds(kinds)
      if (problem !== null) throw new Failure(2, `--kinds: ${problem}`)
      if (options.credential !== undefined) {
        console.log(await proposeEndpoint(partner, given, options))
        return
      }
      const { id, secret } = await inDatabase(options, async (database, { webhookAllowLoopback }) => {
        const url = endpointUrl(given, webhookAllowLoopback)
        return await addEndpoint(database, { partner, url, kinds, by })
      })
      if (json) console.log(JSON.stringify({ id, partner, kinds, secret }))
      else console.log(`endpoint ${id} of ${partner}\n${onceShown(secret)}`)
    })
}

/** Where people are proven, another person approves where events go. */
async function proposeEndpoint(partner: string, given: string, options: AddOptions): Promise<string> {
  const settings = await settingsHere()
  const url = endpointUrl(given, settings.webhookAllowLoopback)
  const line = await withSessionHere(settings, (session) =>
    proposed(session, CHANGE_ENDPOINT, { partner, url, kinds: options.kinds }, options),
  )
  return `${line}\nThen an admin prints its secret: \`goldpro webhook rotate-secret ID --overlap-hours 0\``
}

function endpointUrl(given: string, mayBeLoopback: boolean): string {
  const parsed = parseEndpointUrl(given, mayBeLoopback)
  if (parsed.is === 'refused') throw new Failure(2, `this URL is refused: ${parsed.message}`)
  return parsed.url.href
}

const onceShown = (secret: string) =>
  `secret   ${secret}\nIt is not shown again: give it to the partner, then try \`goldpro webhook test\`.`

function rotateCommand(): Command {
  return command('rotate-secret', 'give an endpoint a new secret, printed once', '1 --overlap-hours 24')
    .argument('<id>', 'as `list` shows it', endpointId)
    .option(
      '--overlap-hours <hours>',
      'how long the current secret also signs; 0 when it has leaked. An earlier one stops signing now',
      overlapHours,
      24,
    )
    .addOption(byOption('who decides'))
    .option('--json', 'print JSON')
    .action(async (id: number, options: Actor & { overlapHours: number; json?: true }) => {
      const { overlapHours, json } = options
      const found = await inDatabase(options, (database) =>
        rotateSecret(database, id, overlapHours * HOUR_MS),
      )
      const { secret, previousUntil } = requireEndpoint(id, found)
      if (json) console.log(JSON.stringify({ id, secret, previousUntil }))
      else
        console.log(
          `endpoint ${id}: the secret before ${previousUntil === null ? 'signs no more' : `signs, too, until ${shownTime(previousUntil)}`}\n${onceShown(secret)}`,
        )
    })
}

const noteBy = (each: Command) =>
  each
    .argument('<id...>', 'as `list` shows them', severalOf(endpointId))
    .requiredOption('--note <text>', 'why')
    .addOption(byOption('who decides'))

function pauseCommand(): Command {
  return noteBy(
    command(
      'pause',
      'send nothing to an endpoint, or to several; events are kept',
      '1 --note "moves to a new host"',
    ),
  ).action(async (ids: readonly number[], person: Person) => {
    const { note, by } = person
    await forEach(ids, async (id) => {
      const isThere = await inDatabase(person, (database) => pauseEndpoint(database, id, `${by}: ${note}`))
      requireEndpoint(id, isThere || null)
      console.log(`endpoint ${id} is paused: its events are kept until \`goldpro webhook resume ${id}\``)
    })
  })
}

function resumeCommand(): Command {
  return command(
    'resume',
    'send to an endpoint, or to several, again; pending deliveries are sent at once',
    '1',
  )
    .argument('<id...>', 'as `list` shows them', severalOf(endpointId))
    .addOption(byOption('who decides'))
    .action(async (ids: readonly number[], actor: Actor) => {
      await forEach(ids, async (id) => {
        const waiting = await inDatabase(actor, (database) => resumeEndpoint(database, id))
        console.log(`endpoint ${id} is active: ${requireEndpoint(id, waiting)} waiting`)
      })
    })
}

function removeCommand(): Command {
  return noteBy(
    command(
      'remove',
      'remove an endpoint, or several, for good: its secrets are erased, pending deliveries are given up',
      '1 --note "partner has left"',
    ),
  ).action(async (ids: readonly number[], person: Person) => {
    const { note, by } = person
    await forEach(ids, async (id) => {
      const givenUp = await inDatabase(person, (database) => removeEndpoint(database, id, `${by}: ${note}`))
      console.log(`endpoint ${id} is removed: ${requireEndpoint(id, givenUp)} given up`)
    })
  })
}
