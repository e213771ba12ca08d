import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { pathOf } from '../../src/operators/cli/sign-in.ts'
import { COMMAND_RIGHTS } from '../../src/operators/command-rights.ts'
import { createProgram } from '../../src/processes/program.ts'
import { OPERATOR_ROUTES, ROUTES } from '../../src/processes/routes.ts'

/** Every command that does something itself, also one that has others below it. */
function actionsOf(command: Command): Command[] {
  const isAction = (command as unknown as { _actionHandler: unknown })._actionHandler !== null
  return [...(isAction ? [command] : []), ...command.commands.flatMap(actionsOf)]
}

const commands = actionsOf(await createProgram(''))
const changing = Object.entries(COMMAND_RIGHTS).filter(([, { people }]) => people > 0)

describe('the table of rights', () => {
  it('has every command, and no other', () => {
    expect(commands.length).toBeGreaterThan(60)
    expect(commands.map(pathOf).sort()).toEqual(Object.keys(COMMAND_RIGHTS).sort())
  })

  it('has the command of every route of operators', () => {
    expect(OPERATOR_ROUTES.map(({ operatorCommand = '' }) => COMMAND_RIGHTS[operatorCommand])).not.toContain(
      undefined,
    )
    expect(OPERATOR_ROUTES.every(({ scope }) => scope === null)).toBe(true)
    expect(ROUTES.every(({ operatorCommand }) => operatorCommand === undefined)).toBe(true)
  })

  it('lets viewers into no command that changes something, but where Postgres tells what they do', () => {
    const byViewers = changing.filter(([, { needs }]) => needs === 'nobody' || needs.includes('viewer'))
    expect(byViewers.map(([name]) => name)).toEqual([
      'operator invite',
      'operator link-oidc',
      'operator confirm',
      'operator revoke-sign-in',
      'operator rotate',
      'wallet policy',
    ])
  })

  it.each([
    ['orders approve', 'checker'],
    ['batch approve', 'checker'],
    ['recon breaks approve', 'checker'],
    ['operator add', 'admin'],
  ])('lets only one role %s', (name, role) => {
    expect(COMMAND_RIGHTS[name]).toEqual({ needs: [role], people: 2 })
  })
})
