import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import type { Database } from '../../postgres/pool.ts'
import { listKeys, listPartners, setState } from '../store/partners.ts'
import {
  addCommand,
  addKeyCommand,
  type ByOption,
  deciderOption,
  revokeCommand,
  rotateCommand,
} from './partner-keys.ts'
import { limitsCommand, limitsText } from './partner-limits.ts'

/** `goldpro partner …` */
export function partnerCommand(): Command {
  const command = new Command('partner').description(
    'who may place orders over HTTP, with which key and limits',
  )
  const commands = [
    ...[addCommand(), addKeyCommand(), listCommand(), rotateCommand(), revokeCommand(), limitsCommand()],
    ...[stateCommand('suspend'), stateCommand('resume')],
  ]
  for (const each of commands) command.addCommand(each)
  return command
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
  holder,
  scopes,
  isSigned,
  expiresAt,
}: Awaited<ReturnType<typeof listKeys>>[number]): string {
  const until = expiresAt === null ? '' : ` until ${shownTime(expiresAt)}`
  return `gp_${prefix} of ${holder} (${scopes.join(' ')}${isSigned ? ', signed' : ''})${until}`
}

function stateCommand(name: 'suspend' | 'resume'): Command {
  const state = name === 'suspend' ? 'suspended' : 'active'
  return new Command(name)
    .description(
      name === 'suspend' ? 'let a partner in no more, its keys kept' : 'let a suspended partner in again',
    )
    .argument('<name>', 'the partner')
    .addOption(deciderOption())
    .addHelpText('after', `\nExample:\n  $ goldpro partner ${name} acme`)
    .action(async (partner: string, { by }: ByOption) => {
      const isDone = await withDatabase(await settingsHere(), (database) =>
        setState(database, partner, state, `person:${by}`),
      )
      if (!isDone) throw new Failure(1, `there is no partner ${partner} that is not ${state}`)
      console.log(`${partner} is ${state}`)
    })
}
