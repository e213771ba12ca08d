import type { GatewaySettings } from '../../../src/config.ts'
import { CLOCKS } from '../../../src/core/clocks.ts'
import { createGatewayClient, type GatewayClient } from '../../../src/gateway/client.ts'
import { silentLog } from '../deps.ts'

export function gatewaySettings(baseUrl: string, overrides: Partial<GatewaySettings> = {}): GatewaySettings {
  return {
    baseUrl,
    timeoutMs: 5_000,
    sellPath: '/checkout/sell',
    is429Refusal: false,
    oauth: null,
    signing: null,
    ...overrides,
  }
}

export function openTestClient(baseUrl: string, overrides: Partial<GatewaySettings> = {}): GatewayClient {
  return createGatewayClient(gatewaySettings(baseUrl, overrides), { ...CLOCKS, log: silentLog })
}
