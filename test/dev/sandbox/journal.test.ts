import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inMemoryJournal, type Journal, openJournal } from '../../../src/dev/sandbox/journal.ts'
import type { Sandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { RECIPIENT, WALLET } from '../../support/factories/job-data.ts'
import { confirm, KINDS, post, quoteId, type Step, start, trade, wallet } from './requests.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goldpro-ledger-'))
  file = join(folder, 'ledger.jsonl')
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** A sandbox on the file. Nothing is told it when it ends: a killed one is not told either. */
const onFile = (seed = 7, faults = {}) => start({ journal: openJournal(file, seed, new Date()), faults })

async function execute(sandbox: Sandbox, step: Step) {
  const id = await quoteId(sandbox, step)
  expect((await confirm(sandbox, step, id)).status).toBe(200)
  return id
}

describe('a ledger that is kept', () => {
  it('has every kind of transaction, the wallets, the addresses and the price again', async () => {
    const before = await onFile()
    for (const step of Object.values(KINDS)) await execute(before, step as Step)
    before.movePrice()
    const after = await onFile(8)
    expect(after.ledger()).toEqual(before.ledger())
    expect(after.statementCsv()).toBe(before.statementCsv())
    for (const number of [WALLET, RECIPIENT]) expect(after.wallet(number)).toEqual(before.wallet(number))
    const chart = (sandbox: Sandbox) => post(sandbox, '/chart/buy', wallet).then(({ data }) => data)
    expect(await chart(after)).toEqual(await chart(before))
    expect((await post(after, '/withdraw/address', wallet)).data).toMatchObject({ province: 'P' })
  })

  it('executes a quote of before a restart, and finds one dead that died before it', async () => {
    const before = await onFile()
    const dead = await quoteId(before, KINDS.sell)
    before.movePrice()
    const alive = await quoteId(before, KINDS.sell)
    const after = await onFile()
    expect((await confirm(after, KINDS.sell, dead)).general_response.response_message).toMatch(
      /^Price changes/,
    )
    expect((await confirm(after, KINDS.sell, alive)).general_response.response_message).toBe('Success')
    expect(after.ledger()).toHaveLength(1)
  })

  it('never gives an id twice, also not one of a reply that is not written down', async () => {
    const quotes: string[] = []
    const registered: number[] = []
    for (let start = 0; start < 4; start += 1) {
      const sandbox = await onFile()
      quotes.push(await execute(sandbox, KINDS.sell))
      const { data } = await post(sandbox, '/register', {
        ...wallet,
        name: 'Sari',
        email: 'sari@contoh.example',
      })
      registered.push(Number(data.request_id))
    }
    expect(new Set([...quotes, ...registered.map(String)]).size).toBe(8)
    const ledger = (await onFile()).ledger()
    for (const id of ['sessionId', 'responseId', 'requestId'] as const)
      expect(new Set(ledger.map((entry) => entry[id])).size).toBe(4)
  })

  it('cuts off a line that was half written wherever the program was killed', async () => {
    await execute(await onFile(), KINDS.sell)
    const whole = await readFile(file)
    const lines = whole.toString().trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(3)
    const lastLine = Buffer.byteLength(lines.at(-1) ?? '') + 1
    for (let cut = 1; cut <= lastLine; cut += 7) {
      await writeFile(file, whole.subarray(0, whole.length - cut))
      const sandbox = await onFile()
      expect(sandbox.ledger()).toHaveLength(0)
      await execute(sandbox, KINDS.sell)
      expect((await onFile()).ledger()).toHaveLength(1)
    }
  })

  it('begins anew after a kill within the first line', async () => {
    await onFile()
    await truncate(file, 10)
    await execute(await onFile(), KINDS.sell)
    expect((await onFile()).ledger()).toHaveLength(1)
  })

  it('says which line cannot be read, and what to do', async () => {
    await onFile()
    for (const line of ['{"is":"executed"', '{"is":"executed","at":"2026-02-09T00:00:00Z"}', 'null']) {
      const before = await readFile(file, 'utf8')
      await appendFile(file, `${line}\n`)
      expect(() => openJournal(file, 1, new Date())).toThrow(/^line 2 of .*ledger\.jsonl.*move the file away/)
      await writeFile(file, before)
    }
  })

  it('is its owner’s alone: addresses have KTP numbers', async () => {
    await onFile()
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('executes nothing that cannot be written, and does not refuse it either', async () => {
    let isFull = false
    const errors: unknown[] = []
    const journal: Journal = {
      ...inMemoryJournal(7, new Date()),
      append() {
        if (isFull) throw new Error('no room')
      },
    }
    const sandbox = await start({ journal, onError: (error) => errors.push(error) })
    const id = await quoteId(sandbox, KINDS.sell)
    isFull = true
    expect((await confirm(sandbox, KINDS.sell, id)).status).toBe(500)
    expect(sandbox.ledger()).toHaveLength(0)
    expect(errors).toHaveLength(1)
    isFull = false
    expect((await confirm(sandbox, KINDS.sell, id)).status).toBe(200)
    expect((await post(sandbox, '/checkout/gram', trade)).status).toBe(200)
  })
})
