import { BlockList, isIP } from 'node:net'

type Family = 'ipv4' | 'ipv6'
type Range = readonly [network: string, prefix: number, what: string]

/** IPv4 ranges that no partner's server has: IANA's special-purpose registry, and the metadata addresses of clouds. */
export const REFUSED_IPV4: readonly Range[] = [
  ['0.0.0.0', 8, 'unspecified'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'carrier-grade NAT'],
  ['127.0.0.0', 8, 'loopback'],
  ['168.63.129.16', 32, 'cloud metadata'],
  ['169.254.0.0', 16, 'link-local and cloud metadata'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'protocol assignments'],
  ['192.0.2.0', 24, 'documentation'],
  ['192.88.99.0', 24, '6to4 relay'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'benchmark'],
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved and broadcast'],
]

/**
 * IPv6 is allowed in global unicast only, which excludes loopback, unspecified, mapped, compatible, NAT64, unique local,
 * link-local, site-local and multicast addresses. These ranges of it are refused: they are tunnels or special.
 */
export const ALLOWED_IPV6: Range = ['2000::', 3, 'global unicast']
export const REFUSED_IPV6: readonly Range[] = [
  ['2001::', 23, 'protocol assignments, Teredo and benchmark'],
  ['2001:db8::', 32, 'documentation'],
  ['2002::', 16, '6to4'],
  ['3fff::', 20, 'documentation'],
]

const listOf = (ranges: readonly Range[], family: Family): BlockList => {
  const list = new BlockList()
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family)
  return list
}
const refusedIpv4 = listOf(REFUSED_IPV4, 'ipv4')
const allowedIpv6 = listOf([ALLOWED_IPV6], 'ipv6')
const refusedIpv6 = listOf(REFUSED_IPV6, 'ipv6')
const loopbackIpv4 = listOf([['127.0.0.0', 8, 'loopback']], 'ipv4')

/** Whether an address is a loopback address. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && loopbackIpv4.check(address, 'ipv4'))
}

/** Whether a webhook may be sent to an address. A text that is not an address is refused. */
export function mayReach(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !refusedIpv4.check(address, 'ipv4')
    case 6:
      return allowedIpv6.check(address, 'ipv6') && !refusedIpv6.check(address, 'ipv6')
    default:
      return false
  }
}
