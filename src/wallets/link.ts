import { hash } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { ChangeKind } from '../approvals/change-kind.ts'
import { formatCount } from '../core/format.ts'
import { maskPhoneNumber } from '../core/masking.ts'
import { STORED_PHONE_NUMBER } from '../core/phone-number.ts'
import { rows, statement, type } from '../postgres/statement.ts'
import { partnerWallets } from './schema.ts'

/** Wallets that one request links: they are stored with it. */
export const MOST_LINKED = 100_000
export const PARTNER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

const linking = z.strictObject({
  /** The file they were read from; null for a wallet that was named. */
  file: z.strictObject({ name: z.string(), sha256: z.string() }).nullable(),
  wallets: z
    .array(
      z.strictObject({
        phone_number: z.string().regex(STORED_PHONE_NUMBER),
        partner: z.string().regex(PARTNER_NAME),
      }),
    )
    .min(1)
    .max(MOST_LINKED),
})

/** Wallets, each with the partner that it is linked to. */
export type Linking = z.output<typeof linking>

const WALLETS = rows({ phoneNumber: partnerWallets.phoneNumber, partner: partnerWallets.partner })

const selectCurrent = statement('wallets_to_link', { wallets: WALLETS }, (db, { wallets }) => {
  const { phoneNumber, partner, state, requestId } = partnerWallets
  return db
    .select({
      known: sql<number>`count(*)::int`,
      of_others: sql<number>`(count(*) filter (where ${state} = 'linked' and ${partner} <> ${wallets.partner}))::int`,
      unlinked: sql<number>`(count(*) filter (where ${state} = 'unlinked'))::int`,
      owner: sql<string | null>`case count(*) when 1 then min(${partner}) end`,
      // The same again only when nothing of any of them has changed.
      digest: sql<string>`md5(coalesce(string_agg(concat_ws(' ', ${phoneNumber}, ${partner}, ${state}, ${requestId}), ',' order by ${phoneNumber}), ''))`,
    })
    .from(wallets)
    .innerJoin(partnerWallets, eq(phoneNumber, wallets.phoneNumber))
})

const upsertLinked = statement(
  'link_wallets',
  { wallets: WALLETS, actor: type.text, requestId: type.integer },
  (db, { wallets, actor, requestId }) =>
    db
      .insert(partnerWallets)
      .select(
        db
          .select({
            phoneNumber: wallets.phoneNumber,
            partner: wallets.partner,
            origin: sql<'linked'>`'linked'`.as('linked_origin'),
            state: sql<'linked'>`'linked'`.as('linked_state'),
            since: sql<Date>`clock_timestamp()`.as('linked_at'),
            actor: sql<string>`${actor}`.as('linked_by'),
            note: sql<null>`null::text`.as('no_note'),
            requestId: sql<number>`${requestId}`.as('linked_request'),
          })
          .from(wallets)
          .orderBy(wallets.phoneNumber),
      )
      .onConflictDoUpdate({
        target: partnerWallets.phoneNumber,
        set: {
          partner: sql`excluded.partner`,
          origin: 'linked',
          state: 'linked',
          actor: sql`excluded.actor`,
          note: null,
          requestId: sql`excluded.request_id`,
        },
      }),
)

const walletsOf = ({ wallets }: Linking) =>
  wallets.map(({ phone_number: phoneNumber, partner }) => ({ phoneNumber, partner }))

/** Links wallets to partners, also those that are another partner's: two people. */
export const LINK_WALLETS: ChangeKind<Linking> = {
  name: 'link_wallet',
  payload: linking,
  subjectOf: ({ file, wallets }) =>
    file === null ? `wallet ${hash('sha256', JSON.stringify(wallets))}` : `file ${file.sha256}`,
  describe: describeLinking,
  async readCurrent(runner, payload) {
    const [current] = await selectCurrent(runner, { wallets: walletsOf(payload) })
    return { ...current }
  },
  async apply(runner, payload, { requestId, approvedBy }) {
    await upsertLinked(runner, { wallets: walletsOf(payload), actor: `person:${approvedBy}`, requestId })
    return { is: 'done' }
  },
}

const MOST_NAMED = 5

function describeLinking({ file, wallets }: Linking): string {
  const [first] = wallets
  if (file === null && first !== undefined)
    return `link wallet ${maskPhoneNumber(first.phone_number)} to ${first.partner}`
  const counts = new Map<string, number>()
  for (const { partner } of wallets) counts.set(partner, (counts.get(partner) ?? 0) + 1)
  const named = [...counts].slice(0, MOST_NAMED).map(([partner, count]) => `${partner} ${formatCount(count)}`)
  const others = counts.size - named.length
  const more = others > 0 ? ` and ${formatCount(others)} more partners` : ''
  return `link ${formatCount(wallets.length)} wallets of ${file?.name} (SHA-256 ${file?.sha256}): ${named.join(', ')}${more}`
}
