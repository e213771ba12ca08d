import { Command, Option } from 'commander'
import { proposeChange } from '../../approvals/commands.ts'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { openFile } from '../../cli/open-file.ts'
import { parsedBy, phoneNumberOption } from '../../cli/options.ts'
import { shownText } from '../../cli/shown-text.ts'
import type { Person } from '../../operators/person-commands.ts'
import { LINK_WALLETS, type Linking, MOST_LINKED, PARTNER_NAME } from '../link.ts'
import { readWallets } from '../read-wallets.ts'

interface LinkOptions extends Person {
  readonly partner?: string
  readonly file?: string
  readonly json?: true
}

export const partnerName = parsedBy(
  (text) => (PARTNER_NAME.test(text) ? text : null),
  '1 to 63 letters, digits, dots, dashes or underscores',
)

/** `goldpro wallet link` */
export function linkCommand(): Command {
  return new Command('link')
    .description(
      'propose to link a wallet, or the wallets of a file, to partners; another person approves it',
    )
    .argument('[wallet]', 'its phone number', phoneNumberOption)
    .option('--partner <name>', 'the partner whose orders are accepted for the wallet', partnerName)
    .addOption(new Option('--file <file>', 'CSV with the columns wallet and partner; - for standard input'))
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .addOption(byOption('who proposes it'))
    .option('--json', 'print the request as JSON')
    .addHelpText(
      'after',
      `
A file links up to ${MOST_LINKED} wallets in one request, all or none. A wallet that is another partner's becomes this one's. Orders
that were accepted before are carried out.

Examples:
  $ goldpro wallet link 081234500001 --partner acme --note "contract of 12 May" --by ani
  $ goldpro wallet link --file wallets.csv --note "moved from the old system" --by ani
  $ goldpro approvals approve 1 --note "compared with the contract" --by budi`,
    )
    .action(link)
}

async function link(wallet: string | undefined, options: LinkOptions): Promise<void> {
  const { json } = options
  const linking = await linkingOf(wallet, options)
  const answer = await withSessionHere(await settingsHere(), (session) =>
    proposeChange(session, options, LINK_WALLETS, linking),
  )
  if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
  const { requestId } = answer
  const { wallets, file } = linking
  if (json) console.log(JSON.stringify({ requestId, wallets: wallets.length, sha256: file?.sha256 ?? null }))
  else {
    console.log(`request ${requestId}: ${LINK_WALLETS.describe(linking)}`)
    console.log(`next: another person runs \`goldpro approvals approve ${requestId} --note …\``)
  }
}

async function linkingOf(
  wallet: string | undefined,
  { file, partner }: Pick<LinkOptions, 'file' | 'partner'>,
): Promise<Linking> {
  if (wallet !== undefined && partner !== undefined && file === undefined)
    return { file: null, wallets: [{ phone_number: wallet, partner }] }
  if (file === undefined || wallet !== undefined || partner !== undefined)
    throw new Failure(2, 'name a wallet and its --partner, or a --file of both')
  const given = await openFile(file)
  const read = await readWallets(given.bytes)
  if (read.is === 'refused') throw new Failure(1, `nothing was proposed: ${read.problems.join('; ')}`)
  return { file: { name: given.name, sha256: read.sha256 }, wallets: read.wallets }
}
