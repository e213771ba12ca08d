import { describe, expect, it, vi } from 'vitest'
import { forEach } from '../../src/cli/each.ts'
import { Failure } from '../../src/cli/failure.ts'
import { parsedBy, severalOf } from '../../src/cli/options.ts'
import { createProgram } from '../../src/processes/program.ts'

const takesSeveral = async (name: string) => {
  const [group = '', ...rest] = name.split(' ')
  let command = (await createProgram(group)).commands.find((each) => each.name() === group)
  for (const part of rest) command = command?.commands.find((each) => each.name() === part)
  return command?.registeredArguments[0]?.variadic
}

describe('a command that pauses, resumes, ends or decides', () => {
  it.each([
    ...['orders cancel', 'orders hold', 'orders release'],
    ...['plan pause', 'plan resume', 'plan remove'],
    ...['batch pause', 'batch resume', 'batch cancel'],
    ...['webhook pause', 'webhook resume', 'webhook remove'],
    ...['partner suspend', 'partner resume'],
    ...['approvals approve', 'approvals decline'],
    ...['recon breaks assign', 'recon breaks note', 'recon breaks propose'],
    ...['recon breaks approve', 'recon breaks reject'],
  ])('takes several: %s', async (name) => {
    expect(await takesSeveral(name)).toBe(true)
  })
})

describe('several values', () => {
  const numbers = severalOf(parsedBy((text) => (/^\d+$/.test(text) ? Number(text) : null), 'a number'))

  it('are parsed one by one, and none of them twice', () => {
    expect(['1', '2', '1'].reduce<readonly number[]>((all, text) => numbers(text, all), [])).toEqual([1, 2])
  })

  it('are refused where one of them is', () => {
    expect(() => numbers('x', [1])).toThrow('must be a number')
  })
})

describe('each of several', () => {
  const refused = new Set(['b', 'c'])
  const work = async (one: string) => {
    if (refused.has(one)) throw new Failure(1, `${one} is final`)
  }

  it('is told by itself when it is refused, and the command fails once all were tried', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {})
    try {
      await expect(forEach(['a', 'b', 'c'], work)).rejects.toThrow('2 of 3 were refused')
      expect(told.mock.calls.flat()).toEqual(['b: b is final', 'c: c is final'])
    } finally {
      told.mockRestore()
    }
  })

  it('alone fails as it always did', async () => {
    await expect(forEach(['b'], work)).rejects.toThrow('b is final')
  })

  it('is not tried any more when something fails that has to do with all of them', async () => {
    const tried: string[] = []
    const away = async (one: string) => {
      tried.push(one)
      throw new Failure(2, 'there is no database')
    }
    await expect(forEach(['a', 'b'], away)).rejects.toThrow('there is no database')
    expect(tried).toEqual(['a'])
  })
})
