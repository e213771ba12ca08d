import type { Scope } from '../../core/scopes.ts'
import type { Caller, KeyAuthentication, SignatureCheck } from '../../http/caller.ts'
import type { FastifyRequest } from '../../http/fastify.ts'
import { Problem } from '../../http/problems.ts'
import type { Database } from '../../postgres/pool.ts'
import { type AuthenticatedPartner, authenticate } from '../authenticate.ts'
import { NO_LIMITS } from '../limits.ts'
import { beginHmac, digestProblem, headProblem } from '../signature.ts'
import type { KnownKey } from '../store/keys.ts'
import { takeNonce } from '../store/nonces.ts'

declare module '../../http/caller.ts' {
  interface Caller extends AuthenticatedPartner {}
}

type FindKey = (prefix: string) => Promise<KnownKey | null>

/** Authenticates requests by partners' keys. */
export function partnerAuthentication(deps: {
  readonly database: Database
  readonly findKey: FindKey
}): KeyAuthentication {
  return {
    authenticateRequest: (request, scope) => authenticateRequest(request, scope, deps.findKey),
    beginSignature: (request, caller) => beginSignature(request, caller, deps),
    anonymous: ANONYMOUS,
  }
}

/** Anonymous caller for public routes. */
const ANONYMOUS: Caller = {
  partner: '',
  holder: '',
  prefix: '',
  scopes: [],
  signingSecret: null,
  foundAt: new Date(0),
  limits: NO_LIMITS,
}

/** Authenticates a request by its key, before its body is read. @throws Problem */
async function authenticateRequest(request: FastifyRequest, scope: Scope, findKey: FindKey): Promise<Caller> {
  const { authorization } = request.headers
  const known = await authenticate({ authorization, address: request.ip }, findKey)
  switch (known.is) {
    case 'unknown':
      throw new Problem('unauthorised')
    case 'suspended':
      throw new Problem('partner_suspended')
    case 'address_refused':
      throw new Problem('address_refused')
    case 'known':
      if (!known.caller.scopes.includes(scope))
        throw new Problem('scope_missing', { detail: `the key lacks the scope ${scope}` })
      return known.caller
  }
}

/**
 * Begins to check the signature that a key requires; null when it requires none. The timestamp is compared with the
 * database's time at the beginning of the request: a body may take long, and a server's clock may be wrong.
 * @throws Problem when no body could make the signature valid
 */
function beginSignature(
  request: FastifyRequest,
  { signingSecret, prefix, foundAt }: Caller,
  { database }: { readonly database: Database },
): SignatureCheck | null {
  if (signingSecret === null) return null
  const head = {
    method: request.method,
    path: request.raw.url ?? '',
    timestamp: headerOf(request, 'x-timestamp'),
    nonce: headerOf(request, 'x-nonce'),
  }
  const signature = headerOf(request, 'x-signature')
  const hmac = beginHmac(head, signingSecret)
  const refuse = (detail: string | null) => {
    if (detail !== null) throw new Problem('signature_refused', { detail })
  }
  refuse(headProblem(head, signature, foundAt.getTime()))
  return {
    add: (bytes) => void hmac.update(bytes),
    async finish() {
      refuse(digestProblem(signature, hmac.digest('hex')))
      if (!(await takeNonce(database, prefix, head.nonce))) refuse('the nonce has been used before')
    },
  }
}

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
