import { Command, Option } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { phoneNumberOption } from '../../cli/options.ts'
import { type PageOptions, pageOptions, printPage } from '../../cli/page.ts'
import type { RowFormat } from '../../cli/rows.ts'
import { shownText, shownTextOrNull } from '../../cli/shown-text.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { maskPhoneNumber } from '../../core/masking.ts'
import { WALLET_STATES, type WalletState } from '../enums.ts'
import { listWallets } from '../queries.ts'
import { partnerName } from './wallet-link.ts'

interface ListOptions extends PageOptions, RowFormat {
  readonly partner?: string
  readonly wallet?: string
  readonly state?: WalletState
}

/** `goldpro wallet list` */
export function listCommand(): Command {
  return pageOptions(new Command('list').description('list wallets and whose they are, phone numbers masked'))
    .option('--partner <name>', 'only wallets of this partner', partnerName)
    .option('--wallet <phone>', 'only this wallet', phoneNumberOption)
    .addOption(new Option('--state <state>', 'only those in this state').choices(WALLET_STATES))
    .addHelpText('after', '\nExample:\n  $ goldpro wallet list --partner acme')
    .action(async ({ partner, wallet, state, limit, skip, ...format }: ListOptions) => {
      const filter = { partner: partner ?? null, phoneNumber: wallet ?? null, state: state ?? null }
      const rows = await withDatabase(await settingsHere(), (database) =>
        listWallets(database, { ...filter, limit, skip }),
      )
      const shown = rows.map(({ phoneNumber, total: _, actor, note, ...row }) => ({
        wallet: maskPhoneNumber(phoneNumber),
        ...row,
        actor: shownText(actor),
        note: shownTextOrNull(note),
      }))
      printPage({
        listed: rows.length,
        total: rows[0]?.total ?? 0,
        limit,
        skip,
        format,
        jsonLines: () => shown.map((row) => JSON.stringify(row)),
        table: () =>
          table(
            ['wallet', 'partner', 'state', 'became so by', 'since', 'actor', 'request'],
            shown.map((row) => [
              row.wallet,
              row.partner,
              row.state,
              row.origin,
              shownTime(row.since),
              row.actor,
              row.requestId === null ? '' : String(row.requestId),
            ]),
          ),
        whenEmpty: 'no wallets: `goldpro wallet link` links one',
      })
    })
}
