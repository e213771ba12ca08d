import type { Scope } from '../core/scopes.ts'
import { isListed } from './allowed-addresses.ts'
import { hasHash, presentedKey } from './key-format.ts'
import { limitsOf, type PartnerLimits } from './limits.ts'
import type { KnownKey } from './store/keys.ts'

/** The partner that sent a request. */
export interface AuthenticatedPartner {
  readonly partner: string
  /** The person or system of the partner that has the key. */
  readonly holder: string
  readonly prefix: string
  readonly scopes: readonly Scope[]
  /** Set: the request must be signed with it. */
  readonly signingSecret: string | null
  /** When the key was found, by the database's clock: a server's clock may be wrong. */
  readonly foundAt: Date
  readonly limits: PartnerLimits
}

/** `unknown`: the key is missing, malformed, wrong, revoked or expired. The answer does not say which. */
export type Authentication =
  | { readonly is: 'known'; readonly caller: AuthenticatedPartner }
  | { readonly is: 'unknown' | 'suspended' | 'address_refused' }

/** No key has this hash; comparing with it takes the time of comparing with one. */
const NO_HASH = '0'.repeat(64)

/** Authenticates the sender of this key at this address. */
export async function authenticate(
  presented: { readonly authorization: string | undefined; readonly address: string },
  findKey: (prefix: string) => Promise<KnownKey | null>,
): Promise<Authentication> {
  const given = presentedKey(presented.authorization)
  if (given === null) return { is: 'unknown' }
  const key = await findKey(given.prefix)
  if (!hasHash(given.key, key?.secretHash ?? NO_HASH) || key === null) return { is: 'unknown' }
  if (key.state !== 'active') return { is: 'suspended' }
  if (key.addresses !== null && !isListed(presented.address, key.addresses)) return { is: 'address_refused' }
  return { is: 'known', caller: callerOf(key) }
}

function callerOf(key: KnownKey): AuthenticatedPartner {
  const { name: partner, holder, prefix, scopes, signingSecret, foundAt } = key
  return { partner, holder, prefix, scopes, signingSecret, foundAt, limits: limitsOf(key) }
}
