import { afterEach } from 'vitest'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { KTP, RECIPIENT, WALLET } from '../../support/factories/job-data.ts'

const running: Sandbox[] = []
afterEach(async () => {
  for (const sandbox of running.splice(0)) await sandbox.stop()
})

export const RICH = { rupiah: 1_000_000_000, goldWeight: 10_000_000 }

/** A sandbox of this test; it is stopped after it. */
export async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ seed: 7, openWallets: RICH, ...options })
  running.push(sandbox)
  return sandbox
}

export interface Reply {
  status: number
  data: Record<string, unknown>
  general_response: {
    response_status: boolean
    response_code: number
    response_message: string
    response_timestamp: string
  }
}

export async function post(
  sandbox: Sandbox,
  path: string,
  body: object | string,
  headers = {},
): Promise<Reply> {
  const response = await fetch(`${sandbox.url}/v2/gold-pro${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers,
  })
  const text = await response.text()
  return { status: response.status, ...(text.startsWith('{') ? JSON.parse(text) : {}) }
}

export const wallet = { phone_number: WALLET }
export const trade = { ...wallet, gold_weight: 0.5 }
export const gift = { ...trade, recipient: RECIPIENT, remarks: 'gift' }
export const place = {
  ...wallet,
  province: 'P',
  city: 'C',
  district: 'D',
  subdistrict: 'S',
  address: 'A',
  zip_code: '10140',
  note: '',
  ktp: KTP,
}

export type Step = { checkout: [path: string, body: object]; confirm: [path: string, body: object] }
/** Checkout and confirm of each kind. */
export const KINDS = {
  'buy by grams': { checkout: ['/checkout/gram', trade], confirm: ['/purchase/gram', trade] },
  'buy by rupiah': {
    checkout: ['/checkout/rupiah', { ...wallet, amount: 100_000 }],
    confirm: ['/purchase/rupiah', { ...wallet, amount: 100_000 }],
  },
  sell: { checkout: ['/checkout/sell', trade], confirm: ['/checkout/sell', trade] },
  transfer: { checkout: ['/transfer/checkout', gift], confirm: ['/transfer/confirm', gift] },
  withdraw: {
    checkout: ['/withdraw/address', place],
    confirm: ['/withdraw/confirm', { ...wallet, gold_weight: 2 }],
  },
} satisfies Record<string, Step>

export async function quoteId(sandbox: Sandbox, { checkout }: Step): Promise<string> {
  const { data } = await post(sandbox, ...checkout)
  return String(data.response_id ?? data.request_id)
}

export async function confirm(sandbox: Sandbox, step: Step, id: string): Promise<Reply> {
  const [path, body] = step.confirm
  return await post(sandbox, path, { ...body, request_id: id })
}
