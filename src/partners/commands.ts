import type { Scope } from '../core/scopes.ts'
import type { Database, StatementRunner } from '../postgres/pool.ts'
import { StorageError } from '../postgres/pool.ts'
import { FIRST_HOLDER } from './enums.ts'
import { newKey, newSecret } from './key-format.ts'
import { addKey, addPartner, expireOtherKeys, type KeyRow, listKeys, lockPartner } from './store/partners.ts'

/** What is shown once. */
export interface HandedOutKey {
  readonly key: string
  readonly prefix: string
  readonly holder: string
  readonly scopes: readonly Scope[]
  /** Null: requests need no signature. */
  readonly signingSecret: string | null
}

/** A key that was handed out, or a sentence why none was. */
export type KeyAnswer =
  | { readonly is: 'done'; readonly key: HandedOutKey }
  | { readonly is: 'refused'; readonly message: string }

export interface KeyDeps {
  readonly database: Database
  /** Bytes of a cryptographic source. */
  random(bytes: number): Uint8Array
  /** Who acts: `person:<name>`. */
  readonly actor: string
}

/** What a new key may do. */
export interface Grant {
  readonly scopes: readonly Scope[]
  readonly isSigned: boolean
}

/** Adds a partner with its first key. */
export async function addPartnerWithKey(
  partner: string,
  { holder = FIRST_HOLDER, ...grant }: Grant & { readonly holder?: string },
  { database, random, actor }: KeyDeps,
): Promise<KeyAnswer> {
  return await database.transaction<KeyAnswer>(async (runner) => {
    if (!(await addPartner(runner, partner, actor)))
      return refused(`there is a partner ${partner} already: rotate its key, or add one of another holder`)
    const { handedOut, row } = draw({ partner, holder }, grant, random)
    await addKey(runner, row, actor)
    return { is: 'done', key: handedOut }
  })
}

/** Hands out a key to another holder of a partner: a person or a system that has no valid one. */
export async function addHolderKey(
  partner: string,
  holder: string,
  grant: Grant,
  { database, random, actor }: KeyDeps,
): Promise<KeyAnswer> {
  return await unlessTooMany(partner, holder, () =>
    database.transaction<KeyAnswer>(async (runner) => {
      if (!(await lockPartner(runner, partner))) return refused(`there is no partner ${partner}`)
      const keys = await keysOf(runner, partner, holder)
      if (keys.some(({ isValid }) => isValid))
        return refused(`${holder} of ${partner} has a valid key: rotate it instead`)
      const { handedOut, row } = draw({ partner, holder }, grant, random)
      await addKey(runner, row, actor)
      return { is: 'done', key: handedOut }
    }),
  )
}

/**
 * Hands out a new key of a holder with the rights of its newest that was not revoked; the one before stays valid for so
 * long. Expiring takes no rights away, revoking does.
 */
export async function rotateKey(
  partner: string,
  holder: string,
  overlapMinutes: number,
  { database, random, actor }: KeyDeps,
): Promise<KeyAnswer> {
  return await unlessTooMany(partner, holder, () =>
    database.transaction<KeyAnswer>(async (runner) => {
      if (!(await lockPartner(runner, partner))) return refused(`there is no partner ${partner}`)
      const keys = await keysOf(runner, partner, holder)
      if (keys.length === 0) return refused(`${partner} has no holder ${holder}`)
      const last = keys.findLast(({ revokedAt }) => revokedAt === null)
      if (last === undefined)
        return refused(
          `every key of ${holder} was revoked, and its rights with it: \`goldpro partner add-key ${partner} --holder ${holder}\` gives new ones`,
        )
      const { handedOut, row } = draw({ partner, holder }, last, random)
      await addKey(runner, row, actor)
      await expireOtherKeys(runner, row, overlapMinutes, actor)
      return { is: 'done', key: handedOut }
    }),
  )
}

const refused = (message: string) => ({ is: 'refused', message }) as const

async function keysOf(runner: StatementRunner, partner: string, holder: string): Promise<KeyRow[]> {
  return (await listKeys(runner, partner)).filter((key) => key.holder === holder)
}

/** Says in a sentence what Postgres refuses: keys are bounded. */
async function unlessTooMany(
  partner: string,
  holder: string,
  handOut: () => Promise<KeyAnswer>,
): Promise<KeyAnswer> {
  try {
    return await handOut()
  } catch (error) {
    switch (error instanceof StorageError ? error.constraint : null) {
      case 'partner_has_two_keys':
        return refused(
          `${holder} of ${partner} has two valid keys already: revoke one, or wait until the older expires`,
        )
      case 'partner_has_many_holders':
        return refused(`${partner} has twenty holders of valid keys already: revoke those of one`)
      default:
        throw error
    }
  }
}

function draw(
  whose: { readonly partner: string; readonly holder: string },
  { scopes, isSigned }: Grant,
  random: KeyDeps['random'],
) {
  const { key, prefix, secretHash } = newKey(random)
  const signingSecret = isSigned ? newSecret(random) : null
  return {
    handedOut: { key, prefix, holder: whose.holder, scopes, signingSecret },
    row: { ...whose, prefix, secretHash, scopes, signingSecret },
  }
}
