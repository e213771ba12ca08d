import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { makeAuthority } from '../support/servers/certificates.ts'
import { startOwnRedis, startTlsRedis, testRedis } from '../support/servers/redis.ts'

const PASSWORD = 'aPasswordOfATest'
const TRUSTED = makeAuthority('the authority of Redis')
const STRANGER = makeAuthority('another authority')
const module = (path: string) => JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href)

const toStop: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of toStop.splice(0)) await stop()
})

async function serve(hosts: readonly string[]): Promise<string> {
  const { port, stop } = await startTlsRedis(TRUSTED.issue(hosts), PASSWORD)
  toStop.push(stop)
  return `rediss://:${PASSWORD}@127.0.0.1:${port}`
}

/** What a process says that trusts an authority: Node takes further authorities only when it starts. */
async function reach(url: string, authority: string | null): Promise<string> {
  const script = `
    const { pingRedis } = await import(${module('queue/probe.js')})
    const { openQueue } = await import(${module('queue/backend.js')})
    const { orUnreachable } = await import(${module('cli/context.js')})
    const url = process.env.REDIS_URL
    try {
      await orUnreachable('Redis', 'REDIS_URL', url, () => pingRedis(url))
      const queue = openQueue({ redisUrl: url, databaseUrl: null }, () => {})
      const added = await queue.addBulk([{ name: 'order', data: {} }])
      await queue.close()
      console.log('added', added.length)
    } catch (error) { console.log(error.exitCode + ': ' + error.message) }`
  const file = join(mkdtempSync(join(tmpdir(), 'goldpro-tls-')), 'ca.pem')
  if (authority !== null) writeFileSync(file, authority)
  const trust = authority === null ? {} : { NODE_EXTRA_CA_CERTS: file }
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', script],
    { env: { PATH: process.env.PATH, REDIS_URL: url, ...trust }, timeout: 60_000 },
  )
  expect(stdout + stderr).not.toContain(PASSWORD)
  return stdout.trim()
}

describe.skipIf('skip' in testRedis())(
  'rediss://',
  () => {
    it('adds a job over TLS to a server whose authority Node is told of', async () => {
      expect(await reach(await serve(['127.0.0.1']), TRUSTED.pem)).toBe('added 1')
    })

    it.each([
      ['another authority', STRANGER.pem],
      ['none', null],
    ])('refuses the server where Node is told of %s', async (_, authority) => {
      expect(await reach(await serve(['127.0.0.1']), authority)).toMatch(
        /^2: the issuer of the certificate of Redis is not trusted here: set NODE_EXTRA_CA_CERTS/,
      )
    })

    it('refuses a certificate of another host', async () => {
      expect(await reach(await serve(['redis.example']), TRUSTED.pem)).toMatch(
        /^2: the certificate of Redis names another host/,
      )
    })

    it('refuses a server without TLS', async () => {
      const { url, stop } = await startOwnRedis()
      toStop.push(stop)
      const asked = url.replace('redis://', `rediss://:${PASSWORD}@`)
      expect(await reach(asked, TRUSTED.pem)).toMatch(
        /^1: Redis does not speak TLS at this address, or is away/,
      )
    })
  },
  120_000,
)
