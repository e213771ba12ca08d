import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { COMMAND_NAMES, keepOwnSettings, SETTING_USERS } from '../../src/processes/setting-users.ts'
import { readText } from './tables.ts'

interface Service {
  readonly image?: string
  readonly env_file?: unknown
  readonly environment?: Record<string, string>
  readonly command?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
}

const { services } = parse(readText('docker-compose.yml')) as { services: Record<string, Service> }
const PROCESSES = ['migrate', 'worker', 'scheduler', 'web', 'console', 'sandbox'] as const
const OF_GATEWAY = [
  'GATEWAY_CLIENT_ID',
  'GATEWAY_CLIENT_SECRET',
  'GATEWAY_SIGNING_KEY_ID',
  'GATEWAY_SIGNING_SECRET',
]

const settingsOf = (command: string) =>
  Object.entries(SETTING_USERS).flatMap(([name, users]) =>
    users.some((user) => user === command) ? [name] : [],
  )

describe('the settings of a command', () => {
  it.each(COMMAND_NAMES)('%s keeps its own, and takes all others out of the environment', (command) => {
    const env: Record<string, string> = { PATH: '/bin' }
    for (const name of Object.keys(SETTING_USERS)) env[name] = 'a secret'
    keepOwnSettings(command, env)
    expect(Object.keys(env).sort()).toEqual(['PATH', ...settingsOf(command)].sort())
  })

  it.each(['', 'help', 'constructor', 'Worker'])('a command %j that there is not keeps none', (command) => {
    const env: Record<string, string> = { DATABASE_URL: 'a secret', GATEWAY_CLIENT_SECRET: 'a secret' }
    keepOwnSettings(command, env)
    expect(env).toEqual({})
  })

  it("gives what calls partners' URLs nothing secret of the gateway, and what calls neither nothing of both", () => {
    for (const command of ['scheduler', 'webhook', 'migrate', 'enqueue', 'recon', 'partner'])
      expect(
        settingsOf(command).filter((name) => OF_GATEWAY.includes(name)),
        command,
      ).toEqual([])
    expect(settingsOf('sandbox')).not.toContain('DATABASE_URL')
    expect(settingsOf('migrate')).toEqual(['DATABASE_URL', 'CONSOLE_SECRET'])
  })
})

describe('docker-compose.yml', () => {
  it.each(PROCESSES)('gives %s the settings that it uses, and no file with all of them', (name) => {
    const { environment = {}, env_file } = services[name] ?? {}
    expect(env_file).toBeUndefined()
    expect(Object.keys(environment)).toEqual(settingsOf(name))
  })

  it('runs only the migration as the owner, and nothing as the superuser', () => {
    const roles = PROCESSES.map((name) => [
      name,
      /postgres:\/\/(\w+):\$\{(\w+)/.exec(services[name]?.environment?.DATABASE_URL ?? '')?.slice(1) ?? [],
    ])
    const program = ['goldpro', 'PROGRAM_PASSWORD']
    expect(Object.fromEntries(roles)).toEqual({
      migrate: ['goldpro_owner', 'OWNER_PASSWORD'],
      ...{ worker: program, scheduler: program, web: program, console: program, sandbox: [] },
    })
    expect(services.migrate?.command).toEqual(['migrate', '--grant-to', 'goldpro'])
    for (const role of ['goldpro_owner', 'goldpro'])
      expect(readText('docker/roles.sql')).toContain(`CREATE ROLE ${role} LOGIN PASSWORD :'`)
  })

  it('has a Redis that asks for a password, which is in no argument', () => {
    const { command = [], healthcheck } = services.redis ?? {}
    expect(command.join(' ')).toMatch(/redis-server - [^$]*<<CONF\nrequirepass \$\$REDIS_PASSWORD\nCONF/)
    expect(healthcheck?.test.join(' ')).toContain('REDISCLI_AUTH="$$REDIS_PASSWORD"')
    for (const name of ['worker', 'scheduler', 'web', 'console'])
      expect(services[name]?.environment?.REDIS_URL).toMatch(/^redis:\/\/:\$\{REDIS_PASSWORD:\?/)
  })

  it('names images by version and digest, and has no password of its own', () => {
    for (const name of ['postgres', 'redis'])
      expect(services[name]?.image).toMatch(/^\w+:\d+\.[\d.]+@sha256:[0-9a-f]{64}$/)
    const written = Object.values(services).flatMap(({ environment = {} }) => Object.entries(environment))
    for (const [name, value] of written)
      if (/PASSWORD|SECRET|HEADERS|_KEY|CLIENT/.test(name))
        expect(value, name).toMatch(/^\$\{\w+:[-?][^}]*\}$/)
  })
})
