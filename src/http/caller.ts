import type { Scope } from '../core/scopes.ts'
import type { FastifyRequest } from './fastify.ts'

/** The authenticated caller of a request. The room that authenticates adds its own fields by declaration merging. */
export interface Caller {
  readonly partner: string
  /** The person or system of the partner that has the key. */
  readonly holder: string
  readonly prefix: string
  readonly scopes: readonly Scope[]
}

/** A signature that is checked while the body arrives. */
export interface SignatureCheck {
  add(bytes: Uint8Array): void
  /** Called when the body is complete; uses up the nonce. @throws Problem */
  finish(): Promise<void>
}

/** How requests are authenticated. */
export interface Authentication {
  /** Authenticates a request by its key, before its body is read. @throws Problem */
  authenticateRequest(request: FastifyRequest, scope: Scope): Promise<Caller>
  /** Begins to check the signature of a signing key; null for other keys. @throws Problem */
  beginSignature(request: FastifyRequest, caller: Caller): SignatureCheck | null
  /** Anonymous caller for public routes, which read no partner's data. */
  readonly anonymous: Caller
}
