import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { FAULTS } from '../../../src/dev/sandbox/faults.ts'
import { draw } from '../../../src/dev/sandbox/random.ts'
import type { Sandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { TEST_WALLETS } from '../../../src/dev/sandbox/test-wallets.ts'
import { WALLET } from '../../support/factories/job-data.ts'
import { confirm, KINDS, post, quoteId, RICH, type Step, start, trade } from './requests.ts'

describe('a page under /sandbox/', () => {
  const put = (sandbox: Sandbox, path: string, body: string, method = 'PUT') =>
    fetch(`${sandbox.url}/sandbox/${path}`, { method, body })

  it('sets a fault with PUT as with POST', async () => {
    const sandbox = await start()
    for (const method of ['PUT', 'POST']) {
      expect((await put(sandbox, 'faults/unauthorised_401', '{"next":1}', method)).status).toBe(200)
      const id = await quoteId(sandbox, KINDS.sell as Step)
      expect((await confirm(sandbox, KINDS.sell as Step, id)).status).toBe(401)
    }
    const log = (await (await fetch(`${sandbox.url}/sandbox/faults/log`)).json()) as unknown[]
    expect(log).toEqual([...sandbox.faultLog()])
    expect(log).toHaveLength(2)
  })

  it.each(['rate', 'next', 'on'])('names the field %s when its value is wrong', async (field) => {
    const answer = await put(await start(), 'faults/reply_lost', JSON.stringify({ [field]: -1 }))
    expect(answer.status).toBe(400)
    expect(((await answer.json()) as { error: string }).error).toMatch(new RegExp(`^${field}: `))
  })

  it('opens a wallet, and refuses a weight of five decimals by name', async () => {
    const sandbox = await start({ openWallets: null })
    const open = (gold_weight: number) =>
      put(sandbox, 'wallets', JSON.stringify({ phone_number: WALLET, rupiah: 10, gold_weight }), 'POST')
    const refused = await open(0.00001)
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('gold_weight')
    expect((await open(1.0001)).status).toBe(201)
    expect(sandbox.wallet(WALLET)).toEqual({ rupiah: 10, goldWeight: 10_001, premium: true })
  })

  it('moves the price, and the next confirm finds its quote dead', async () => {
    const sandbox = await start()
    const id = await quoteId(sandbox, KINDS.sell as Step)
    await put(sandbox, 'price/move', '', 'POST')
    const { general_response } = await confirm(sandbox, KINDS.sell as Step, id)
    expect(general_response.response_message).toMatch(/^Price changes have\soccurred/)
  })
})

describe('docs/sandbox.md', () => {
  it('lists every fault and every test wallet in the words of its row', async () => {
    const page = await readFile(new URL('../../../docs/sandbox.md', import.meta.url), 'utf8')
    const rows = [...page.matchAll(/^\| `([a-z0-9_]+)` +\| (.*?) +\|$/gm)].map(([, fault, what]) => [
      fault,
      what,
    ])
    expect(rows).toEqual([
      ...Object.entries(FAULTS).map(([fault, { what }]) => [fault, what]),
      ...TEST_WALLETS.map(({ phoneNumber, what }) => [phoneNumber, what]),
    ])
  })
})

describe('a token', () => {
  const oauth = { clientId: 'id', clientSecret: 'secret', tokenPath: '/oauth/token', tokenTtlMs: 60_000 }
  const ask = (sandbox: Sandbox, body: string) =>
    fetch(`${sandbox.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(body) })

  it('is given to a client that names itself in the form', async () => {
    const sandbox = await start({ oauth })
    expect((await ask(sandbox, 'grant_type=client_credentials&client_id=id&client_secret=no')).status).toBe(
      401,
    )
    expect((await ask(sandbox, 'grant_type=client_credentials')).status).toBe(401)
    expect((await ask(sandbox, 'client_id=id&client_secret=secret')).status).toBe(401)
    // As many characters, but not as many bytes.
    const umlauts = `grant_type=client_credentials&client_id=id&client_secret=${'é'.repeat(6)}`
    expect((await ask(sandbox, umlauts)).status).toBe(401)
    const given = await ask(sandbox, 'grant_type=client_credentials&client_id=id&client_secret=secret')
    expect(await given.json()).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 60,
    })
  })
})

describe('the faults of a wallet', () => {
  it('are the same however the requests of other wallets come between', async () => {
    const wallets = Array.from({ length: 6 }, (_, n) => `08123450010${n}`)
    const run = async (isAtOnce: boolean) => {
      const sandbox = await start({
        openWallets: RICH,
        faults: { unauthorised_401: { rate: 0.4 }, invalid_params: { rate: 0.3, on: 'both' } },
      })
      const orders = async (phone_number: string) => {
        for (let n = 0; n < 8; n += 1) {
          const body = { ...trade, phone_number }
          await post(sandbox, '/purchase/gram', { ...body, request_id: `${n}` })
        }
      }
      const shuffled = [...wallets].sort((a, b) => draw(Number(isAtOnce), a) - draw(Number(isAtOnce), b))
      if (isAtOnce) await Promise.all(shuffled.map(orders))
      else for (const phone of shuffled) await orders(phone)
      return wallets.map((phone) => sandbox.faultLog().filter(({ phoneNumber }) => phoneNumber === phone))
    }
    const inTurn = await run(false)
    expect(inTurn.flat().length).toBeGreaterThan(0)
    expect(
      new Set(inTurn.map((hits) => JSON.stringify(hits.map(({ fault, quoteId: id }) => [fault, id])))).size,
    ).toBeGreaterThan(1)
    expect(await run(true)).toEqual(inTurn)
  })
})

describe('a sandbox that stops', () => {
  it('drops the replies it still owes', async () => {
    const sandbox = await start({ slowMs: 3_600_000, faults: { slow_reply: { next: 1, on: 'checkout' } } })
    const owed = post(sandbox, '/checkout/gram', trade)
    const isDropped = expect(owed).rejects.toThrow()
    await expect.poll(() => sandbox.faultCounts().slow_reply).toBe(1)
    await sandbox.stop()
    await isDropped
  })
})
