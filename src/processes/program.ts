import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { currentUser } from '../cli/current-user.ts'
import { describeFailure, type ExitCode } from '../cli/failure.ts'
import { showTimesIn } from '../cli/shown-time.ts'
import { showTablesAs } from '../cli/table.ts'
import { terminalLook } from '../cli/terminal-look.ts'
import { readSecretFiles } from './secret-files.ts'
import { type CommandName, keepOwnSettings } from './setting-users.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

/** The loader of each command. Only the given command is loaded, so that it starts sooner. */
const COMMANDS: Record<CommandName, () => Promise<Command>> = {
  demo: async () => (await import('./demo/demo.ts')).demoCommand(),
  up: async () => (await import('./up.ts')).upCommand(),
  migrate: async () =>
    (await import('../cli/migrate.ts')).migrateCommand((await import('./console-key.ts')).letConsoleIn),
  worker: async () => (await import('./worker-command.ts')).workerCommand(),
  web: async () => (await import('./web-command.ts')).webCommand(),
  console: async () => (await import('./console-command.ts')).consoleCommand(),
  scheduler: async () => (await import('./scheduler-command.ts')).schedulerCommand(),
  sandbox: async () => (await import('../dev/sandbox/cli/sandbox-command.ts')).sandboxCommand(),
  enqueue: async () => (await import('../orders/cli/enqueue.ts')).enqueueCommand(),
  partner: async () => (await import('../partners/cli/partner.ts')).partnerCommand(),
  wallet: async () => (await import('../wallets/cli/wallet.ts')).walletCommand(),
  async orders() {
    const { ordersCommand } = await import('../orders/cli/orders.ts')
    const { readOrderOrigins } = await import('../plans/order-origins.ts')
    const { resolutionCommands } = await import('../reconciliation/cli/order-resolution.ts')
    const { readOrderHold } = await import('../switches/queries.ts')
    const { readMatchedLines } = await import('../reconciliation/matched-lines.ts')
    const { readOrderDeliveries } = await import('../webhooks/order-deliveries.ts')
    const { findBatchOrPlan } = await import('./find-batch-or-plan.ts')
    const evidence = { readLines: readMatchedLines, readDeliveries: readOrderDeliveries }
    const readers = { readOrigins: readOrderOrigins, readHold: readOrderHold, ...evidence }
    return ordersCommand(readers, findBatchOrPlan, resolutionCommands(currentUser()))
  },
  plan: async () => (await import('../plans/cli/plan.ts')).planCommand(),
  holidays: async () => (await import('../holidays/cli/holidays.ts')).holidaysCommand(),
  prices: async () => (await import('../prices/cli.ts')).pricesCommand(),
  batch: async () => (await import('../batches/cli/batch.ts')).batchCommand(),
  recon: async () => (await import('../reconciliation/cli/recon.ts')).reconCommand(),
  webhook: async () => (await import('../webhooks/cli/webhook.ts')).webhookCommand(),
  recover: async () => (await import('../recovery/cli.ts')).recoverCommand(),
  switch: async () => (await import('../switches/cli/switch.ts')).switchCommand(),
  async approvals() {
    const { approvalsCommand } = await import('../approvals/cli/approvals.ts')
    const { CHANGE_KINDS } = await import('./change-kinds.ts')
    return approvalsCommand(CHANGE_KINDS)
  },
  operator: async () => (await import('../operators/cli/operator.ts')).operatorCommand(),
  login: async () => (await import('../operators/cli/login.ts')).loginCommand(),
  logout: async () => (await import('../operators/cli/login.ts')).logoutCommand(),
  whoami: async () => (await import('../operators/cli/login.ts')).whoamiCommand(),
  status: async () => (await import('../risk/cli/status.ts')).statusCommand(),
  gateway: async () => (await import('../gateway/cli.ts')).gatewayCommand(),
  doctor: async () => (await import('./doctor/doctor.ts')).doctorCommand(),
  completion: async () =>
    (await import('./completion-command.ts')).completionCommand(() => createProgram('')),
}
const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name)

/** Runs `goldpro` with these arguments. Every failure becomes a line and an exit code; what it throws is a defect. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  const program = await createProgram(args[0] ?? '')
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 || error.code === 'commander.help' ? 0 : 2
    const { line, exitCode } = describeFailure((await describedPostgresError(error)) ?? error)
    console.error(`goldpro: ${line}`)
    return exitCode
  }
}

interface GlobalOptions {
  readonly utc?: true
  readonly columns?: readonly string[]
  readonly wide?: true
}

const namesOf = (text: string) => text.split(',').map((name) => name.trim())

/** All commands, or the given one. */
export async function createProgram(given: string): Promise<Command> {
  const program = new Command('goldpro')
    .description(
      'takes gold orders through the GoldPro gateway: at most one send per quote, and an honest in_doubt',
    )
    .version(version)
    .option('--utc', 'show times in UTC instead of Asia/Jakarta')
    .option('--columns <names>', 'show only these columns of a table, in this order: state,wallet', namesOf)
    .option('--wide', 'show texts whole, also where they are wider than the terminal')
    .hook('preAction', (command) => {
      const { utc, columns = null, wide = false } = command.opts<GlobalOptions>()
      showTimesIn(utc ? 'UTC' : 'Asia/Jakarta')
      showTablesAs({ columns, ...terminalLook(process.stdout, wide) })
    })
    .addHelpText('after', '\nStart here:\n  $ goldpro demo\n  $ goldpro up')
  const loaders = isCommand(given) ? [COMMANDS[given]] : Object.values(COMMANDS)
  for (const load of loaders) program.addCommand(await load())
  // Before a command runs, the settings that it does not use are removed from its environment.
  program.hook('preAction', async (_program, action) => {
    let command = action
    while (command.parent !== null && command.parent !== program) command = command.parent
    keepOwnSettings(command.name(), process.env)
    // The doctor says which of the files cannot be read.
    if (command.name() !== 'doctor') readSecretFiles(process.env)
    await (await import('../operators/cli/sign-in.ts')).signIn(action)
  })
  setExitCodes(program)
  return program
}

/** Columns of help texts, whatever the terminal's: they are rendered when the program is built. */
const HELP_WIDTH = 80

/** Exit codes: 2 for wrong usage, 0 for help. Commander would use its own. */
function setExitCodes(command: Command): void {
  command.exitOverride()
  command.configureOutput({ getOutHelpWidth: () => HELP_WIDTH, getErrHelpWidth: () => HELP_WIDTH })
  command.configureHelp({ showGlobalOptions: true })
  command.showHelpAfterError('(add --help to see the usage)')
  for (const sub of command.commands) setExitCodes(sub)
}

/** Describes an error of Postgres. Loaded only when a command has failed. */
async function describedPostgresError(error: unknown): Promise<Error | null> {
  if (!(error instanceof Error) || error.name !== 'StorageError') return null
  return (await import('../cli/postgres-failure.ts')).postgresFailure(error)
}
