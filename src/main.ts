#!/usr/bin/env node
import { preparedText } from './cli/prepared-help.ts'
import { catchSignals } from './cli/signals.ts'

// Before anything else is loaded: see there.
catchSignals()
// A reader such as `head` may have seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})
const given = process.argv.slice(2)
const args = given.length === 0 ? ['--help'] : given
const text = await preparedText(args)
if (text === null) {
  const { runProgram } = await import('./processes/program.ts')
  process.exitCode = await runProgram(args)
} else process.stdout.write(text)
