import { randomBytes } from 'node:crypto'
import { Command, Option } from 'commander'
import { listKeys, listPartners, revokeKeys, setState } from '../db/partner-store.ts'
import type { Database } from '../db/pool.ts'
import { addPartnerWithKey, type HandedOutKey, type KeyAnswer, rotateKey } from '../partners/keys.ts'
import { SCOPES, type Scope } from '../partners/words.ts'
import { Failure } from './failure.ts'
import { parsedBy } from './options.ts'
import { limitsCommand, limitsText } from './partner-limits.ts'
import { defaultPerson } from './person.ts'
import { settingsHere, withDatabase } from './place.ts'
import { table } from './table.ts'

/** `goldpro partner …` */
export function partnerCommand(): Command {
  const command = new Command('partner').description(
    'who may place orders over HTTP, with which key and limits',
  )
  const commands = [addCommand(), listCommand(), rotateCommand(), revokeCommand(), limitsCommand()]
  for (const each of [...commands, stateCommand('suspend'), stateCommand('resume')]) command.addCommand(each)
  return command
}

interface ByOption {
  readonly by: string
}

const byOption = () =>
  new Option('--by <name>', 'who decides; kept as an event for ever').default(defaultPerson())

const partnerName = parsedBy(
  (text) => (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text) ? text : null),
  '1 to 63 letters, digits, dots, dashes or underscores',
)

function addCommand(): Command {
  return new Command('add')
    .description('add a partner, and print its key: the only time it can be seen')
    .argument('<name>', "the partner's short name, the `partner` of its orders", partnerName)
    .addOption(new Option('--scopes <scopes...>', 'what the key may do').choices(SCOPES).default(SCOPES))
    .option('--signed', 'every request must be signed too')
    .addOption(byOption())
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ goldpro partner add acme')
    .action(async (name: string, options: ByOption & { scopes: Scope[]; signed?: true; json?: true }) => {
      const grant = { scopes: [...new Set(options.scopes)], isSigned: options.signed === true }
      await handOut(options, (effects) => addPartnerWithKey(name, grant, effects))
    })
}

function rotateCommand(): Command {
  return new Command('rotate-key')
    .description('print a new key with the same rights; the old one stays valid for a while')
    .argument('<name>', 'the partner')
    .option('--overlap-minutes <minutes>', 'how long the old key stays valid', overlapMinutes, 24 * 60)
    .addOption(byOption())
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ goldpro partner rotate-key acme --overlap-minutes 60')
    .action(async (name: string, options: ByOption & { overlapMinutes: number; json?: true }) => {
      await handOut(options, (effects) => rotateKey(name, options.overlapMinutes, effects))
    })
}

const overlapMinutes = parsedBy(
  (text) => (/^\d{1,6}$/.test(text) && Number(text) <= 525_600 ? Number(text) : null),
  'minutes from 0 to 525600',
)

async function handOut(
  { by, json }: ByOption & { json?: true },
  ask: (effects: Parameters<typeof rotateKey>[2]) => Promise<KeyAnswer>,
): Promise<void> {
  const answer = await withDatabase(await settingsHere(), (database) =>
    ask({ database, random: randomBytes, actor: `person:${by}` }),
  )
  if (answer.is === 'refused') throw new Failure(1, answer.because)
  console.log(json ? JSON.stringify(answer.key) : keyText(answer.key))
}

function keyText({ key, scopes, signingSecret }: HandedOutKey): string {
  return [
    `key             ${key}`,
    ...(signingSecret === null ? [] : [`signing secret  ${signingSecret}`]),
    `scopes          ${scopes.join(', ')}`,
    'It is shown this once: only its hash is kept.',
  ].join('\n')
}

function listCommand(): Command {
  return new Command('list')
    .description('list partners with their limits and keys; never a secret')
    .argument('[name]', 'only this partner')
    .option('--json', 'print JSON lines, one a partner')
    .addHelpText('after', '\nExample:\n  $ goldpro partner list')
    .action(async (name: string | undefined, { json }: { json?: true }) => {
      const partners = await withDatabase(await settingsHere(), (database) => read(database, name ?? null))
      if (name !== undefined && partners.length === 0) throw new Failure(1, `there is no partner ${name}`)
      console.log(json ? partners.map((partner) => JSON.stringify(partner)).join('\n') : listText(partners))
    })
}

async function read(database: Database, name: string | null) {
  const [partners, keys] = await Promise.all([listPartners(database, name), listKeys(database, name)])
  return partners.map((partner) => ({ ...partner, keys: keys.filter((key) => key.partner === partner.name) }))
}

function listText(partners: Awaited<ReturnType<typeof read>>): string {
  if (partners.length === 0) return 'no partners: `goldpro partner add NAME` adds one'
  const rows = partners.map((partner) => [
    partner.name,
    partner.state,
    limitsText(partner),
    partner.keys
      .filter(({ isValid }) => isValid)
      .map(keyCell)
      .join(', ') || 'no valid key',
  ])
  return table(['partner', 'state', 'limits', 'keys'], rows)
}

function keyCell({
  prefix,
  scopes,
  isSigned,
  expiresAt,
}: Awaited<ReturnType<typeof listKeys>>[number]): string {
  const until = expiresAt === null ? '' : ` until ${expiresAt.toISOString().slice(0, 16)}Z`
  return `gp_${prefix} (${scopes.join(' ')}${isSigned ? ', signed' : ''})${until}`
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description("end a partner's keys at once")
    .argument('<name>', 'the partner')
    .option('--key <prefix>', 'only this key, as `list` shows it')
    .addOption(byOption())
    .addHelpText('after', '\nExample:\n  $ goldpro partner revoke acme --key gp_a1b2c3d4e5f6')
    .action(async (name: string, { key, by }: ByOption & { key?: string }) => {
      const prefix = key?.replace(/^gp_/, '').split('_')[0] ?? null
      const revoked = await withDatabase(await settingsHere(), (database) =>
        revokeKeys(database, name, prefix, `person:${by}`),
      )
      if (revoked.length === 0) throw new Failure(1, `${name} has no such key that is not revoked`)
      console.log(`revoked ${revoked.map((each) => `gp_${each}`).join(', ')}`)
    })
}

function stateCommand(name: 'suspend' | 'resume'): Command {
  const state = name === 'suspend' ? 'suspended' : 'active'
  return new Command(name)
    .description(
      name === 'suspend' ? 'let a partner in no more, its keys kept' : 'let a suspended partner in again',
    )
    .argument('<name>', 'the partner')
    .addOption(byOption())
    .addHelpText('after', `\nExample:\n  $ goldpro partner ${name} acme`)
    .action(async (partner: string, { by }: ByOption) => {
      const isDone = await withDatabase(await settingsHere(), (database) =>
        setState(database, partner, state, `person:${by}`),
      )
      if (!isDone) throw new Failure(1, `there is no partner ${partner} that is not ${state}`)
      console.log(`${partner} is ${state}`)
    })
}
