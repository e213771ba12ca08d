import { Command, InvalidArgumentError } from 'commander'
import { settingsHere, withDatabase, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { jsonLinesOf, printRows, type RowFormat, rowFormatOptions } from '../../cli/rows.ts'
import { shownText, shownTextOrNull } from '../../cli/shown-text.ts'
import { table } from '../../cli/table.ts'
import type { CommandResult, Person } from '../../operators/person-commands.ts'
import type { Session } from '../../postgres/session.ts'
import { type DeclarationRow, listDeclarations } from '../declaration-queries.ts'
import {
  approveDeclaration,
  type Declared,
  declineDeclaration,
  proposeDeclaration,
  revokeDeclaration,
} from '../declarations.ts'
import { orRefuse } from './order-resolution.ts'

/** A subcommand of `goldpro recon sources|statements|lag`. */
interface Verb {
  readonly name: string
  readonly description: string
  readonly done: string
  readonly work: (
    session: Session,
    declared: Declared,
    person: Person,
    onePersonTeam: boolean,
  ) => Promise<CommandResult<object>>
}

const PROPOSED = 'proposed: it counts once another person approves it'

const approve = (description: string): Verb => ({
  name: 'approve',
  description,
  done: 'approved: it counts from the next `goldpro recon run` on',
  work: approveDeclaration,
})
const decline: Verb = {
  name: 'decline',
  description: 'decline what was proposed',
  done: 'declined',
  work: declineDeclaration,
}
const revoke: Verb = {
  name: 'revoke',
  description: 'revoke an approval; one person may',
  done: 'revoked: it no longer counts',
  work: revokeDeclaration,
}
const propose = (name: string, description: string): Verb => ({
  name,
  description,
  done: PROPOSED,
  work: (session, declared, person) => proposeDeclaration(session, declared, person),
})

/** `goldpro recon sources …`: two people trust all complete statements of a source. */
export function sourcesCommand(): Command {
  const verbs = [
    propose('trust', "propose that a source's complete statements need no approval of their own"),
    approve('approve that a source is trusted; another person must have proposed it'),
    decline,
    revoke,
  ]
  const command = new Command('sources').description(
    'sources whose statements two people trust to be complete; every other check still applies',
  )
  for (const verb of verbs)
    command.addCommand(
      personCommand(verb, `recon sources ${verb.name} gateway`)
        .argument('<source>', 'the name given to `recon import --source`')
        .action(async (source: string, person: Person) => runVerb(verb, { is: 'source', source }, person)),
    )
  return command.addCommand(listCommand('source', 'recon sources list'))
}

/** The subcommands of `goldpro recon statements` that act on one statement. */
export function statementVerbs(): Command[] {
  const verbs = [
    propose('propose', 'propose again that a statement is complete'),
    approve('approve that a statement is complete; another person must have imported it'),
    decline,
    revoke,
  ]
  return verbs.map((verb) =>
    personCommand(verb, `recon statements ${verb.name} 3`)
      .argument('<statement>', 'its number', statementNumber)
      .action(async (statementId: number, person: Person) =>
        runVerb(verb, { is: 'statement', statementId }, person),
      ),
  )
}

/** `goldpro recon lag …`: two people shorten the time after which an order without a line counts as not executed. */
export function lagCommand(): Command {
  const command = new Command('lag').description(
    'the time after an attempt in which the gateway may still execute it: two people may shorten it',
  )
  command.addCommand(
    personCommand({ name: 'propose', description: 'propose a shorter lag' }, 'recon lag propose 10')
      .argument('<minutes>', 'whole minutes', lagMinutes)
      .action(async (minutes: number, person: Person) => {
        const answer = await withSessionHere(await settingsHere(), (session) =>
          proposeDeclaration(session, { is: 'lag' }, person, minutes),
        )
        orRefuse(answer)
        console.log(`a lag of ${minutes} minutes is ${PROPOSED}`)
      }),
  )
  for (const verb of [approve('approve the shorter lag that another person proposed'), decline, revoke])
    command.addCommand(
      personCommand(verb, `recon lag ${verb.name}`).action(async (person: Person) =>
        runVerb(verb, { is: 'lag' }, person),
      ),
    )
  return command.addCommand(listCommand('lag', 'recon lag list'))
}

function personCommand({ name, description }: Pick<Verb, 'name' | 'description'>, example: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption('--note <text>', 'the reason; it stays in the history')
    .addOption(byOption('who decides'))
    .addHelpText('after', `\nExample:\n  $ goldpro ${example} --note "…"`)
}

async function runVerb(verb: Verb, declared: Declared, person: Person): Promise<void> {
  const settings = await settingsHere()
  const answer = await withSessionHere(settings, (session) =>
    verb.work(session, declared, person, settings.onePersonTeam),
  )
  orRefuse(answer)
  console.log(shownText(verb.done))
}

function listCommand(is: Declared['is'], example: string): Command {
  const command = new Command('list')
    .description('list what was proposed, approved and revoked, the newest first')
    .addHelpText('after', `\nExample:\n  $ goldpro ${example}`)
  return rowFormatOptions(command).action(async (format: RowFormat) => {
    const rows = await withDatabase(await settingsHere(), (database) => listDeclarations(database, is))
    printRows(format, {
      jsonLines: () => jsonLinesOf(rows),
      text: () => (rows.length === 0 ? 'nothing was proposed yet' : asTable(is, rows)),
    })
  })
}

function asTable(is: Declared['is'], rows: readonly DeclarationRow[]): string {
  return table(
    [is, 'state', 'proposed by', 'decided by', 'note'],
    rows.map(({ subject, state, proposedBy, decidedBy, note }) => [
      shownText(subject),
      state,
      shownText(proposedBy),
      shownTextOrNull(decidedBy) ?? '–',
      shownText(note),
    ]),
    [],
  )
}

const statementNumber = (text: string) => wholeNumber(text, /^[1-9]\d{0,8}$/, 'a whole number above 0')
const lagMinutes = (text: string) => wholeNumber(text, /^\d{1,5}$/, 'whole minutes from 0 to 99999')

function wholeNumber(text: string, pattern: RegExp, expected: string): number {
  if (pattern.test(text)) return Number(text)
  throw new InvalidArgumentError(`must be ${expected}`)
}
