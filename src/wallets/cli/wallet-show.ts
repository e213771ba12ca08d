import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { phoneNumberOption } from '../../cli/options.ts'
import { shownText, shownTextOrNull } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import { readWalletPolicy } from '../policy.ts'
import { listWalletEvents, listWallets } from '../queries.ts'

const MOST_SHOWN = 1_000

/** `goldpro wallet show` */
export function showCommand(): Command {
  return new Command('show')
    .description('show whose a wallet is, and everything that happened to it, the newest first')
    .argument('<wallet>', 'its phone number', phoneNumberOption)
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ goldpro wallet show 081234500001')
    .action(async (phoneNumber: string, { json }: { json?: true }) => {
      const wallet = await withDatabase(await settingsHere(), async (database) => {
        const one = { phoneNumber, partner: null, state: null, limit: 1, skip: 0 }
        const [row] = await listWallets(database, one)
        return {
          wallet: maskPhoneNumber(phoneNumber),
          partner: row?.partner ?? null,
          state: row?.state ?? null,
          policy: await readWalletPolicy(database),
          events: await listWalletEvents(database, { phoneNumber, limit: MOST_SHOWN }),
        }
      })
      const events = wallet.events.map(({ actor, note, ...event }) => ({
        ...event,
        actor: shownText(actor),
        note: shownTextOrNull(note),
      }))
      console.log(json ? JSON.stringify({ ...wallet, events }) : walletText({ ...wallet, events }))
    })
}

interface ShownWallet {
  readonly wallet: string
  readonly partner: string | null
  readonly state: string | null
  readonly policy: string
  readonly events: readonly {
    readonly at: Date
    readonly event: string
    readonly partner: string
    readonly actor: string
    readonly requestId: number | null
    readonly note: string | null
  }[]
}

function walletText({ wallet, partner, state, policy, events }: ShownWallet): string {
  const whose = partner === null ? 'nobody’s' : `${partner}’s, ${state}`
  const heading = `${wallet} is ${whose}; the policy is ${policy}`
  if (events.length === 0) return heading
  const rows = events.map((event) => [
    shownTime(event.at),
    event.event,
    event.partner,
    event.actor,
    event.requestId === null ? '' : String(event.requestId),
    event.note ?? '',
  ])
  return `${heading}\n\n${table(['at', 'event', 'partner', 'by', 'request', 'note'], rows)}`
}
