import { z } from 'zod'
import type { ApprovedBy, ChangeKind } from '../approvals/change-kind.ts'
import { SCOPES, type Scope } from '../core/scopes.ts'
import { type CommandResult, refused } from '../operators/person-commands.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { type LimitChange, listPartners, readScopes, setLimits, setScopes } from './store/partners.ts'

/** Limits of a partner, some of which are raised. */
export interface RaisedLimits {
  readonly partner: string
  readonly limits: LimitChange
}

const limit = z.number().int().positive().nullable().optional()
const rupiahLimit = z
  .string()
  .regex(/^[1-9]\d*$/)
  .nullable()
  .optional()
const names = z.array(z.string()).min(1).nullable().optional()

/** Two people raise limits of a partner. One person lowers them. */
export const RAISE_LIMITS: ChangeKind<RaisedLimits> = {
  name: 'raise_limits',
  payload: z.strictObject({
    partner: z.string(),
    limits: z.strictObject({
      orders_per_minute: limit,
      rupiah_per_order: rupiahLimit,
      rupiah_per_day: rupiahLimit,
      wallets_per_day: limit,
      kinds: names,
      addresses: names,
    }),
  }) as z.ZodType<RaisedLimits>,
  subjectOf: ({ partner }) => partner,
  describe: ({ partner, limits }) =>
    `limits of ${partner}: ${Object.entries(limits)
      .map(([name, value]) => `${name} ${value ?? 'none'}`)
      .join(', ')}`,
  async readCurrent(runner, { partner }) {
    const [found] = await listPartners(runner, partner)
    if (found === undefined) return {}
    const { ordersPerMinute, rupiahPerOrder, rupiahPerDay, walletsPerDay, kinds, addresses } = found
    return {
      ...{ ordersPerMinute, walletsPerDay, kinds, addresses },
      ...{ rupiahPerOrder: text(rupiahPerOrder), rupiahPerDay: text(rupiahPerDay) },
    }
  },
  apply: (runner, { partner, limits }, by) =>
    orNoPartner(partner, setLimits(runner, partner, limits, actorOf(by), by.requestId)),
}

/** The scopes that a partner's keys may have. */
export interface ChangedScopes {
  readonly partner: string
  readonly scopes: readonly Scope[]
}

/** Two people give a partner's keys more scopes. An admin then adds or rotates the keys. */
export const CHANGE_SCOPES: ChangeKind<ChangedScopes> = {
  name: 'change_scopes',
  payload: z.strictObject({ partner: z.string(), scopes: z.array(z.enum(SCOPES)).min(1) }),
  subjectOf: ({ partner }) => partner,
  describe: ({ partner, scopes }) => `keys of ${partner} may have the scopes ${scopes.join(', ')}`,
  readCurrent: async (runner: StatementRunner, { partner }) => ({
    scopes: (await readScopes(runner, partner)) ?? null,
  }),
  apply: (runner, { partner, scopes }, by) =>
    orNoPartner(partner, setScopes(runner, partner, scopes, actorOf(by), by.requestId)),
}

const actorOf = ({ approvedBy }: ApprovedBy) => `person:${approvedBy}`
const text = (rupiah: bigint | null) => (rupiah === null ? null : String(rupiah))

async function orNoPartner(partner: string, changed: Promise<boolean>): Promise<CommandResult<object>> {
  return (await changed) ? { is: 'done' } : refused(`there is no partner ${partner}`)
}
