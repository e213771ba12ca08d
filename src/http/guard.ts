import { takeNonce } from '../db/partner-store.ts'
import type { Database } from '../db/pool.ts'
import { authenticate, type Caller } from '../partners/authenticate.ts'
import { signatureProblem } from '../partners/signature.ts'
import type { Scope } from '../partners/words.ts'
import type { Batched } from './batched.ts'
import type { FastifyRequest } from './fastify.ts'
import { Problem } from './problems.ts'

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

/** Checks the signature that a key asks for; its nonce is used up by it. @throws Problem */
export async function checkSignature(
  request: FastifyRequest,
  rawBody: Uint8Array,
  caller: Caller,
  { database, now }: { readonly database: Database; now(): number },
): Promise<void> {
  if (caller.signingSecret === null) return
  const signed = {
    method: request.method,
    path: request.raw.url ?? '',
    timestamp: headerOf(request, 'x-timestamp'),
    nonce: headerOf(request, 'x-nonce'),
    body: rawBody,
  }
  const problem = signatureProblem(signed, headerOf(request, 'x-signature'), caller.signingSecret, now())
  if (problem !== null) throw new Problem('signature_refused', { detail: problem })
  if (!(await takeNonce(database, caller.prefix, signed.nonce)))
    throw new Problem('signature_refused', { detail: 'the nonce has been used before' })
}

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
