import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  aRecordedOrder,
  lineOf,
  recordOrders,
  recordStatement,
} from '../support/factories/recorded-orders.ts'
import {
  accessibilityProblems,
  browserProgram,
  openBrowser,
  signedIn,
  takePicture,
  troublesOf,
} from '../support/scenes/console-browser.ts'
import { PARTNER_PAGES, recordPartner, uploadBatch } from '../support/scenes/console-scene.ts'
import { addPlanTo } from '../support/scenes/plan-scene.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'
import { startTestConsole, type TestConsole } from '../support/servers/console.ts'

const PAGES = [
  '/',
  '/orders',
  '/reconciliation',
  '/reconciliation/report',
  '/breaks',
  '/approvals',
  '/batches',
  '/plans',
  '/partners',
  '/switches',
  '/audit',
]

describe.skipIf('skip' in browserProgram)('in a browser', () => {
  let scene: Scene
  let here: TestConsole
  let browser: Browser
  /** The pages of one thing each. */
  let own: readonly string[]
  beforeAll(async () => {
    scene = await openScene()
    const orders = [aRecordedOrder(), aRecordedOrder(), aRecordedOrder({ outcome: 'rejected' })]
    const inDoubt = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
    await recordOrders(scene.databaseUrl, [...orders, inDoubt])
    const lines = orders.slice(0, 2).map((order) => lineOf(order, { fee: 4_999 }))
    await recordStatement(scene.databaseUrl, lines, { complete: false })
    await scene.run()
    await recordPartner(scene.databaseUrl)
    here = await startTestConsole({ databaseUrl: scene.databaseUrl })
    const batch = await uploadBatch(here.url)
    const { planId } = await addPlanTo(scene.database)
    own = [`/orders/${inDoubt.orderId}`, '/breaks/1', batch, `/plans/${planId}`, ...PARTNER_PAGES]
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await here?.stop()
    await scene?.close()
  })

  const as = (name: string, options: Parameters<Browser['newContext']>[0] = {}) =>
    signedIn(browser, here.url, name, options)

  it('shows every page in light and dark, accessible, without an error and with nothing from elsewhere', async () => {
    const pages = [...PAGES, ...own, '/sign-in']
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await as('oka', { colorScheme, bypassCSP: false })
      const page = await context.newPage()
      const troubles = troublesOf(page, here.url)
      for (const path of pages) {
        await page.goto(path)
        await takePicture(page, path, colorScheme)
        for (const found of await accessibilityProblems(page))
          troubles.push(`${path} ${colorScheme}: ${found}`)
      }
      expect(troubles).toEqual([])
      await context.close()
    }
  })

  it('fits a telephone', async () => {
    const context = await as('oka', { viewport: { width: 390, height: 844 }, locale: 'id-ID' })
    const page = await context.newPage()
    for (const path of [...PAGES, ...own]) {
      await page.goto(path)
      await takePicture(page, path, '390')
      const width = await page.evaluate('document.documentElement.scrollWidth')
      expect(width, path).toBeLessThanOrEqual(390)
    }
    await context.close()
  })

  it('shows every page without script, with the same headings', async () => {
    const context = await as('mira', { javaScriptEnabled: false })
    const page = await context.newPage()
    for (const path of [...PAGES, ...own]) {
      const answer = await page.goto(path)
      expect(answer?.status(), path).toBe(200)
      expect(await page.locator('main h1').count(), path).toBe(1)
    }
    await context.close()
  })

  it('refreshes nothing while a form has what is not sent yet', async () => {
    const context = await as('vina')
    const page = await context.newPage()
    await page.clock.install()
    await page.goto('/orders')
    let refreshes = 0
    page.on('request', (request) => {
      if (request.headers()['hx-request'] === 'true') refreshes += 1
    })
    await page.fill('#f-partner', 'acme')
    await page.evaluate('document.activeElement.blur()')
    await page.clock.runFor(16_000)
    expect(refreshes).toBe(0)
    await page.fill('#f-partner', '')
    await page.evaluate('document.activeElement.blur()')
    const asked = page.waitForRequest((request) => request.headers()['hx-request'] === 'true')
    await page.clock.runFor(16_000)
    await asked
    await context.close()
  })

  it.each([true, false])('settles a doubt by two people, with script: %s', async (javaScriptEnabled) => {
    const order = aRecordedOrder({ outcome: 'in_doubt', sessionId: null, responseId: null })
    await recordOrders(scene.databaseUrl, [order])
    const maker = await as('mira', { javaScriptEnabled })
    const page = await maker.newPage()
    await page.goto(`/orders/${order.orderId}`)
    await page.click('#resolve summary')
    await page.selectOption('#resolve-outcome', 'not_executed')
    await page.fill('#resolve-evidence', 'a letter of 10 February')
    await page.fill('#resolve-note', 'looked it up')
    await page.click('#resolve button')
    expect(await page.textContent('.notice')).toContain('Proposed')
    const checker = await as('candra', { javaScriptEnabled })
    const other = await checker.newPage()
    await other.goto('/approvals')
    await other.click(`a[href="/orders/${order.orderId}#proposal"]`)
    await other.click('#approve summary')
    await other.fill('#approve-note', 'seen too')
    await other.click('#approve button')
    expect(await other.textContent('.notice')).toContain('Approved')
    await Promise.all([maker.close(), checker.close()])
  })

  it('is led by the keyboard, and refreshes itself', async () => {
    const context = await as('vina')
    const page = await context.newPage()
    await page.goto('/')
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    await page.waitForURL(/\/orders$/)
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    expect(await page.locator('tr.here').count()).toBe(1)
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/orders\/[0-9a-f-]{36}$/)
    await page.keyboard.press('/')
    expect(await page.evaluate('document.activeElement.id')).toBe('q')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    expect(await page.locator('dialog[open]').count()).toBe(1)
    await page.goto('/orders')
    const asked = page.waitForResponse((response) => response.request().headers()['hx-request'] === 'true')
    await page.evaluate("document.getElementById('live').dispatchEvent(new Event('refresh'))")
    expect((await asked).status()).toBe(200)
    await page.waitForTimeout(200)
    expect(await page.locator('#live h1').count()).toBe(1)
    await context.close()
  })
})
