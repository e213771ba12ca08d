import { randomBytes } from 'node:crypto'
import { Command, Option } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'
import { DEFAULT_SCOPES, SCOPES, type Scope } from '../../core/scopes.ts'
import type { WalletPolicy } from '../../core/wallet-policies.ts'
import { type Actor, databaseOf } from '../../operators/acting.ts'
import type { Database } from '../../postgres/pool.ts'
import { decideFirstPolicy, readWalletPolicy } from '../../wallets/policy.ts'
import {
  addHolderKey,
  addPartnerWithKey,
  type HandedOutKey,
  type KeyAnswer,
  type KeyDeps,
  rotateKey,
} from '../commands.ts'
import { FIRST_HOLDER, HOLDER } from '../enums.ts'
import { revokeKeys } from '../store/keys.ts'

export type ByOption = Actor

/** The person who decides. */
export const deciderOption = () => byOption('who decides; recorded as an event')

const partnerName = parsedBy(
  (text) => (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text) ? text : null),
  '1 to 63 letters, digits, dots, dashes or underscores',
)

const holderName = parsedBy(
  (text) => (HOLDER.test(text) ? text : null),
  '1 to 32 lower-case letters, digits or dashes, such as finance',
)

const holderOption = (does: string) =>
  new Option('--holder <name>', does).argParser(holderName).default(FIRST_HOLDER)

const scopesOption = () => new Option('--scopes <scopes...>', 'what the key may do').choices(SCOPES)

interface GrantOptions extends ByOption {
  readonly holder: string
  readonly scopes: readonly Scope[]
  readonly signed?: true
  readonly json?: true
}

const grantOf = ({ scopes, signed }: GrantOptions) => ({
  scopes: [...new Set(scopes)],
  isSigned: signed === true,
})

/** `goldpro partner add` */
export function addCommand(): Command {
  return new Command('add')
    .description('add a partner and print its key, which is shown only once')
    .argument('<name>', "the partner's short name, the `partner` of its orders", partnerName)
    .addOption(holderOption('the person or system of the partner that gets the key'))
    .addOption(scopesOption().default(DEFAULT_SCOPES))
    .option('--signed', 'require a signature on every request')
    .addOption(deciderOption())
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ goldpro partner add acme')
    .action(async (name: string, options: GrantOptions) => {
      const grant = { ...grantOf(options), holder: options.holder }
      const decided: { policy?: WalletPolicy } = {}
      await handOut(options, async (deps) => {
        await decideAsSet(deps.database)
        const answer = await addPartnerWithKey(name, grant, deps)
        decided.policy = await readWalletPolicy(deps.database)
        return answer
      })
      if (decided.policy !== undefined && !options.json) console.log(POLICY_TEXTS[decided.policy](name))
    })
}

/** Whose wallets the new partner's orders are accepted for. */
const POLICY_TEXTS: Readonly<Record<WalletPolicy, (partner: string) => string>> = {
  owned: (partner) =>
    `wallet policy   owned: orders are accepted for wallets that ${partner} activates over HTTP or operators link (goldpro wallet link)`,
  first_use: () =>
    'wallet policy   first_use: a wallet that is nobody’s becomes the partner’s whose order is the first',
  open: () => 'wallet policy   open: any partner can move any customer’s gold (goldpro wallet policy)',
}

/** Decides the wallet policy as it is set, before the first key decides it. A database that has one keeps it. */
async function decideAsSet(database: Database): Promise<void> {
  const { walletPolicy } = await settingsHere()
  if (walletPolicy !== null) await decideFirstPolicy(database, walletPolicy, 'setting')
}

/** `goldpro partner add-key` */
export function addKeyCommand(): Command {
  return new Command('add-key')
    .description('add a key for another person or system of a partner, with its own scopes, and print it')
    .argument('<name>', 'the partner')
    .addOption(
      new Option('--holder <name>', 'the person or system that gets the key')
        .argParser(holderName)
        .makeOptionMandatory(),
    )
    .addOption(scopesOption().makeOptionMandatory())
    .option('--signed', 'require a signature on every request')
    .addOption(deciderOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
A batch must be approved by another holder than the one who sent it, with a key that has the scope approve. Rotating a
key keeps its holder.

Example:
  $ goldpro partner add-key acme --holder finance --scopes approve orders:read`,
    )
    .action(async (name: string, options: GrantOptions) => {
      await handOut(options, (deps) => addHolderKey(name, options.holder, grantOf(options), deps))
    })
}

/** `goldpro partner rotate-key` */
export function rotateCommand(): Command {
  return new Command('rotate-key')
    .description('print a new key with the same scopes; the old one stays valid for a while')
    .argument('<name>', 'the partner')
    .addOption(holderOption('whose key'))
    .option('--overlap-minutes <minutes>', 'how long the old key stays valid', overlapMinutes, 24 * 60)
    .addOption(deciderOption())
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ goldpro partner rotate-key acme --overlap-minutes 60')
    .action(
      async (name: string, options: ByOption & { holder: string; overlapMinutes: number; json?: true }) => {
        await handOut(options, (deps) => rotateKey(name, options.holder, options.overlapMinutes, deps))
      },
    )
}

const overlapMinutes = parsedBy(
  (text) => (/^\d{1,6}$/.test(text) && Number(text) <= 525_600 ? Number(text) : null),
  'minutes from 0 to 525600',
)

async function handOut(
  { json, ...actor }: ByOption & { json?: true },
  ask: (deps: KeyDeps) => Promise<KeyAnswer>,
): Promise<void> {
  const answer = await withDatabase(await settingsHere(), (database) =>
    ask({ database: databaseOf(database, actor), random: randomBytes, actor: `person:${actor.by}` }),
  )
  if (answer.is === 'refused') throw new Failure(1, answer.message)
  console.log(json ? JSON.stringify(answer.key) : keyText(answer.key))
}

function keyText({ key, holder, scopes, signingSecret }: HandedOutKey): string {
  return [
    `key             ${key}`,
    ...(signingSecret === null ? [] : [`signing secret  ${signingSecret}`]),
    `holder          ${holder}`,
    `scopes          ${scopes.join(', ')}`,
    'The key is shown only once: Postgres stores its hash.',
  ].join('\n')
}

/** `goldpro partner revoke` */
export function revokeCommand(): Command {
  return new Command('revoke')
    .description('revoke keys of a partner at once')
    .argument('<name>', 'the partner')
    .option('--key <prefix>', 'only this key, as `goldpro partner list` shows it')
    .addOption(deciderOption())
    .addHelpText('after', '\nExample:\n  $ goldpro partner revoke acme --key gp_a1b2c3d4e5f6')
    .action(async (name: string, { key, ...actor }: ByOption & { key?: string }) => {
      const prefix = key?.replace(/^gp_/, '').split('_')[0] ?? null
      const revoked = await withDatabase(await settingsHere(), (database) =>
        revokeKeys(databaseOf(database, actor), name, prefix, `person:${actor.by}`),
      )
      if (revoked.length === 0) throw new Failure(1, `${name} has no such key, or it is revoked already`)
      console.log(`revoked ${revoked.map((each) => `gp_${each}`).join(', ')}`)
    })
}
