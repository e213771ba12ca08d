import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'

/** Each question is asked twice at most, within a send's deadline. */
const QUESTION = { timeout: 3_000, tries: 2 }

/**
 * Makes a resolver of partners' names that asks DNS alone: no hosts file, no search domains, which know our own network.
 * Unlike `lookup` it holds no thread: a name that does not answer keeps no other send waiting.
 * @param servers where to ask, by default where the system asks
 */
export function createResolve(servers: readonly string[] | null = null) {
  return async (host: string): Promise<readonly LookupAddress[]> => {
    if (host === 'localhost') return [{ address: '127.0.0.1', family: 4 }]
    const resolver = new Resolver(QUESTION)
    if (servers !== null) resolver.setServers(servers)
    const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    return [
      ...(ipv4.status === 'fulfilled' ? ipv4.value.map((address) => ({ address, family: 4 })) : []),
      ...(ipv6.status === 'fulfilled' ? ipv6.value.map((address) => ({ address, family: 6 })) : []),
    ]
  }
}
