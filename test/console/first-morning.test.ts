import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { memoryOrDisk } from '../support/memory.ts'
import { startCommand } from '../support/servers/command.ts'

const program = inject('browserProgram')

describe.skipIf('skip' in program)(
  'somebody new, from what `up --sample` prints and the console shows',
  () => {
    let folder: string
    let up: ReturnType<typeof startCommand>
    let browser: Browser
    beforeAll(async () => {
      folder = await mkdtemp(join(memoryOrDisk(), 'goldpro-morning-'))
      up = startCommand(['up', '--sample'], { cwd: folder, env: { LOG_LEVEL: 'warn' } })
      await up.printed('Ctrl-C ends it')
      browser = await chromium.launch({
        executablePath: 'path' in program ? program.path : '',
        args: ['--no-sandbox'],
      })
    })
    afterAll(async () => {
      await browser?.close()
      up?.child.kill('SIGINT')
      await up?.ended
      await rm(folder, { recursive: true, force: true })
    })

    const printed = (pattern: RegExp) => pattern.exec(up.out())?.[1] ?? ''

    async function signIn(name: string): Promise<Page> {
      const page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
      await page.goto(printed(/The console: (\S+)/))
      await page.getByLabel('Name').fill(name)
      await page.getByLabel('Password').fill(printed(/password of both is (\S+)/))
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('heading', { level: 1 }).waitFor()
      return page
    }

    /** Orders in doubt, as the list of the page says. */
    async function doubts(page: Page): Promise<number> {
      await page.getByRole('link', { name: 'Orders', exact: true }).click()
      await page.getByLabel('State').selectOption('in_doubt')
      await page.getByRole('button', { name: 'Apply' }).click()
      return await page.locator('main tbody tr').count()
    }

    it('finds the doubts, settles one by the statement, and has a strange line written off by two people', async () => {
      const maker = await signIn(printed(/sign in as (\w+), who proposes/))
      await eventually(async () => ((await doubts(maker)) === 2 ? true : null))

      const statement = await (await fetch(printed(/statement, to upload there: (\S+)/))).text()
      const file = join(folder, 'statement.csv')
      await writeFile(file, statement)
      await maker.getByRole('link', { name: 'Reconciliation', exact: true }).click()
      await maker.locator('#upload summary').click()
      await maker.getByLabel('File').setInputFiles(file)
      await maker.getByRole('button', { name: 'Preview' }).click()
      await maker.getByRole('button', { name: 'Import' }).click()
      await maker.locator('#run summary').click()
      await maker.locator('#run button').click()
      expect(await doubts(maker)).toBe(1)

      await maker.getByRole('link', { name: 'Breaks', exact: true }).click()
      await maker.locator('main tbody a[href^="/breaks/"]').first().click()
      const place = new URL(maker.url()).pathname
      await maker.locator('#propose summary').click()
      await maker.locator('#propose-note').fill('a purchase of our own office')
      await maker.locator('#propose button').click()
      expect(await maker.textContent('.notice')).toMatch(/proposed/i)

      const checker = await signIn(printed(/or as (\w+), who approves/))
      await checker.getByRole('link', { name: 'Approvals', exact: true }).click()
      await checker.locator(`main a[href^="${place}"]`).first().click()
      await checker.locator('#approve summary').click()
      await checker.locator('#approve-note').fill('seen the invoice')
      await checker.locator('#approve button').click()
      expect(await checker.textContent('main')).toMatch(/written off/i)

      await checker.getByRole('link', { name: 'Reconciliation', exact: true }).click()
      await checker.getByRole('link', { name: 'Report' }).first().click()
      await checker.emulateMedia({ media: 'print' })
      expect(await checker.locator('main p').first().textContent()).toMatch(/^\d{4}-\d{2}-\d{2}, /)
      expect(await checker.locator('.filter').isVisible()).toBe(false)
      const pdf = await checker.pdf()
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
      expect(await checker.textContent('main')).toContain('written off')
    })
  },
)
