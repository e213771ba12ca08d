import { z } from 'zod'
import { parseGrams } from '../../core/money.ts'
import type { ReceivedConfirm } from './answer.ts'
import { executes, FAULT_NAMES, FAULTS, type FaultHit, type FaultName, type FaultSetting } from './faults.ts'
import type { Wallet } from './ledger.ts'
import type { LedgerEntry } from './ledger-check.ts'
import type { OpeningBalances } from './state.ts'

/** What tests and people can read and set in a sandbox. */
export interface SandboxControls {
  /** Every executed transaction, in the order of execution. */
  ledger(): readonly LedgerEntry[]
  statementCsv(): string
  confirmsReceived(): readonly ReceivedConfirm[]
  faultCounts(): Record<FaultName, number>
  faultLog(): readonly FaultHit[]
  setFault(fault: FaultName, setting: FaultSetting): void
  openWallet(phoneNumber: string, wallet: OpeningBalances & { readonly premium: boolean }): void
  wallet(phoneNumber: string): Wallet | null
  /** Makes every open quote invalid. */
  movePrice(): void
}

/** The answer of a path under /sandbox/. */
export interface Page {
  readonly status: number
  readonly type: 'application/json' | 'text/csv'
  readonly text: string
}

type Request = { readonly body: string; readonly parameter: string }

interface PageRow {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: RegExp
  readonly answer: (sandbox: SandboxControls, request: Request) => Page
}

const json = (value: unknown, status = 200): Page => ({
  status,
  type: 'application/json',
  text: `${JSON.stringify(value, null, 2)}\n`,
})

const faultSetting = z.strictObject({
  rate: z.number().min(0).max(1).optional(),
  next: z.number().int().min(0).optional(),
  on: z.enum(['checkout', 'confirm', 'both']).optional(),
})

const wallet = z.strictObject({
  phone_number: z.string().regex(/^\+?\d{9,15}$/),
  rupiah: z.number().int().min(0),
  gold_weight: z.number().transform((grams, context) => {
    const weight = parseGrams(grams)
    if (weight !== null) return weight
    context.addIssue({ code: 'custom', message: 'grams from 0 to 100000 with at most four decimals' })
    return z.NEVER
  }),
  premium: z.boolean().default(true),
})

const PAGES: readonly PageRow[] = [
  { method: 'GET', path: /^ledger$/, answer: (sandbox) => json(sandbox.ledger()) },
  {
    method: 'GET',
    path: /^statement$/,
    answer: (sandbox) => ({ status: 200, type: 'text/csv', text: sandbox.statementCsv() }),
  },
  { method: 'GET', path: /^confirms$/, answer: (sandbox) => json(sandbox.confirmsReceived()) },
  {
    method: 'GET',
    path: /^faults$/,
    answer: (sandbox) => {
      const counts = sandbox.faultCounts()
      return json(
        FAULT_NAMES.map((fault) => ({
          fault,
          what: FAULTS[fault].what,
          executes: executes(fault),
          struck: counts[fault],
        })),
      )
    },
  },
  { method: 'GET', path: /^faults\/log$/, answer: (sandbox) => json(sandbox.faultLog()) },
  { method: 'PUT', path: /^faults\/([a-z0-9_]+)$/, answer: setFault },
  { method: 'POST', path: /^faults\/([a-z0-9_]+)$/, answer: setFault },
  {
    method: 'GET',
    path: /^wallets\/(\+?\d{9,15})$/,
    answer: (sandbox, { parameter }) => {
      const found = sandbox.wallet(parameter)
      return found === null ? json({ error: 'there is no such wallet' }, 404) : json(found)
    },
  },
  { method: 'POST', path: /^wallets$/, answer: openWallet },
  {
    method: 'POST',
    path: /^price\/move$/,
    answer: (sandbox) => {
      sandbox.movePrice()
      return json({ moved: true })
    },
  },
]

/** Answers a request under /sandbox/. */
export function answerPage(sandbox: SandboxControls, method: string, path: string, body: string): Page {
  for (const row of PAGES) {
    const match = row.path.exec(path)
    if (match !== null && row.method === method)
      return row.answer(sandbox, { body, parameter: match[1] ?? '' })
  }
  const known = PAGES.map((row) => `${row.method} /sandbox/${row.path.source.slice(1, -1)}`)
  return json({ error: 'there is no such page', pages: known }, 404)
}

function setFault(sandbox: SandboxControls, { body, parameter }: Request): Page {
  const fault = FAULT_NAMES.find((name) => name === parameter)
  if (fault === undefined) return json({ error: `fault: one of ${FAULT_NAMES.join(', ')}` }, 400)
  const parsed = faultSetting.safeParse(parse(body))
  if (!parsed.success) return json({ error: problemOf(parsed.error) }, 400)
  sandbox.setFault(fault, parsed.data as FaultSetting)
  return json({ fault, ...parsed.data })
}

function openWallet(sandbox: SandboxControls, { body }: Request): Page {
  const parsed = wallet.safeParse(parse(body))
  if (!parsed.success) return json({ error: problemOf(parsed.error) }, 400)
  const { phone_number, rupiah, gold_weight, premium } = parsed.data
  sandbox.openWallet(phone_number, { rupiah, goldWeight: gold_weight, premium })
  return json({ opened: true }, 201)
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

function problemOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ')
}
