import type { Scope } from '../core/scopes.ts'
import type { Database, StatementRunner } from '../postgres/pool.ts'
import { StorageError } from '../postgres/pool.ts'
import { FIRST_HOLDER } from './enums.ts'
import { newKey, newSecret } from './key-format.ts'
import { addKey, expireOtherKeys, type KeyRow, listKeys } from './store/keys.ts'
import { addPartner, lockPartner } from './store/partners.ts'

/** A new key, which is shown once. */
export interface HandedOutKey {
  readonly key: string
  readonly prefix: string
  readonly holder: string
  readonly scopes: readonly Scope[]
  /** Null: requests need no signature. */
  readonly signingSecret: string | null
}

/** The new key, or a sentence that says why there is none. */
export type KeyAnswer =
  | { readonly is: 'done'; readonly key: HandedOutKey }
  | { readonly is: 'refused'; readonly message: string }

export interface KeyDeps {
  readonly database: Database
  /** Returns so many bytes of a cryptographic source. */
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
      return refused(`partner ${partner} exists already: rotate its key, or add a key of another holder`)
    const { handedOut, row } = makeKey({ partner, holder }, grant, random)
    await addKey(runner, row, actor)
    return { is: 'done', key: handedOut }
  })
}

/** Adds a key of another holder of a partner: a person or a system that has no valid key. */
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
      const { handedOut, row } = makeKey({ partner, holder }, grant, random)
      await addKey(runner, row, actor)
      return { is: 'done', key: handedOut }
    }),
  )
}

/**
 * Adds a key with the scopes of the holder's newest key that was not revoked; the keys before it stay valid for so many
 * minutes. An expired key still passes its scopes on, a revoked one does not.
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
          `every key of ${holder} is revoked: \`goldpro partner add-key ${partner} --holder ${holder}\` adds a new one`,
        )
      const { handedOut, row } = makeKey({ partner, holder }, last, random)
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

/** Postgres bounds the number of valid keys: its refusal becomes a sentence. */
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
          `${holder} of ${partner} has two valid keys already: revoke one, or wait until the older one expires`,
        )
      case 'partner_has_many_holders':
        return refused(`${partner} has twenty holders of valid keys already: revoke the keys of one`)
      default:
        throw error
    }
  }
}

function makeKey(
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
