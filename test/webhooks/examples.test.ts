import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { messageBody } from '../../src/webhooks/message.ts'
import { newSecret, signedHeaders } from '../../src/webhooks/signing.ts'
import { openPost } from '../../src/webhooks/start-sender.ts'
import { eventually } from '../support/eventually.ts'

const file = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
const hasPython = spawnSync('python3', ['--version']).status === 0
const EXAMPLES = [
  { name: 'verify-webhook.mjs', program: process.execPath, isThere: true },
  { name: 'verify_webhook.py', program: 'python3', isThere: hasPython },
]

const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children) {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
})

/** The example as its reader would start it, and what it has printed. */
async function startExample(program: string, name: string, secret: string) {
  const child = spawn(program, [file(name), '0'], { env: { ...process.env, WEBHOOK_SECRET: secret } })
  children.push(child)
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  const url = await eventually(async () => /listening on (\S+)/.exec(printed)?.[1] ?? null)
  return { url, lines: () => printed.trim().split('\n').slice(1) }
}

const order = {
  ...{ orderId: '0197a0b4-0000-7000-8000-000000000001', partner: 'acme', reference: 'Pesanan-é-1' },
  ...{ kind: 'buy', state: 'cancelled', reason: 'cancel_requested' },
  ...{ acceptedAt: new Date('2026-02-09T05:00:00Z'), executed: null },
}
const facts = {
  eventId: 'e1',
  kind: 'order.cancelled',
  at: new Date(),
  sequence: 1,
  order,
  batch: null,
} as const

const counts = { rows: 3, succeeded: 1, rejected: 0, expired: 0, cancelled: 0, in_doubt: 1, conflicts: 1 }
const aFinishedBatch = {
  kind: 'batch.finished',
  ...{ sequence: null, order: null },
  batch: { batchId: 7, fileName: 'pay.csv', finishedAt: new Date('2026-02-25T02:10:00Z'), counts },
} as const

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe('examples/verify-webhook.sh', () => {
  it.skipIf(!hasOpenssl)('knows a kept message as genuine, and one that was altered as not', () => {
    const [old, secret] = [newSecret(), newSecret()]
    const body = messageBody(facts)
    const headers = signedHeaders({ eventId: 'e1', body, secrets: [old, secret], nowMs: 1_770_000_000_000 })
    const given = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => headers[name] ?? '')
    const judge = (input: string, env = secret) => {
      const options = { input, env: { ...process.env, WEBHOOK_SECRET: env }, encoding: 'utf8' } as const
      const { status, stdout } = spawnSync('sh', [file('verify-webhook.sh'), ...given], options)
      return [status, stdout]
    }
    expect(judge(body)).toEqual([0, 'genuine\n'])
    expect(judge(body, old)).toEqual([0, 'genuine\n'])
    expect(judge(body, newSecret())).toEqual([1, 'not genuine\n'])
    expect(judge(`${body}\n`)).toEqual([1, 'not genuine\n'])
  })
})

describe.each(EXAMPLES)('examples/$name', ({ name, program, isThere }) => {
  it.skipIf(!isThere)('takes what is genuine, knows it again, and refuses the rest', async () => {
    const [old, secret] = [newSecret(), newSecret()]
    const { url, lines } = await startExample(program, name, secret)
    const post = openPost(true)
    const body = messageBody(facts)
    const signed = (overrides: object = {}) =>
      signedHeaders({ eventId: 'e1', body, secrets: [secret], nowMs: Date.now(), ...overrides })
    const statusOf = async (headers: Record<string, string>, sent = body) => {
      const answer = await post({ url, headers, body: sent })
      return answer.is === 'reply' ? answer.status : answer.trouble
    }
    expect(await statusOf(signed())).toBe(204)
    expect(await statusOf(signed({ secrets: [old, secret] }))).toBe(204)
    const ofBatch = messageBody({ ...facts, ...aFinishedBatch })
    expect(await statusOf(signed({ eventId: 'e3', body: ofBatch }), ofBatch)).toBe(204)
    const refused: Record<string, [Record<string, string>, string?]> = {
      'altered body': [signed(), body.replace('cancelled', 'succeeded')],
      'another secret': [signed({ secrets: [old] })],
      'an old message': [signed({ nowMs: Date.now() - 600_000 })],
      'a message of the future': [signed({ nowMs: Date.now() + 600_000 })],
      'another id': [{ ...signed(), 'webhook-id': 'e2' }],
      'a timestamp made new': [
        { ...signed(), 'webhook-timestamp': String(Math.floor(Date.now() / 1_000) + 5) },
      ],
      'a timestamp that is none': [{ ...signed(), 'webhook-timestamp': 'now' }],
      'no headers': [{}],
      'a signature cut short': [{ ...signed(), 'webhook-signature': 'v1,' }],
    }
    for (const [what, [headers, sent]] of Object.entries(refused))
      expect(await statusOf(headers, sent), what).toBe(400)
    // What it printed last may still be on its way here.
    const printed = await eventually(async () =>
      lines().length === 3 + Object.keys(refused).length ? lines() : null,
    )
    expect(printed.slice(0, 3)).toEqual([
      'received order.cancelled Pesanan-é-1 1',
      expect.stringMatching(/^again/),
      expect.stringMatching(/^received batch.finished 7 *$/),
    ])
    expect(printed.slice(3)).toEqual(Object.keys(refused).map(() => 'refused: not genuine'))
  })
})
