import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'

/** Two tries per query at most, within a send's deadline. */
const QUERY = { timeout: 3_000, tries: 2 }

/**
 * Creates a resolver of partners' names that uses DNS only: the hosts file and search domains name our own network.
 * Unlike `lookup` it uses no thread, so a name server that does not answer delays no other send.
 * @param servers the DNS servers; null: the system's
 */
export function createResolve(servers: readonly string[] | null = null) {
  return async (host: string): Promise<readonly LookupAddress[]> => {
    if (host === 'localhost') return [{ address: '127.0.0.1', family: 4 }]
    const resolver = new Resolver(QUERY)
    if (servers !== null) resolver.setServers(servers)
    const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    return [
      ...(ipv4.status === 'fulfilled' ? ipv4.value.map((address) => ({ address, family: 4 })) : []),
      ...(ipv6.status === 'fulfilled' ? ipv6.value.map((address) => ({ address, family: 6 })) : []),
    ]
  }
}
