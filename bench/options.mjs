// What `npm run bench` may be asked for.
import { parseArgs } from 'node:util'
import { CONTESTANTS } from './contestants/contestants.mjs'

export class UsageError extends Error {}

const one = (text, flag) => {
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`--${flag} must be a whole number above 0, not ${text}`)
  return Number(text)
}
const several = (text, flag) => text.split(',').map((each) => one(each, flag))

function contestants(text) {
  const names = text.split(',')
  const unknown = names.find((name) => !Object.hasOwn(CONTESTANTS, name))
  if (unknown !== undefined)
    throw new UsageError(`--only knows ${Object.keys(CONTESTANTS).join(', ')}, and not ${unknown}`)
  return names
}

/** Flags with a value. Without it a sub-benchmark has a default of its own. */
export const FLAGS = {
  orders: { read: one, what: 'orders measured: engine, growth, switch, intake; stored: console' },
  concurrency: { read: one, what: 'orders at once: engine, growth, switch, intake' },
  repeat: { read: one, what: 'rounds, of which the median is shown' },
  only: { read: contestants, what: 'engine: contestants to run, separated by commas' },
  sizes: { read: several, what: 'growth: orders that wait in Postgres' },
  'job-sizes': { read: several, what: 'growth: jobs that wait in the queue' },
  lines: { read: several, what: 'recon: lines of the statement' },
  rows: { read: one, what: 'batch: rows of the file' },
  'drain-sizes': { read: several, what: 'batch: rows that are fed, and drained by a worker' },
}

const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())

/**
 * @param subs the sub-benchmarks by name
 * @throws UsageError
 */
export function parseOptions(args, subs) {
  const strings = Object.keys(FLAGS).map((name) => [name, { type: 'string' }])
  const switches = ['json', 'help'].map((name) => [name, { type: 'boolean', default: false }])
  let parsed
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: Object.fromEntries([...strings, ...switches]),
    })
  } catch (error) {
    throw new UsageError(error.message)
  }
  const { values, positionals } = parsed
  const unknown = positionals.find((name) => !Object.hasOwn(subs, name))
  if (unknown !== undefined)
    throw new UsageError(`There is no benchmark ${unknown}; there are ${Object.keys(subs).join(', ')}`)
  const given = Object.entries(FLAGS)
    .filter(([name]) => values[name] !== undefined)
    .map(([name, { read }]) => [camel(name), read(values[name], name)])
  return {
    names: positionals.length === 0 ? Object.keys(subs) : [...new Set(positionals)],
    json: values.json,
    help: values.help,
    given: Object.fromEntries(given),
  }
}

export function helpText(subs) {
  const row = ([name, what]) => `  ${name.padEnd(24)}${what}`
  const flags = Object.entries(FLAGS).map(([name, { what }]) => [`--${name} N`, what])
  return [
    'Usage: npm run bench -- [BENCHMARK…] [flags]',
    '',
    'Measures speed on this machine, beside what bounds it. Without a name it runs all:',
    '',
    ...Object.entries(subs).map(([name, { title }]) => row([name, title])),
    '',
    'Flags:',
    '',
    ...flags.map(row),
    row(['--json', 'prints the report as JSON: npm run --silent bench -- --json']),
    row(['--help', 'prints this']),
    '',
    `Contestants of the engine: ${Object.keys(CONTESTANTS).join(', ')}`,
    'docs/performance.md says how to read the figures.',
  ].join('\n')
}
