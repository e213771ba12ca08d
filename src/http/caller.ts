import type { Scope } from '../core/scopes.ts'
import type { FastifyRequest } from './fastify.ts'

/** The authenticated caller of a request. The room that authenticates adds its own fields by declaration merging. */
export interface Caller {
  readonly partner: string
  /** The person or system of the partner that has the key. */
  readonly holder: string
  readonly prefix: string
  readonly scopes: readonly Scope[]
  /** The name of the operator, where one calls instead of a partner. */
  readonly operator?: string
}

/** A signature that is checked while the body arrives. */
export interface SignatureCheck {
  add(bytes: Uint8Array): void
  /** Called when the body is complete; uses up the nonce. @throws Problem */
  finish(): Promise<void>
}

/** How requests of partners are authenticated. */
export interface KeyAuthentication {
  /** Authenticates a request by its key, before its body is read. @throws Problem */
  authenticateRequest(request: FastifyRequest, scope: Scope): Promise<Caller>
  /** Begins to check the signature of a signing key; null for other keys. @throws Problem */
  beginSignature(request: FastifyRequest, caller: Caller): SignatureCheck | null
  /** Anonymous caller for public routes, which read no partner's data. */
  readonly anonymous: Caller
}

/** How requests are authenticated. */
export interface Authentication extends KeyAuthentication {
  /**
   * Authenticates an operator by a token, before the body is read.
   * @param command whose roles the operator must have
   * @throws Problem
   */
  authenticateOperator(request: FastifyRequest, command: string): Promise<Caller>
}
