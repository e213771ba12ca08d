import { Command } from 'commander'
import { settingsHere, withDatabase } from '../../cli/context.ts'
import { forEach, ONE_LINE_EACH } from '../../cli/each.ts'
import { Failure } from '../../cli/failure.ts'
import { printRows, type RowFormat, rowFormatOptions } from '../../cli/rows.ts'
import { shownTime } from '../../cli/shown-time.ts'
import { table } from '../../cli/table.ts'
import { databaseOf } from '../../operators/acting.ts'
import type { Database } from '../../postgres/pool.ts'
import { type KeyRow, listKeys } from '../store/keys.ts'
import { listPartners, type PartnerRow, setState } from '../store/partners.ts'
import {
  addCommand,
  addKeyCommand,
  type ByOption,
  deciderOption,
  revokeCommand,
  rotateCommand,
} from './partner-keys.ts'
import { limitsCommand, limitsText } from './partner-limits.ts'
import { scopesCommand } from './partner-scopes.ts'

/** `goldpro partner …` */
export function partnerCommand(): Command {
  const command = new Command('partner').description(
    'manage the partners of the HTTP API, their keys and limits',
  )
  const keys = [addCommand(), addKeyCommand(), listCommand(), rotateCommand(), revokeCommand()]
  for (const each of [
    ...keys,
    limitsCommand(),
    scopesCommand(),
    stateCommand('suspend'),
    stateCommand('resume'),
  ])
    command.addCommand(each)
  return command
}

function listCommand(): Command {
  const command = new Command('list')
    .description('list partners with their limits and keys, without secrets')
    .argument('[name]', 'only this partner')
    .addHelpText('after', '\nExample:\n  $ goldpro partner list')
  return rowFormatOptions(command).action(async (name: string | undefined, format: RowFormat) => {
    const partners = await withDatabase(await settingsHere(), (database) => read(database, name ?? null))
    if (name !== undefined && partners.length === 0) throw new Failure(1, `there is no partner ${name}`)
    printRows(format, { jsonLines: () => partners.map(jsonText), text: () => listText(partners) })
  })
}

interface ListedPartner extends PartnerRow {
  readonly keys: readonly KeyRow[]
}

async function read(database: Database, name: string | null): Promise<ListedPartner[]> {
  const [partners, keys] = await Promise.all([listPartners(database, name), listKeys(database, name)])
  return partners.map((partner) => ({ ...partner, keys: keys.filter((key) => key.partner === partner.name) }))
}

/** Rupiah as text: JSON has no integers of any size. */
const jsonText = (partner: ListedPartner) =>
  JSON.stringify(partner, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))

function listText(partners: readonly ListedPartner[]): string {
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

function keyCell({ prefix, holder, scopes, isSigned, expiresAt }: KeyRow): string {
  const until = expiresAt === null ? '' : ` until ${shownTime(expiresAt)}`
  return `gp_${prefix} of ${holder} (${scopes.join(' ')}${isSigned ? ', signed' : ''})${until}`
}

function stateCommand(name: 'suspend' | 'resume'): Command {
  const state = name === 'suspend' ? 'suspended' : 'active'
  return new Command(name)
    .description(
      name === 'suspend'
        ? 'refuse all requests of a partner, or of several; their keys stay'
        : 'accept requests of a suspended partner, or of several, again',
    )
    .argument('<name...>', 'the partners')
    .addOption(deciderOption())
    .addHelpText('after', `\n${ONE_LINE_EACH}\n\nExample:\n  $ goldpro partner ${name} acme`)
    .action(async (partners: readonly string[], actor: ByOption) => {
      const settings = await settingsHere()
      await forEach([...new Set(partners)], async (partner) => {
        const isDone = await withDatabase(settings, (database) =>
          setState(databaseOf(database, actor), partner, state, `person:${actor.by}`),
        )
        if (!isDone) throw new Failure(1, `there is no partner ${partner} that is not ${state}`)
        console.log(`${partner} is ${state}`)
      })
    })
}
