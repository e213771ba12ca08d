import { bothOrNeither } from './configuration-error.ts'
import type { Environment } from './table.ts'

/** How to reach the gateway, and how long a call may take: everything that the client needs to know. */
export interface GatewaySettings {
  /** Scheme, host and port; paths under `/v2/gold-pro` are appended. */
  readonly baseUrl: string
  /** Wall-clock deadline of one call, milliseconds. */
  readonly timeoutMs: number
  /** Path of the sell confirm under `/v2/gold-pro`. */
  readonly sellPath: string
  readonly is429Refusal: boolean
  readonly oauth: {
    readonly clientId: string
    readonly clientSecret: string
    readonly tokenPath: string
  } | null
  readonly signing: { readonly keyId: string; readonly secret: string; readonly origin: string } | null
}

/** @throws ConfigurationError when a setting is there without one that it needs */
export function gatewaySettings(env: Environment, baseUrl: string): GatewaySettings {
  return Object.freeze({
    baseUrl: baseUrl.replace(/\/+$/, ''),
    timeoutMs: env.GATEWAY_TIMEOUT_MS,
    sellPath: env.GATEWAY_SELL_PATH,
    is429Refusal: env.GATEWAY_429_IS_REFUSAL === 'true',
    oauth: bothOrNeither(
      'GATEWAY_CLIENT_ID',
      env.GATEWAY_CLIENT_ID,
      'GATEWAY_CLIENT_SECRET',
      env.GATEWAY_CLIENT_SECRET,
      (clientId, clientSecret) => ({
        clientId,
        clientSecret,
        tokenPath: env.GATEWAY_TOKEN_PATH,
      }),
    ),
    signing: bothOrNeither(
      'GATEWAY_SIGNING_KEY_ID',
      env.GATEWAY_SIGNING_KEY_ID,
      'GATEWAY_SIGNING_SECRET',
      env.GATEWAY_SIGNING_SECRET,
      (keyId, secret) => ({
        keyId,
        secret,
        origin: env.GATEWAY_ORIGIN,
      }),
    ),
  })
}
