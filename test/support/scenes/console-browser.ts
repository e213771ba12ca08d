import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { inject } from 'vitest'
import { PASSWORD } from '../servers/console.ts'
import { STATE_LIMIT_MS } from '../time.ts'

/** The browser that there is, or why there is none. */
export const browserProgram = inject('browserProgram')

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SHOTS = fileURLToPath(new URL('../../../artefacts/console/', import.meta.url))

export async function openBrowser(): Promise<Browser> {
  mkdirSync(SHOTS, { recursive: true })
  const executablePath = 'path' in browserProgram ? browserProgram.path : ''
  return await chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** A browser's profile in which somebody has signed in. */
export async function signedIn(
  browser: Browser,
  consoleUrl: string,
  name: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: consoleUrl, locale: 'en-GB', ...options })
  context.setDefaultTimeout(STATE_LIMIT_MS)
  const page = await context.newPage()
  await page.goto('/sign-in')
  await page.fill('#name', name)
  await page.fill('#password', PASSWORD)
  await page.click('button.primary')
  await page.waitForURL(`${consoleUrl}/`)
  await page.close()
  return context
}

/** What the page's own policy refused, every error of its scripts, and every request to elsewhere. */
export function troublesOf(page: Page, consoleUrl: string): string[] {
  const troubles: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text())
  })
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(consoleUrl)) troubles.push(`asks ${request.url()}`)
  })
  return troubles
}

/** Keeps a picture of the whole page, for people to look at. */
export async function takePicture(page: Page, path: string, look: string): Promise<void> {
  const name =
    path === '/'
      ? 'today'
      : path
          .slice(1)
          .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'one')
          .replaceAll('/', '-')
  await page.screenshot({ path: `${SHOTS}${name}-${look}.png`, fullPage: true })
}

/** What axe finds wrong with a page. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  return await page.evaluate(async () => {
    const { violations } = await (
      globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
      }
    ).axe.run()
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
  })
}
