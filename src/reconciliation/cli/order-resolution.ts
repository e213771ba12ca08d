import type { Command } from 'commander'
import { settingsHere, withDatabase, withSessionHere } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { shownText } from '../../cli/shown-text.ts'
import { type GoldWeight, parseGrams, parseRupiah, type Rupiah } from '../../core/money.ts'
import type { CommandResult, Person } from '../../operators/person-commands.ts'
import { personsCommand, requireOrderId } from '../../orders/cli/order-commands.ts'
import type { Session } from '../../postgres/session.ts'
import type { ProposedExecution } from '../proposal-facts.ts'
import { approveResolution, declineResolution, proposeResolution } from '../resolve-doubt.ts'

/** `goldpro orders resolve|approve|decline`: two people end the doubt of an order. */
export function resolutionCommands(currentUser: string): Command[] {
  return [resolveCommand(currentUser), approveCommand(currentUser), declineCommand(currentUser)]
}

interface ResolveOptions extends Person {
  readonly executed?: true
  readonly notExecuted?: true
  readonly evidence: string
  readonly sessionId?: string
  readonly responseId?: string
  readonly goldWeight?: string
  readonly amount?: string
  readonly fee?: string
}

function resolveCommand(currentUser: string): Command {
  return personsCommand(
    'resolve',
    'propose what became of an order in doubt, with evidence; another person approves it',
    currentUser,
  )
    .option('--executed', 'the gateway executed it; give --session-id or --response-id')
    .option('--not-executed', 'the gateway did not execute it')
    .requiredOption('--evidence <text>', 'where it was seen: a statement and its line, a letter')
    .option('--session-id <id>', 'session_id of the executed transaction')
    .option('--response-id <id>', 'response_id of the executed transaction')
    .option('--gold-weight <grams>', 'executed grams, when they differ from the quote')
    .option(
      '--amount <rupiah>',
      "executed rupiah, when they differ from the quote (a withdrawal's quote has none)",
    )
    .option('--fee <rupiah>', 'executed fee, when it differs from the quote')
    .addHelpText(
      'after',
      `
Example:
  $ goldpro orders resolve acme/A-1 --executed --session-id 764FC70DD96B9E07713D95A9AD004702 \\
      --evidence "statement of 9 February, line 17" --note "found by hand"
  $ goldpro orders approve acme/A-1 --note "seen too"`,
    )
    .action(async (given: string, options: ResolveOptions) => {
      const executed = executedFrom(options)
      const { orderId, answer } = await onOrder(given, (session, id) =>
        proposeResolution(session, { ...options, orderId: id, executed }),
      )
      console.log(
        `proposal ${orRefuse(answer).proposalId}: order ${orderId} ${executed === null ? 'was not executed' : 'was executed'}\n` +
          `it stays in doubt until another person runs \`goldpro orders approve ${given} --note "…"\``,
      )
    })
}

function approveCommand(currentUser: string): Command {
  return personsCommand('approve', 'approve what another person proposed for an order in doubt', currentUser)
    .addHelpText('after', '\nExample:\n  $ goldpro orders approve acme/A-1 --note "seen too"')
    .action(async (given: string, person: Person) => {
      const { onePersonTeam } = await settingsHere()
      const { orderId, answer } = await onOrder(given, (session, id) =>
        approveResolution(session, id, person, onePersonTeam),
      )
      console.log(`order ${orderId} is ${orRefuse(answer).state}`)
    })
}

function declineCommand(currentUser: string): Command {
  return personsCommand('decline', 'decline what was proposed for an order in doubt', currentUser)
    .addHelpText('after', '\nExample:\n  $ goldpro orders decline acme/A-1 --note "another wallet"')
    .action(async (given: string, person: Person) => {
      const { orderId, answer } = await onOrder(given, (session, id) =>
        declineResolution(session, id, person),
      )
      orRefuse(answer)
      console.log(`declined; order ${orderId} stays in doubt`)
    })
}

async function onOrder<T>(
  given: string,
  work: (session: Session, orderId: string) => Promise<T>,
): Promise<{ orderId: string; answer: T }> {
  const settings = await settingsHere()
  const orderId = await withDatabase(settings, (database) => requireOrderId(database, given))
  return { orderId, answer: await withSessionHere(settings, (session) => work(session, orderId)) }
}

/** Ends the command with the refusal; otherwise returns what was done. */
export function orRefuse<T>(answer: CommandResult<T>): T {
  if (answer.is === 'refused') throw new Failure(1, shownText(answer.message))
  return answer
}

function executedFrom(options: ResolveOptions): ProposedExecution | null {
  if ((options.executed === true) === (options.notExecuted === true))
    throw new Failure(2, 'say exactly one of --executed and --not-executed')
  if (options.notExecuted) return null
  return {
    sessionId: options.sessionId?.trim() ?? null,
    responseId: options.responseId?.trim() ?? null,
    goldWeight: parsed<GoldWeight>('--gold-weight', options.goldWeight, parseGrams, 'grams such as 0.5'),
    amount: parsed<Rupiah>('--amount', options.amount, parseRupiah, 'whole rupiah such as 441000'),
    fee: parsed<Rupiah>('--fee', options.fee, parseRupiah, 'whole rupiah such as 5000'),
  }
}

function parsed<T>(
  option: string,
  text: string | undefined,
  parse: (text: string) => T | null,
  expected: string,
): T | null {
  if (text === undefined) return null
  const value = parse(text)
  if (value === null) throw new Failure(2, `${option} must be ${expected}`)
  return value
}
