import { describe, expect, it } from 'vitest'
import {
  ABSENCE_CHECKS,
  type DoubtFacts,
  distrustsOf,
  type StatementFacts,
  whyItStays,
} from '../../src/reconciliation/absence.ts'
import { STAY_REASONS, type StayReason } from '../../src/reconciliation/enums.ts'
import { absenceLagMs } from '../../src/reconciliation/settings.ts'
import { RECIPIENT } from '../support/factories/job-data.ts'
import {
  aRecordedOrder,
  DAY,
  lineOf,
  NOON,
  type RecordedLine,
  type RecordedOrder,
  recordOrders,
  recordStatement,
} from '../support/factories/recorded-orders.ts'
import { openScene, type Scene } from '../support/scenes/recon-scene.ts'

const STATEMENT: StatementFacts = {
  ...{ statementId: 1, lacking: 0, otherWallet: 0, otherTime: 0, otherKind: 0, shiftMinutes: null },
}
const PROVEN: DoubtFacts = {
  ...{ orderId: 'o', isCovered: true, isApproved: true, isLagApproved: true },
  ...{
    statements: [1],
    coveringStatements: [1],
    hasWitness: true,
    hasWitnessOfKind: true,
    hasCandidate: false,
  },
  ...{ hasLineOfWallet: false, hasLineOfWeight: false, hasLineOfAmount: false },
  ...{ hasUnclearMatch: false, hasUnreadableLine: false },
}

/** The fact that makes each reason hold, everything else being well. */
const SPEAKS: Record<StayReason, { doubt?: Partial<DoubtFacts>; statement?: Partial<StatementFacts> }> = {
  awaiting_statement: { doubt: { isCovered: false } },
  candidate_unclear: { doubt: { hasCandidate: true } },
  wallet_unmatched: { doubt: { hasLineOfWallet: true } },
  weight_unmatched: { doubt: { hasLineOfWeight: true } },
  amount_unmatched: { doubt: { hasLineOfAmount: true } },
  match_unclear: { doubt: { hasUnclearMatch: true } },
  unreadable_line: { doubt: { hasUnreadableLine: true } },
  statement_lacks_ours: { statement: { lacking: 1 } },
  times_shifted: { statement: { shiftMinutes: -420 } },
  times_contradict: { statement: { otherTime: 1 } },
  wallets_contradict: { statement: { otherWallet: 1 } },
  kinds_contradict: { statement: { otherKind: 1 } },
  no_witness: { doubt: { hasWitness: false } },
  kind_unwitnessed: { doubt: { hasWitnessOfKind: false } },
  completeness_unapproved: { doubt: { isApproved: false } },
  lag_unapproved: { doubt: { isLagApproved: false } },
}

describe('whyItStays', () => {
  const decide = (doubt: Partial<DoubtFacts>, statement: Partial<StatementFacts>, checks?: StayReason[]) =>
    whyItStays({ ...PROVEN, ...doubt }, new Map([[1, distrustsOf({ ...STATEMENT, ...statement })]]), checks)

  it('is null when everything is proven', () => {
    expect(decide({}, {})).toBeNull()
  })

  it.each(Object.entries(SPEAKS))(
    'is %s when only that speaks, and only that check sees it',
    (reason, facts) => {
      const { doubt = {}, statement = {} } = facts
      expect(decide(doubt, statement)).toBe(reason)
      expect(
        decide(
          doubt,
          statement,
          ABSENCE_CHECKS.filter((check) => check !== reason),
        ),
      ).toBeNull()
    },
  )

  it('asks every reason there is, and of two that hold names the earlier one', () => {
    expect(ABSENCE_CHECKS).toEqual(Object.keys(STAY_REASONS))
    ABSENCE_CHECKS.forEach((reason, n) => {
      for (const other of ABSENCE_CHECKS.slice(n + 1)) {
        const [a, b] = [SPEAKS[reason], SPEAKS[other]]
        expect(decide({ ...b.doubt, ...a.doubt }, { ...b.statement, ...a.statement })).toBe(reason)
      }
    })
  })
})

describe('absenceLagMs', () => {
  const minutes = (run: number, configured: number, approved: number | null) =>
    absenceLagMs(
      { lagMs: run * 60_000, configuredLagMs: configured * 60_000 },
      approved === null ? null : approved * 60_000,
    ) / 60_000
  it.each([
    [60, 60, null, 60],
    [0, 60, null, 60],
    [0, 0, null, 60],
    [10, 120, null, 120],
    [180, 60, null, 180],
    [0, 60, 0, 0],
    [0, 60, 5, 5],
    [60, 60, 0, 60],
    [0, 0, 15, 15],
  ])('run %s, configured %s, approved %s: %s minutes', (run, configured, approved, lag) => {
    expect(minutes(run, configured, approved)).toBe(lag)
  })
})

const at = (minute: number) => new Date(NOON.getTime() + minute * 60_000)
const WITNESS_WALLET = '081311122233'
const OTHER_WALLET = '081977766655'
/** Never executed, unless a line says otherwise. 1.2345 g for 1,088,829. */
const DOUBT = {
  goldWeight: '1.2345',
  quotedAmount: 1_088_829,
  outcome: 'in_doubt',
  sessionId: null,
  responseId: null,
} as const

interface Given {
  readonly doubt?: Partial<RecordedOrder>
  readonly more?: (doubt: RecordedOrder) => RecordedOrder[]
  /** Beside the witness's. */
  readonly lines?: (doubt: RecordedOrder, more: readonly RecordedOrder[]) => RecordedLine[]
  /** What the witness's line says otherwise; null: it is not there. */
  readonly witness?: Partial<RecordedLine> | null
  readonly statement?: Parameters<typeof recordStatement>[2]
  readonly recipient?: string
  /** Lines that could not be read. */
  readonly settings?: { lagMs: number; configuredLagMs: number }
  readonly because: StayReason | null
}

const stranger = (overrides: Partial<RecordedLine>): RecordedLine =>
  lineOf(
    aRecordedOrder({
      phoneNumber: OTHER_WALLET,
      goldWeight: '7.7',
      quotedAmount: 7_777_777,
      intentAt: at(200),
    }),
    overrides,
  )

const CASES: Record<string, Given> = {
  'nothing speaks against it': { because: null },
  'a line of its wallet hours later, of another kind': {
    lines: ({ phoneNumber }) => [stranger({ phoneNumber, kind: 'sell' })],
    because: 'wallet_unmatched',
  },
  'a line of its wallet that lost its zero': {
    lines: ({ phoneNumber }) => [stranger({ phoneNumber: phoneNumber.slice(1), kind: 'sell' })],
    because: 'wallet_unmatched',
  },
  'a line of its wallet in a spelling that nobody reads': {
    lines: ({ phoneNumber }) => [stranger({ phoneNumber: `0062${phoneNumber.slice(1)}` })],
    because: 'wallet_unmatched',
  },
  "a transfer's line under the recipient's wallet": {
    doubt: { kind: 'transfer' },
    recipient: RECIPIENT,
    lines: () => [stranger({ phoneNumber: RECIPIENT, kind: 'buy' })],
    because: 'wallet_unmatched',
  },
  'a line of its kind and weight under another wallet': {
    lines: ({ kind, goldWeight }) => [stranger({ kind, goldWeight })],
    because: 'weight_unmatched',
  },
  'a line of its weight and of another kind': {
    lines: ({ goldWeight }) => [stranger({ kind: 'sell', goldWeight })],
    because: null,
  },
  'a line of its kind and amount under another wallet': {
    lines: ({ kind, amount }) => [stranger({ kind, amount })],
    because: 'amount_unmatched',
  },
  'a withdrawal without amount, and a line of its bar': {
    doubt: { kind: 'withdraw', goldWeight: '2.0000', quotedAmount: null },
    lines: ({ kind, goldWeight }) => [stranger({ kind, goldWeight })],
    because: 'weight_unmatched',
  },
  'a statement that lacks what we know': {
    more: () => [aRecordedOrder({ phoneNumber: OTHER_WALLET, intentAt: at(240) })],
    because: 'statement_lacks_ours',
  },
  'a statement that lacks only what was sent too near to its end': {
    more: () => [
      aRecordedOrder({ phoneNumber: OTHER_WALLET, intentAt: new Date(DAY.to.getTime() - 60_000) }),
    ],
    because: null,
  },
  'a statement without a line of ours': { witness: null, because: 'statement_lacks_ours' },
  'a matched line of another wallet': {
    witness: { phoneNumber: OTHER_WALLET },
    because: 'wallets_contradict',
  },
  'a matched line of another kind': { witness: { kind: 'sell' }, because: 'kinds_contradict' },
  'a matched line that was executed before it was sent': {
    witness: { executedAt: at(22) },
    because: 'times_contradict',
  },
  'a matched line that was executed after its reply': {
    witness: { executedAt: at(68) },
    because: 'times_contradict',
  },
  'all matched lines seven hours early': { witness: { executedAt: at(-420 + 30) }, because: 'times_shifted' },
  'a matched line of the right day without a time': {
    witness: { executedAt: DAY.from, executedTo: DAY.to },
    because: null,
  },
  'a matched line of another day without a time': {
    witness: { executedAt: new Date(DAY.from.getTime() - 86_400_000), executedTo: DAY.from },
    statement: { period: { from: new Date(DAY.from.getTime() - 86_400_000), to: DAY.to } },
    because: 'times_contradict',
  },
  'its own line without a time of day and id': {
    lines: (doubt) => [
      lineOf(doubt, {
        requestId: null,
        executedAt: DAY.from,
        executedTo: DAY.to,
        phoneNumber: doubt.phoneNumber,
      }),
    ],
    because: 'candidate_unclear',
  },
  'a matched line that differs in its weight is no witness': {
    witness: { goldWeight: '0.6' },
    because: 'no_witness',
  },
  'ignored lines, and no matched line of its kind': {
    doubt: { kind: 'sell' },
    statement: { ignoredCount: 1 },
    because: 'kind_unwitnessed',
  },
  'ignored lines, and a matched line of its kind': { statement: { ignoredCount: 1 }, because: null },
  'an order that was rejected owns by its request_id what may be the doubt’s': {
    more: (doubt) => [
      aRecordedOrder({ outcome: 'rejected', phoneNumber: doubt.phoneNumber, goldWeight: doubt.goldWeight }),
    ],
    lines: (doubt, [rejected]) => [lineOf(doubt, { sessionId: 'X', requestId: rejected?.quoteId ?? null })],
    because: 'match_unclear',
  },
  'nobody else has approved': { statement: { approved: false }, because: 'completeness_unapproved' },
  'a shorter lag that nobody approved': {
    statement: { period: { from: DAY.from, to: at(65 + 50) } },
    doubt: { intentAt: at(65) },
    settings: { lagMs: 0, configuredLagMs: 3_600_000 },
    because: 'lag_unapproved',
  },
  'a shorter lag by the setting, that nobody approved': {
    statement: { period: { from: DAY.from, to: at(65 + 50) } },
    doubt: { intentAt: at(65) },
    settings: { lagMs: 0, configuredLagMs: 0 },
    because: 'lag_unapproved',
  },
}

/** What else speaks wherever one reason does: a line that may be it has its wallet, a line that disagrees is no witness. */
const ALSO: Partial<Record<StayReason, StayReason[]>> = {
  candidate_unclear: ['wallet_unmatched', 'weight_unmatched', 'amount_unmatched'],
  statement_lacks_ours: ['no_witness'],
  times_shifted: ['times_contradict', 'no_witness'],
  times_contradict: ['no_witness'],
  wallets_contradict: ['no_witness'],
  kinds_contradict: ['no_witness'],
  completeness_unapproved: ['lag_unapproved'],
}

/** Without the check the doubt would be settled as rejected: nothing else holds it. What people approve, Postgres holds. */
async function expectWithout(scene: Scene, { settings }: Given, because: StayReason): Promise<void> {
  const left = [because, ...(ALSO[because] ?? [])]
  const absenceChecks = ABSENCE_CHECKS.filter((reason) => !left.includes(reason))
  const run = scene.run({ ...(settings && { settings }), absenceChecks, dryRun: true })
  if (because === 'completeness_unapproved' || because === 'lag_unapproved')
    await expect(run).rejects.toMatchObject({ constraint: 'absence_is_covered' })
  else expect((await run).counts.settled.rejected).toBe(1)
}

describe('a doubt that was not executed, as far as we know', () => {
  it.concurrent.each(Object.entries(CASES))('%s', async (_name, given) => {
    const scene = await openScene()
    try {
      const doubt = aRecordedOrder({ ...DOUBT, ...given.doubt })
      const witness = aRecordedOrder({ phoneNumber: WITNESS_WALLET, intentAt: at(30) })
      const more = given.more?.(doubt) ?? []
      await recordOrders(scene.databaseUrl, [doubt, witness, ...more], given.recipient)
      const known = given.witness === null ? [] : [lineOf(witness, given.witness ?? {})]
      const lines = [...known, ...(given.lines?.(doubt, more) ?? [])]
      await recordStatement(scene.databaseUrl, lines, given.statement)
      if (given.because !== null) await expectWithout(scene, given, given.because)
      const { counts } = await scene.run(given.settings === undefined ? {} : { settings: given.settings })
      expect(counts.stayInDoubt).toEqual(given.because === null ? {} : { [given.because]: 1 })
      expect(counts.settled).toEqual({ succeeded: 0, rejected: given.because === null ? 1 : 0 })
    } finally {
      await scene.close()
    }
  })
})
