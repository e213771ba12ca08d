import { describe, expect, it } from 'vitest'

const bench = (file: string) => import(new URL(`../../bench/${file}`, import.meta.url).href)
const { helpText, parseOptions, UsageError } = await bench('options.mjs')
const { formatReport } = await bench('print.mjs')
const { SUB_BENCHMARKS } = await bench('sub-benchmarks.mjs')
const { medians, ratio, runRounds } = await bench('rounds.mjs')
const { cpuSecondsWithChildren, parseStat } = await bench('measure.mjs')

const parse = (...args: string[]) => parseOptions(args, SUB_BENCHMARKS)

const ALL = ['engine', 'growth', 'switch', 'recon', 'intake', 'batch', 'console']

describe('npm run bench', () => {
  it('runs everything by the defaults of each when nothing is asked for', () => {
    expect(parse()).toEqual({ names: ALL, json: false, help: false, given: {} })
  })

  it('takes names, sizes and contestants', () => {
    const args = ['engine', 'growth', '--orders', '50', '--sizes', '10,20', '--job-sizes', '5', '--json']
    expect(parse(...args, '--only', 'undici,goldpro-redis')).toEqual({
      names: ['engine', 'growth'],
      json: true,
      help: false,
      given: { orders: 50, sizes: [10, 20], jobSizes: [5], only: ['undici', 'goldpro-redis'] },
    })
  })

  it.each([
    [
      ['speed'],
      'There is no benchmark speed; there are engine, growth, switch, recon, intake, batch, console',
    ],
    [['--orders', '0'], '--orders must be a whole number above 0, not 0'],
    [['--sizes', '10,many'], '--sizes must be a whole number above 0, not many'],
    [['--only', 'sidekiq'], /^--only knows undici, axios, .*, and not sidekiq$/],
    [['--fast'], /--fast/],
  ])('refuses %j', (args, problem) => {
    expect(() => parse(...args)).toThrow(UsageError)
    expect(() => parse(...args)).toThrow(problem)
  })

  it('explains itself', () => {
    const help = helpText(SUB_BENCHMARKS)
    for (const name of [...ALL, '--orders', '--repeat', '--json', 'graphile']) expect(help).toContain(name)
  })
})

describe('rounds', () => {
  it('alternate, and give medians and the ratios of what ran in the same round', async () => {
    const order: string[] = []
    const measured = (name: string, rates: number[]) => (round: number) => {
      order.push(name)
      return { perSecond: rates[round - 1], postgresCpuMicros: null }
    }
    const all = { floor: measured('floor', [100, 10, 40]), ours: measured('ours', [50, 9, 10]) }
    const rounds = await runRounds(all, { repeat: 3, tell() {} })
    expect(order).toEqual(['floor', 'ours', 'floor', 'ours', 'floor', 'ours'])
    expect(medians(rounds.get('ours'))).toEqual({ perSecond: 10, postgresCpuMicros: null })
    expect(ratio(rounds, 'ours', 'floor')).toBe(0.5)
    expect(ratio(rounds, 'ours', 'floor', 'postgresCpuMicros')).toBeNull()
    expect(ratio(rounds, 'ours', 'not measured')).toBeNull()
  })
})

describe('CPU of a server', () => {
  it('counts what its exited children used, and reads a program name with spaces and parentheses', () => {
    const stat = '42 (postgres: io) (x) S 7 42 42 0 -1 4194560 9 9 9 9 11 22 33 44 20 0 1 0 100'
    expect(parseStat(stat)).toEqual({ parent: 7, ticks: 110, ofExited: 77 })
  })

  it('is unknown of a process that is not there', () => {
    expect(cpuSecondsWithChildren(2 ** 30)).toBeNull()
  })
})

describe('the report', () => {
  const machine = {
    ...{ cores: 2, cpu: 'a processor', memoryGiB: 24, loadBefore: 0.5, system: 'Linux' },
    ...{ node: 'v20.20.2', postgres: '18.4', redis: null, commit: '0123456789ab' },
  }
  const benchmarks = [
    {
      ...{ name: 'engine', title: 'orders', conditions: '50 buys' },
      rows: [
        { name: 'floor', ratios: { '÷ floor': 1 }, figures: { perSecond: 1_000, postgresCpuMicros: null } },
        { name: 'ours', ratios: { '÷ floor': 0.95 }, figures: { perSecond: 950, postgresCpuMicros: 12.4 } },
      ],
      targets: [
        { what: 'ours ÷ floor', value: 0.95, atLeast: 0.9 },
        { what: 'CPU', value: 3.5, atMost: 3 },
        { what: 'not measured', value: null, atLeast: 1 },
      ],
      notes: ['There is no redis-server'],
    },
    { name: 'recon', title: 'lines', failure: 'the disk is full' },
  ]

  it('has ratios before figures, targets, what was not measured, the machine and failures', () => {
    const lines: string[] = formatReport({ machine, benchmarks }).split('\n')
    const at = lines.findIndex((line) => line.includes('÷ floor  orders/s'))
    expect(lines.slice(at, at + 3)).toEqual([
      '         ÷ floor  orders/s  PG CPU µs',
      '  floor     1.00      1000          –',
      '  ours      0.95       950         12',
    ])
    const text = lines.join('\n')
    expect(text).toMatch(/ours ÷ floor +0\.95 +≥ 0\.9 +met/)
    expect(text).toMatch(/CPU +3\.50 +≤ 3 +missed/)
    expect(text).toMatch(/not measured +– +≥ 1$/m)
    for (const part of ['2 cores (a processor)', 'Redis –', '0123456789ab', 'There is no redis-server'])
      expect(text).toContain(part)
    expect(text).toContain('recon: failed\n  the disk is full')
  })
})
