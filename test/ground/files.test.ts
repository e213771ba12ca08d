import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { SETTINGS, type SettingName } from '../../src/config.ts'
import { FAULTS } from '../../src/dev/sandbox/faults.ts'
import { ENDPOINTS, moves, type Operation } from '../../src/gateway/endpoints.ts'
import { CHECKOUT_TABLE, CONFIRM_TABLE } from '../../src/gateway/outcome-table.ts'
import { TRANSITIONS } from '../../src/orders/lifecycle.ts'
import { SETTING_USERS } from '../../src/processes/setting-users.ts'
import { BREAK_TYPES, MATCH_RULES, STAY_REASONS } from '../../src/reconciliation/enums.ts'
import { parseMapping } from '../../src/reconciliation/statements/mapping.ts'
import { RETRY_DELAYS_MS } from '../../src/webhooks/backoff.ts'
import { EVENT_KINDS } from '../../src/webhooks/enums.ts'
import { REFUSED_IPV4, REFUSED_IPV6 } from '../../src/webhooks/reachable-addresses.ts'
import { MAPPING } from '../support/factories/statement-files.ts'
import { runCommand } from '../support/servers/command.ts'
import { exampleSettings, FOR_COMPOSE, readText, tableRows } from './tables.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A verdict as docs/gateway.md prints it. */
function printed(verdict: { is: string; reason?: string; doubt?: string }): string {
  const code = verdict.reason ?? verdict.doubt
  return code === undefined ? verdict.is : `${verdict.is} ${code}`
}

describe('the pages equal the tables in the code', () => {
  it('docs/settings.md and .env.example have every setting, with its default', () => {
    const rows = tableRows(readText('docs/settings.md'))
    for (const [name, , , , users] of rows)
      expect(users, name).toBe(SETTING_USERS[name as SettingName].join(', '))
    expect(rows.map(([name]) => name)).toEqual(Object.keys(SETTINGS))
    const written = exampleSettings()
    expect(Object.keys(written)).toEqual([...FOR_COMPOSE, ...Object.keys(SETTINGS)])
    for (const [name, , given] of rows) {
      const fallback = SETTINGS[name as keyof typeof SETTINGS].safeParse(undefined).data
      expect(given, name).toBe(fallback === undefined ? '–' : String(fallback))
      if (fallback !== undefined) expect(written[name as string], name).toBe(String(fallback))
    }
  })

  it('docs/lifecycle.md has every transition with its reasons', () => {
    const rows = Object.entries(TRANSITIONS).map(([move, { from, to, reasons }]) => [
      move,
      from ?? '–',
      to,
      reasons.join(', '),
    ])
    expect(tableRows(readText('docs/lifecycle.md'))).toEqual(rows)
  })

  it('docs/gateway.md has every operation and every row of the outcome table', () => {
    const page = readText('docs/gateway.md')
    const rows = Object.entries(ENDPOINTS).map(([operation, { path, body, known }]) => [
      operation,
      path,
      body.join(', '),
      known,
      moves(operation as Operation) ? 'yes' : 'no',
    ])
    expect(tableRows(page, 'Operations')).toEqual(rows)
    const confirms = CONFIRM_TABLE.map(({ when, verdict }) => [when, printed(verdict)])
    expect(tableRows(page, "What a confirm's reply means")).toEqual(confirms)
    const checkouts = CHECKOUT_TABLE.map(({ when, verdict }) => [when, printed(verdict)])
    expect(tableRows(page, "What a checkout's reply means")).toEqual(checkouts)
  })

  it('docs/reconciliation.md has every rule, type of break and reason to stay, and every field of a mapping', () => {
    const page = readText('docs/reconciliation.md')
    expect(tableRows(page, 'How lines find their orders').map(([rule]) => rule)).toEqual([...MATCH_RULES])
    expect(tableRows(page, 'Breaks')).toEqual(
      Object.entries(BREAK_TYPES).map(([type, { dueHours, means }]) => [type, `${dueHours} h`, means]),
    )
    expect(tableRows(page, 'Doubts')).toEqual(Object.entries(STAY_REASONS))
    const fallbacks: Record<string, unknown> = parseMapping({
      columns: MAPPING.columns,
      kinds: MAPPING.kinds,
    })
    for (const [field, , fallback] of tableRows(page, 'A statement')) {
      expect(Object.keys(fallbacks)).toContain(field)
      if (fallback !== '–' && fallback !== '[]') expect(fallbacks[field as string], field).toBe(fallback)
    }
    expect(tableRows(page, 'A statement')).toHaveLength(Object.keys(fallbacks).length)
  })

  it('docs/webhooks.md has every kind of event, every pause and every refused range', () => {
    const page = readText('docs/webhooks.md')
    const under = (heading: string) => tableRows(page.replaceAll('\n### ', '\n## '), heading)
    expect(under('Kinds').map(([kind]) => kind)).toEqual([...EVENT_KINDS])
    const unitsMs: Record<string, number> = { s: 1_000, min: 60_000, h: 3_600_000 }
    const pausesMs = under('Retries').map(([, pause]) => {
      const [count, unit] = (pause ?? '').split(' ')
      return Number(count) * (unitsMs[unit ?? ''] ?? 0)
    })
    expect(pausesMs).toEqual(RETRY_DELAYS_MS)
    expect(under('Where it may go')).toEqual(
      [...REFUSED_IPV4, ...REFUSED_IPV6].map(([network, prefix, what]) => [`${network}/${prefix}`, what]),
    )
  })

  it('docs/sandbox.md has every fault', () => {
    expect(tableRows(readText('docs/sandbox.md'), 'Faults')).toEqual(
      Object.entries(FAULTS).map(([name, { what }]) => [name, what]),
    )
  })
})

describe('what others run', () => {
  it('docker-compose.yml has the services, a Redis that forgets nothing, and no privileges', () => {
    const { services } = parse(readText('docker-compose.yml'), { merge: true })
    expect(Object.keys(services)).toEqual([
      'postgres',
      'redis',
      'migrate',
      'worker',
      'scheduler',
      'web',
      'console',
      'sandbox',
    ])
    expect(services.redis.command.join(' ')).toContain('--appendonly yes --maxmemory-policy noeviction')
    for (const name of ['sandbox', 'console']) expect(services[name].profiles).toEqual([name])
    expect(services.worker.depends_on).toMatchObject({
      migrate: { condition: 'service_completed_successfully' },
      redis: { condition: 'service_healthy' },
    })
    for (const name of ['worker', 'scheduler', 'web', 'console'])
      expect(services[name].command).toEqual([name])
    for (const service of Object.values<{ privileged?: boolean; user?: string }>(services)) {
      expect(service.privileged).toBeUndefined()
      expect(service.user).not.toBe('root')
    }
  })

  it('the Dockerfile ends as another user than root, without development packages', () => {
    const last =
      readText('Dockerfile')
        .split(/^FROM /m)
        .at(-1) ?? ''
    expect(last).toMatch(/^USER node$/m)
    expect(last).toMatch(/^ENTRYPOINT \["node", "dist\/main\.js"\]$/m)
    expect(readText('Dockerfile')).toContain('--omit=dev')
  })

  it.each(
    readText('Procfile')
      .trim()
      .split('\n')
      .map((line) => line.split(/:\s*/) as [string, string]),
  )('the Procfile runs %s: %s', async (_name, command) => {
    const [node, main, ...args] = command.split(' ')
    expect([node, main]).toEqual(['node', 'dist/main.js'])
    expect(await runCommand([...args, '--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: goldpro'),
    })
  })

  it('package.json pins every version exactly', () => {
    const { dependencies, devDependencies } = JSON.parse(readText('package.json'))
    // A folder of this repository, with versions of its own.
    const { 'client-generators': folder, ...others } = devDependencies
    expect(folder).toBe('file:test/clients/generators')
    const generators = JSON.parse(readText('test/clients/generators/package.json')).dependencies
    for (const [name, version] of Object.entries({ ...dependencies, ...others, ...generators }))
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/)
  })

  // `npm ci` refuses a lock file without them, on every machine: npm leaves them out when it writes the lock
  // while the registry does not have them yet.
  it('package-lock.json has the optional packages of every platform', () => {
    const { packages } = JSON.parse(readText('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>
    }
    const missing = Object.entries(packages).flatMap(([folder, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          packages[`${folder}/node_modules/${name}`] === undefined &&
          packages[`node_modules/${name}`] === undefined,
      ),
    )
    expect(missing).toEqual([])
  })

  it('.ci/run calls the command that the README gives', () => {
    expect(readText('.ci/run')).toContain('npm ci && npm test')
    expect(readText('README.md')).toContain('npm ci && npm test')
    expect(readText('README.md')).toContain('npm ci && npm run demo')
  })
})

describe('what is committed', () => {
  // In pieces, or this file would be found.
  const NEEDLES = [
    'Roy ' + 'Manson',
    'manson' + 'siallagan',
    '0857770' + '90084',
    '0821857' + '20070',
    '31740101' + '09970007',
    'Dicha ' + 'Putri',
    'Sin' + 'yar',
    '/wo' + 'rk/',
    '/ro' + 'ot/',
  ]

  it('names nobody of the gateway document, and no place of the machine it was written on', () => {
    const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
    })
      .split('\0')
      .filter((file) => file !== '' && file !== 'package-lock.json')
    expect(files.length).toBeGreaterThan(100)
    for (const file of files) {
      const text = readText(file)
      for (const needle of NEEDLES) expect(text.includes(needle), `${file} has ${needle}`).toBe(false)
    }
  })
})
