import { afterAll } from 'vitest'
import { endLeftCommands } from './command.ts'

afterAll(endLeftCommands)
