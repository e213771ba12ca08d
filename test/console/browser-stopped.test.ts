import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rememberDatabase } from '../../src/recovery/store.ts'
import { anAccepted, openStores } from '../support/factories/stored-orders.ts'
import { openBreakerScene, QUICK_RULES } from '../support/scenes/breaker-scene.ts'
import {
  accessibilityProblems,
  browserProgram,
  openBrowser,
  signedIn,
  takePicture,
  troublesOf,
} from '../support/scenes/console-browser.ts'
import { pretendRestored, recover } from '../support/scenes/restored-database.ts'
import { close } from '../support/scenes/two-people-switch.ts'
import { startTestConsole, type TestConsole } from '../support/servers/console.ts'
import { createTestDatabase } from '../support/servers/postgres.ts'

let browser: Browser
beforeAll(async () => {
  if (!('skip' in browserProgram)) browser = await openBrowser()
})
afterAll(() => browser?.close())

/** A page, and what it says in English. */
type Says = readonly (readonly [path: string, ...texts: readonly string[]])[]

/** Looks at pages as people do: at a desk in light, and on a telephone in the dark. */
async function lookAt(here: TestConsole, scene: string, pages: Says): Promise<void> {
  const desk = await signedIn(browser, here.url, 'mira')
  const telephone = await signedIn(browser, here.url, 'candra', {
    ...{ viewport: { width: 390, height: 844 }, locale: 'id-ID', colorScheme: 'dark' },
  } as const)
  const [atDesk, onTelephone] = [await desk.newPage(), await telephone.newPage()]
  const troubles = [troublesOf(atDesk, here.url), troublesOf(onTelephone, here.url)]
  for (const [path, ...texts] of pages) {
    await atDesk.goto(path)
    await takePicture(atDesk, path, `${scene}-light`)
    const words = (await atDesk.locator('main').innerText()).replace(/\s+/g, ' ')
    for (const text of texts) expect(words, path).toContain(text)
    expect(await accessibilityProblems(atDesk), path).toEqual([])
    await onTelephone.goto(path)
    await takePicture(onTelephone, path, `${scene}-390-dark`)
    expect(await onTelephone.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390)
    expect(await accessibilityProblems(onTelephone), path).toEqual([])
  }
  expect(troubles).toEqual([[], []])
  await Promise.all([desk.close(), telephone.close()])
}

describe.skipIf('skip' in browserProgram)('in a browser, while orders stand still', () => {
  it('says on every page that the breaker closed a switch, and which order probes it', async () => {
    const scene = await openBreakerScene()
    await scene.confirms('succeeded', 2)
    await scene.confirms('in_doubt', 3)
    await scene.evaluate()
    const waiting = [await scene.aWaiting(), await scene.aWaiting(), await scene.aWaiting()]
    const [probe = ''] = await scene.probe()
    await close(scene.databaseUrl, 'kind:sell')
    const here = await startTestConsole({ databaseUrl: scene.databaseUrl, breaker: QUICK_RULES })
    const other = waiting.find((each) => each !== probe) ?? ''
    const closed = 'Closed: orders to buy kind:buy'
    await lookAt(here, 'breaker', [
      ['/', 'What stands still now', closed, 'a probe is under way', 'orders to sell kind:sell'],
      ['/orders', closed, '3 of 5 confirms were unknown outcomes', 'Orders waiting: '],
      [`/orders/${probe}`, 'This order is a probe of the breaker', 'kind:buy'],
      [`/orders/${other}`, 'the switch that is closed since', 'its deadline keeps running'],
      ['/switches', 'unknown outcomes', '0 / 2', 'a probe is under way', 'keep running'],
    ])
    // In doubt, the probe closes the switch again, and the breaker pauses.
    await scene.end(await scene.commit(probe), 'in_doubt')
    await scene.probe({ pauseSeconds: 600 })
    await lookAt(here, 'paused', [
      ['/', 'pauses before the next probe'],
      ['/switches', 'pauses before the next probe', 'in doubt'],
    ])
    await here.stop()
    await scene.close()
  })

  it('says on every page that the database was restored, and what its recovery holds', async () => {
    const place = await createTestDatabase()
    const stores = openStores(place.databaseUrl)
    const [first = ''] = [await anAccepted(stores), await anAccepted(stores, 'sell')]
    await pretendRestored(stores.database)
    const here = await startTestConsole({ databaseUrl: place.databaseUrl })
    const next = 'goldpro recover orders'
    await lookAt(here, 'restored', [
      ['/', 'What stands still now', 'This database was restored', next],
      ['/switches', 'another one: nothing is sent', next],
    ])
    await rememberDatabase(stores.database)
    await recover(place.databaseUrl)
    await lookAt(here, 'recovered', [
      ['/', 'Recovery 1 is not over; orders that it holds: 2.', 'import those of every source'],
      ['/orders', 'Recovery 1 is not over', 'Closed: all orders everything'],
      [`/orders/${first}`, 'recovery 1: it may have been executed before the database was restored'],
      ['/switches', 'Orders that it holds', 'not complete, or not approved'],
    ])
    await here.stop()
    await stores.database.close()
    await place.drop()
  })
})
