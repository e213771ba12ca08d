import { expect, it } from 'vitest'
import { endLeftCommands, startCommand } from '../support/servers/command.ts'

it('a command that a failed test has left running ends with its file', async () => {
  const left = startCommand(['sandbox', '--port', '0'])
  await left.printed('http://127.0.0.1:')
  await endLeftCommands()
  expect(left.child.signalCode).toBe('SIGKILL')
  await endLeftCommands()
})
