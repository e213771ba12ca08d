#!/usr/bin/env node
import { catchSignals } from './cli/signals.ts'

// Before anything else is loaded: see there.
catchSignals()
// A reader such as `head` may have seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})
const { runProgram } = await import('./processes/program.ts')
process.exitCode = await runProgram(process.argv.slice(2))
