import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { currentUser } from '../cli/current-user.ts'
import { describeFailure, type ExitCode } from '../cli/failure.ts'
import { showTimesIn } from '../cli/shown-time.ts'
import { type CommandName, keepOwnSettings } from './setting-users.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

/** Each command with what it imports: only the one that is asked for is loaded, which makes the others start sooner. */
const COMMANDS: Record<CommandName, () => Promise<Command>> = {
  demo: async () => (await import('./demo/demo.ts')).demoCommand(),
  up: async () => (await import('./up.ts')).upCommand(),
  migrate: async () => (await import('../cli/migrate.ts')).migrateCommand(),
  worker: async () => (await import('./worker-command.ts')).workerCommand(),
  web: async () => (await import('./web-command.ts')).webCommand(),
  scheduler: async () => (await import('./scheduler-command.ts')).schedulerCommand(),
  sandbox: async () => (await import('../dev/sandbox/cli/sandbox-command.ts')).sandboxCommand(),
  enqueue: async () => (await import('../orders/cli/enqueue.ts')).enqueueCommand(),
  partner: async () => (await import('../partners/cli/partner.ts')).partnerCommand(),
  async orders() {
    const { ordersCommand } = await import('../orders/cli/orders.ts')
    const { resolutionCommands } = await import('../reconciliation/cli/order-resolution.ts')
    return ordersCommand(resolutionCommands(currentUser()))
  },
  plan: async () => (await import('../plans/cli/plan.ts')).planCommand(),
  prices: async () => (await import('../prices/cli.ts')).pricesCommand(),
  batch: async () => (await import('../batches/cli/batch.ts')).batchCommand(),
  recon: async () => (await import('../reconciliation/cli/recon.ts')).reconCommand(),
  webhook: async () => (await import('../webhooks/cli/webhook.ts')).webhookCommand(),
  gateway: async () => (await import('../gateway/cli.ts')).gatewayCommand(),
}
const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name)

/** Runs `goldpro` with these arguments; what it throws is a defect, for every failure becomes a line and an exit code. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  const program = await createProgram(args[0] ?? '')
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 || error.code === 'commander.help' ? 0 : 2
    const { line, exitCode } = describeFailure((await knownTrouble(error)) ?? error)
    console.error(`goldpro: ${line}`)
    return exitCode
  }
}

async function createProgram(asked: string): Promise<Command> {
  const program = new Command('goldpro')
    .description(
      'takes gold orders through the GoldPro gateway: at most one send per quote, and an honest in_doubt',
    )
    .version(version)
    .option('--utc', 'show times in UTC instead of Asia/Jakarta')
    .hook('preAction', (command) => {
      showTimesIn(command.opts<{ utc?: true }>().utc ? 'UTC' : 'Asia/Jakarta')
    })
    .addHelpText('after', '\nStart here:\n  $ goldpro demo\n  $ goldpro up')
  const loaders = isCommand(asked) ? [COMMANDS[asked]] : Object.values(COMMANDS)
  for (const load of loaders) program.addCommand(await load())
  // Before anything of the command runs: it is left the settings that it uses, and no secret of another's.
  program.hook('preAction', (_program, action) => {
    let command = action
    while (command.parent !== null && command.parent !== program) command = command.parent
    keepOwnSettings(command.name(), process.env)
  })
  exitLikeUs(program)
  return program
}

/** Wrong usage ends with 2, help with 0; commander would end both with its own codes. */
function exitLikeUs(command: Command): void {
  command.exitOverride()
  command.configureHelp({ showGlobalOptions: true })
  command.showHelpAfterError('(add --help for what it takes)')
  for (const sub of command.commands) exitLikeUs(sub)
}

/** What to do about trouble with Postgres. Loaded only when a command has failed. */
async function knownTrouble(error: unknown): Promise<Error | null> {
  if (!(error instanceof Error) || error.name !== 'StorageError') return null
  return (await import('../cli/postgres-failure.ts')).postgresFailure(error)
}
