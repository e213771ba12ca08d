import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { linkAccount } from '../../src/operators/admin/sign-in.ts'
import { startConsole } from '../../src/processes/console.ts'
import { silentLog } from '../support/deps.ts'
import {
  CHEAP,
  CONSOLE_SECRET,
  codeAt,
  forgetSteps,
  invited,
  letConsoleIn,
  NEW_PASSWORD,
} from '../support/factories/console-sign-in.ts'
import { provenPeople } from '../support/factories/operators.ts'
import { type AccountProvider, startAccountProvider } from '../support/servers/account-provider.ts'
import { inSession } from '../support/servers/sessions.ts'

const program = inject('browserProgram')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SHOTS = fileURLToPath(new URL('../../artefacts/console/', import.meta.url))

describe.skipIf('skip' in program)('in a browser', () => {
  let place: Awaited<ReturnType<typeof provenPeople>>
  let provider: AccountProvider
  let here: Awaited<ReturnType<typeof startConsole>>
  let browser: Browser
  let origin: string
  beforeAll(async () => {
    place = await provenPeople()
    await letConsoleIn(place.databaseUrl)
    // Of another site than the provider, which is asked by its number.
    const port = await freePort()
    origin = `http://localhost:${port}`
    const redirectUri = `${origin}/sign-in/oidc/callback`
    provider = await startAccountProvider(redirectUri)
    const { issuer, clientId, clientSecret } = provider
    here = await startConsole({
      ...{ databaseUrl: place.databaseUrl, redisUrl: null, host: 'localhost', port, publicOrigin: origin },
      ...{ trustedProxies: [], uploadLimitBytes: 1024, onePersonTeam: false, reconLagMs: 0 },
      door: {
        ...{ is: 'proven', secret: CONSOLE_SECRET, hasPasswords: true, passwordCost: CHEAP },
        provider: { issuer, clientId, clientSecret, redirectUri },
      },
      log: silentLog,
    })
    browser = await chromium.launch({
      executablePath: 'path' in program ? program.path : '',
      args: ['--no-sandbox'],
    })
    mkdirSync(SHOTS, { recursive: true })
  })
  afterAll(async () => {
    await browser?.close()
    await here?.stop()
    await provider?.stop()
    await place?.drop()
  })

  async function look(page: Page, name: string): Promise<void> {
    await page.screenshot({ path: `${SHOTS}${name}.png`, fullPage: true })
    const found = await page.evaluate(
      `${AXE}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes[0].html))`,
    )
    expect(found, name).toEqual([])
  }

  it('an operator sets a password and an app by an invitation, and signs in by them', async () => {
    const context = await browser.newContext({ baseURL: origin, locale: 'en-GB', javaScriptEnabled: true })
    const page = await context.newPage()
    await page.goto(`/enrol?code=${await invited(place.databaseUrl, place.ani)}`)
    await look(page, 'enrol-password')
    await page.fill('#password', NEW_PASSWORD)
    await page.fill('#again', NEW_PASSWORD)
    await page.click('button.primary')
    await look(page, 'enrol-app')
    const href = (await page.getAttribute('a[href^="otpauth:"]', 'href')) ?? ''
    const secret = new URL(href).searchParams.get('secret') ?? ''
    expect((await page.locator('svg.qr').boundingBox())?.width).toBeGreaterThan(150)
    await page.fill('#totp', codeAt(secret))
    await page.click('button.primary')
    await look(page, 'enrol-recovery')
    expect(await page.locator('ol.codes li').count()).toBe(10)
    await page.click('a.button')
    await look(page, 'sign-in')
    await forgetSteps(place.databaseUrl)
    await page.fill('#name', 'ani')
    await page.fill('#password', NEW_PASSWORD)
    await page.fill('#code', codeAt(secret))
    await page.click('form.sign-in button.primary')
    await page.waitForURL(`${origin}/`)
    expect(await page.textContent('.who')).toContain('ani')
    await context.close()
  })

  it.each([true, false])('an account signs in from another site, script %s', async (javaScriptEnabled) => {
    const { issuer } = provider
    await inSession(place.databaseUrl, (session) =>
      linkAccount(session, place.adi, 'budi', { issuer, subject: 'sub-budi' }),
    )
    provider.subject = 'sub-budi'
    const context = await browser.newContext({ baseURL: origin, locale: 'en-GB', javaScriptEnabled })
    const page = await context.newPage()
    await page.goto('/orders')
    await page.click('a[href^="/sign-in/oidc"]')
    await page.waitForURL(`${origin}/orders`)
    expect(await page.textContent('.who')).toContain('budi')
    await context.close()
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
