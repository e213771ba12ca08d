import { addKey, addPartner, expireOtherKeys, listKeys } from '../db/partner-store.ts'
import type { Database } from '../db/pool.ts'
import { StorageError } from '../db/pool.ts'
import { newKey, newSecret } from './key.ts'
import type { Scope } from './words.ts'

/** What is shown once. */
export interface HandedOutKey {
  readonly key: string
  readonly prefix: string
  readonly scopes: readonly Scope[]
  /** Null: requests need no signature. */
  readonly signingSecret: string | null
}

/** A key that was handed out, or a sentence why none was. */
export type KeyAnswer =
  | { readonly is: 'done'; readonly key: HandedOutKey }
  | { readonly is: 'refused'; readonly because: string }

export interface KeyEffects {
  readonly database: Database
  /** Bytes of a cryptographic source. */
  random(bytes: number): Uint8Array
  /** Who acts: `person:<name>`. */
  readonly actor: string
}

/** Adds a partner with its first key. */
export async function addPartnerWithKey(
  partner: string,
  grant: { readonly scopes: readonly Scope[]; readonly isSigned: boolean },
  { database, random, actor }: KeyEffects,
): Promise<KeyAnswer> {
  return await database.transaction<KeyAnswer>(async (runner) => {
    if (!(await addPartner(runner, partner, actor)))
      return { is: 'refused', because: `there is a partner ${partner} already: rotate its key instead` }
    const { handedOut, row } = draw(partner, grant, random)
    await addKey(runner, row, actor)
    return { is: 'done', key: handedOut }
  })
}

/**
 * Hands out a new key with the rights of the newest; the one before stays valid for so long.
 * A partner without a valid key gets one with the rights of its last.
 */
export async function rotateKey(
  partner: string,
  overlapMinutes: number,
  { database, random, actor }: KeyEffects,
): Promise<KeyAnswer> {
  const last = (await listKeys(database, partner)).at(-1)
  if (last === undefined) return { is: 'refused', because: `there is no partner ${partner}` }
  const { handedOut, row } = draw(partner, last, random)
  try {
    await database.transaction(async (runner) => {
      await addKey(runner, row, actor)
      await expireOtherKeys(runner, row, overlapMinutes, actor)
    })
  } catch (error) {
    if (!(error instanceof StorageError) || error.constraint !== 'partner_has_two_keys') throw error
    return {
      is: 'refused',
      because: `${partner} has two valid keys already: revoke one, or wait until the older expires`,
    }
  }
  return { is: 'done', key: handedOut }
}

function draw(
  partner: string,
  { scopes, isSigned }: { readonly scopes: readonly Scope[]; readonly isSigned: boolean },
  random: KeyEffects['random'],
) {
  const { key, prefix, secretHash } = newKey(random)
  const signingSecret = isSigned ? newSecret(random) : null
  return {
    handedOut: { key, prefix, scopes, signingSecret },
    row: { prefix, partner, secretHash, scopes, signingSecret },
  }
}
