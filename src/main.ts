#!/usr/bin/env node
import { catchSignals } from './cli/signals.ts'

// Before anything else is loaded: see there.
catchSignals()
await import('./processes/program.ts')
