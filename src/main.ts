#!/usr/bin/env node
import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { demoCommand } from './cli/demo.ts'
import { enqueueCommand } from './cli/enqueue.ts'
import { describeFailure } from './cli/failure.ts'
import { gatewayCommand } from './cli/gateway.ts'
import { migrateCommand } from './cli/migrate.ts'
import { ordersCommand } from './cli/orders.ts'
import { sandboxCommand } from './cli/sandbox.ts'
import { upCommand } from './cli/up.ts'
import { workerCommand } from './cli/worker.ts'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

const program = new Command('goldpro')
  .description(
    'takes gold orders through the GoldPro gateway: at most one send per quote, and an honest in_doubt',
  )
  .version(version)
  .addHelpText('after', '\nStart here:\n  $ goldpro demo\n  $ goldpro up')

const COMMANDS = [
  demoCommand(),
  upCommand(),
  migrateCommand(),
  workerCommand(),
  sandboxCommand(),
  enqueueCommand(),
  ordersCommand(),
  gatewayCommand(),
]
for (const command of COMMANDS) program.addCommand(command)

/** Wrong usage ends with 2, help with 0; commander would end both with its own codes. */
function exitLikeUs(command: Command): void {
  command.exitOverride()
  command.showHelpAfterError('(add --help for what it takes)')
  for (const sub of command.commands) exitLikeUs(sub)
}
exitLikeUs(program)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 || error.code === 'commander.help' ? 0 : 2
  } else {
    const { line, exitCode } = describeFailure(error)
    console.error(`goldpro: ${line}`)
    process.exitCode = exitCode
  }
}
