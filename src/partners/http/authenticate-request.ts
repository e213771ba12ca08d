import type { FastifyRequest } from '../../http/fastify.ts'
import { Problem } from '../../http/problems.ts'
import type { Database } from '../../postgres/pool.ts'
import type { Batched } from '../../processes/loaders.ts'
import { authenticate, type Caller } from '../authenticate.ts'
import type { Scope } from '../enums.ts'
import { digestProblem, headProblem, signing } from '../signature.ts'
import { takeNonce } from '../store/partners.ts'

/** Lets a request in by its key, before its body is read. @throws Problem */
export async function letIn(
  request: FastifyRequest,
  scope: Scope,
  findKey: Batched['findKey'],
): Promise<Caller> {
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

/** A signature that is checked while the body comes. */
export interface SignatureCheck {
  add(bytes: Uint8Array): void
  /** To be asked when the body is there; uses the nonce up. @throws Problem */
  finish(): Promise<void>
}

/**
 * Begins to check the signature that a key asks for; null when it asks for none. The timestamp is compared
 * with the database's time at the request's beginning: its body may take its time, and a server's clock may be set.
 * @throws Problem when no body would make it good
 */
export function beginSignature(
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
  const hmac = signing(head, signingSecret)
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

/** Checks the signature of a request whose body is there. @throws Problem */
export async function checkSignature(
  request: FastifyRequest,
  rawBody: Uint8Array,
  caller: Caller,
  effects: { readonly database: Database },
): Promise<void> {
  const check = beginSignature(request, caller, effects)
  check?.add(rawBody)
  await check?.finish()
}

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
