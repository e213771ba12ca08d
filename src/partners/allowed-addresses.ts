import { BlockList, isIP } from 'node:net'

/** Whether a text is an IP address, or a network as `10.1.0.0/16`. */
export function isAddress(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

/** Whether a caller's address is one of those listed. */
export function isListed(address: string, listed: readonly string[]): boolean {
  const list = new BlockList()
  for (const each of listed) {
    const [network = '', bits] = each.split('/')
    const family = isIP(network) === 4 ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(network, family)
    else list.addSubnet(network, Number(bits), family)
  }
  // A dual-stack socket shows an IPv4 caller as ::ffff:192.0.2.1.
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  const version = isIP(plain)
  return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6')
}
