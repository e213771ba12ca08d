import { Argument, Command } from 'commander'
import { settingsHere, withDatabase, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { shownText } from '../../cli/shown-text.ts'
import { WALLET_POLICIES, type WalletPolicy } from '../../core/wallet-policies.ts'
import type { Actor } from '../../operators/acting.ts'
import { changePolicy } from '../commands.ts'
import { readWalletPolicy } from '../policy.ts'

interface PolicyOptions extends Actor {
  readonly note?: string
  readonly json?: true
}

/** `goldpro wallet policy` */
export function policyCommand(): Command {
  return new Command('policy')
    .description('show or change whose wallets orders are accepted for')
    .addArgument(new Argument('[policy]', 'the new policy').choices(WALLET_POLICIES))
    .option('--note <text>', 'the reason for a change; it stays in the history')
    .addOption(byOption('who decides'))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
  owned      orders are accepted for the partner's own wallets only
  first_use  also for a wallet that is nobody's: the first accepted order makes it the partner's
  open       for any wallet: any partner can move any customer's gold

A stricter policy holds at once, in every process. A looser one takes another person (\`goldpro approvals\`). Where WALLET_POLICY is
set, set it to the new policy too: a process does not start with another one than the database has.

Example:
  $ goldpro wallet policy owned --note "every wallet is linked" --by ani`,
    )
    .action(policy)
}

async function policy(given: WalletPolicy | undefined, options: PolicyOptions): Promise<void> {
  if (given === undefined) return await show(options)
  const { json, ...person } = options
  const answer = await withSessionHere(await settingsHere(), (session) =>
    changePolicy(session, { ...person, note: person.note ?? '' }, given),
  )
  if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
  const { is: _, ...change } = answer
  if (json) console.log(JSON.stringify({ policy: given, ...change }))
  else if (answer.change === 'proposed')
    console.log(
      `request ${answer.requestId}: another person runs \`goldpro approvals approve ${answer.requestId} --note …\``,
    )
  else console.log(`the wallet policy is ${given}`)
}

async function show({ json }: PolicyOptions): Promise<void> {
  const found = await withDatabase(await settingsHere(), readWalletPolicy)
  console.log(json ? JSON.stringify({ policy: found }) : `the wallet policy is ${found}`)
}
