import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseSettings } from '../../src/config.ts'
import { exampleSettings, readText } from '../ground/tables.ts'

interface Service {
  readonly image?: string
  readonly build?: string
  readonly profiles?: readonly string[]
  readonly environment?: Record<string, string | number | null>
  readonly ports?: readonly string[]
  readonly depends_on?: Record<string, unknown>
}

const composed = readText('docker-compose.yml')

/** As Compose fills in `${NAME:-default}` and `${NAME:?message}`. @throws Error where it would refuse to start */
function filledIn(text: string, env: Record<string, string>): string {
  return text.replaceAll(/\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g, (found, name?: string, kind?, rest?) => {
    if (name === undefined) return '$'
    const value = env[name] ?? ''
    if (value !== '') return value
    if (kind === '?') throw new Error(`${name}: ${rest}`)
    if (kind === undefined) throw new Error(`${found} is used without a default`)
    return rest
  })
}

function servicesOf(env: Record<string, string>): Record<string, Service> {
  return parse(filledIn(composed, env)).services
}

/** What `docker compose up` starts. */
function started(env: Record<string, string>): [string, Service][] {
  const profiles = env.COMPOSE_PROFILES?.split(',') ?? []
  return Object.entries(servicesOf(env)).filter(
    ([, service]) => service.profiles?.some((each) => profiles.includes(each)) ?? true,
  )
}

describe('docker-compose.yml with .env.example as it is', () => {
  const example = exampleSettings()

  it('starts everything but the console, and each with settings that the program accepts', () => {
    const services = started(example)
    expect(services.map(([name]) => name)).toEqual([
      ...['postgres', 'redis', 'migrate', 'worker', 'scheduler', 'web', 'sandbox'],
    ])
    for (const [name, { environment = {}, depends_on = {} }] of services) {
      if (name === 'postgres' || name === 'redis') continue
      const env = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, String(value ?? '')]),
      )
      expect(() => parseSettings(env), name).not.toThrow()
      for (const other of Object.keys(depends_on)) expect(services.map(([each]) => each)).toContain(other)
    }
  })

  it('sends orders to the sandbox that it starts, at the port where it listens', () => {
    const { worker, sandbox } = servicesOf(example)
    const gateway = new URL(String(worker?.environment?.GATEWAY_URL))
    expect([gateway.hostname, example.COMPOSE_PROFILES]).toEqual(['sandbox', 'sandbox'])
    expect(sandbox?.ports).toEqual([`127.0.0.1:${gateway.port}:${gateway.port}`])
  })

  it('connects as the roles whose passwords it sets', () => {
    const { postgres, redis, migrate, web } = servicesOf(example)
    const passwordIn = (url: unknown) => new URL(String(url)).password
    expect(passwordIn(migrate?.environment?.DATABASE_URL)).toBe(postgres?.environment?.OWNER_PASSWORD)
    expect(passwordIn(web?.environment?.DATABASE_URL)).toBe(postgres?.environment?.PROGRAM_PASSWORD)
    expect(passwordIn(web?.environment?.REDIS_URL)).toBe(redis?.environment?.REDIS_PASSWORD)
  })

  it('publishes ports to this machine only, for its passwords are known to everybody', () => {
    const ports = Object.values(servicesOf(example)).flatMap((service) => service.ports ?? [])
    expect(ports.length).toBe(3)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  })

  it('starts the console with its profile and a secret', () => {
    const secret = 'not-a-secret-'.repeat(4)
    const env = { ...example, COMPOSE_PROFILES: 'sandbox,console', CONSOLE_SECRET: secret }
    const { console: page, migrate } = Object.fromEntries(started(env))
    expect(page?.environment?.CONSOLE_SECRET).toBe(secret)
    expect(migrate?.environment?.CONSOLE_SECRET).toBe(secret)
  })

  it.each(['POSTGRES_PASSWORD', 'OWNER_PASSWORD', 'PROGRAM_PASSWORD', 'REDIS_PASSWORD', 'GATEWAY_URL'])(
    'does not start without %s, and names it',
    (name) => {
      expect(() => servicesOf({ ...example, [name]: '' })).toThrow(`${name}: set it in .env`)
    },
  )

  it('builds one image, which all processes of the program use', () => {
    const own = Object.entries(servicesOf(example)).filter(([name]) => !['postgres', 'redis'].includes(name))
    expect(own.filter(([, { build }]) => build !== undefined).map(([name]) => name)).toEqual(['migrate'])
    expect(new Set(own.map(([, { image }]) => image))).toEqual(new Set(['goldpro-worker:local']))
  })
})
