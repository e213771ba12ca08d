import { describe, expect, it } from 'vitest'
import { parseEndpointUrl } from '../../src/webhooks/endpoint-url.ts'
import { mayReach, REFUSED_IPV4, REFUSED_IPV6 } from '../../src/webhooks/reachable-addresses.ts'

/** First and last address of each refused range, and its public neighbours. */
const IPV4_EDGES: [refused: [string, string], publicBeside: string[]][] = [
  [['0.0.0.0', '0.255.255.255'], ['1.0.0.0']],
  [
    ['10.0.0.0', '10.255.255.255'],
    ['9.255.255.255', '11.0.0.0'],
  ],
  [
    ['100.64.0.0', '100.127.255.255'],
    ['100.63.255.255', '100.128.0.0'],
  ],
  [
    ['127.0.0.0', '127.255.255.255'],
    ['126.255.255.255', '128.0.0.0'],
  ],
  [
    ['168.63.129.16', '168.63.129.16'],
    ['168.63.129.15', '168.63.129.17'],
  ],
  [
    ['169.254.0.0', '169.254.255.255'],
    ['169.253.255.255', '169.255.0.0'],
  ],
  [
    ['172.16.0.0', '172.31.255.255'],
    ['172.15.255.255', '172.32.0.0'],
  ],
  [
    ['192.0.0.0', '192.0.0.255'],
    ['191.255.255.255', '192.0.1.0'],
  ],
  [
    ['192.0.2.0', '192.0.2.255'],
    ['192.0.1.255', '192.0.3.0'],
  ],
  [
    ['192.88.99.0', '192.88.99.255'],
    ['192.88.98.255', '192.88.100.0'],
  ],
  [
    ['192.168.0.0', '192.168.255.255'],
    ['192.167.255.255', '192.169.0.0'],
  ],
  [
    ['198.18.0.0', '198.19.255.255'],
    ['198.17.255.255', '198.20.0.0'],
  ],
  [
    ['198.51.100.0', '198.51.100.255'],
    ['198.51.99.255', '198.51.101.0'],
  ],
  [
    ['203.0.113.0', '203.0.113.255'],
    ['203.0.112.255', '203.0.114.0'],
  ],
  [['224.0.0.0', '239.255.255.255'], ['223.255.255.255']],
  [['240.0.0.0', '255.255.255.255'], []],
]

const REFUSED_ADDRESSES = [
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::7f00:1', 'IPv4-compatible loopback'],
  ['::10.0.0.1', 'IPv4-compatible private'],
  ['::ffff:10.0.0.1', 'IPv4-mapped private'],
  ['::ffff:127.0.0.1', 'IPv4-mapped loopback'],
  ['::ffff:a9fe:a9fe', 'IPv4-mapped metadata'],
  ['::ffff:8.8.8.8', 'IPv4-mapped public: no server has one'],
  ['::ffff:0:8.8.8.8', 'IPv4-translated'],
  ['64:ff9b::a00:1', 'NAT64 of a private address'],
  ['64:ff9b::808:808', 'NAT64 of a public address'],
  ['64:ff9b:1::1', 'local NAT64'],
  ['100::1', 'discard'],
  ['2001::1', 'Teredo'],
  ['2001:2::1', 'benchmark'],
  ['2001:10::1', 'ORCHID'],
  ['2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', 'the last protocol assignment'],
  ['2001:db8::1', 'documentation'],
  ['2002:a00:1::', '6to4 of a private address'],
  ['2002:808:808::', '6to4 of a public address'],
  ['3fff::1', 'documentation'],
  ['5f00::1', 'segment routing'],
  ['fc00::1', 'unique local'],
  ['fd00:ec2::254', 'cloud metadata'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local with a zone'],
  ['fec0::1', 'site-local'],
  ['ff02::1', 'multicast'],
  ['169.254.169.254', 'cloud metadata'],
  ['100.100.100.200', 'cloud metadata'],
  ['255.255.255.255', 'broadcast'],
  ['receiver.example', 'no address'],
  ['', 'nothing'],
  ['010.0.0.1', 'no address as it is written'],
]

describe('an address', () => {
  it.each(IPV4_EDGES)('in %j is refused, %j beside it is not', (refused, beside) => {
    for (const address of refused) expect(mayReach(address), address).toBe(false)
    for (const address of beside) expect(mayReach(address), address).toBe(true)
  })

  it('is tried at the edges of every refused range', () => {
    expect(IPV4_EDGES.map(([[first]]) => first)).toEqual(REFUSED_IPV4.map(([network]) => network))
    const tried = REFUSED_ADDRESSES.map(([address]) => address)
    for (const [network] of REFUSED_IPV6)
      expect(
        tried.some((address) => address?.startsWith(network.replace(/:+$/, ':'))),
        network,
      ).toBe(true)
  })

  it.each(REFUSED_ADDRESSES)('%s is refused: %s', (address) => {
    expect(mayReach(address)).toBe(false)
  })

  it.each(['8.8.8.8', '103.28.12.1', '2606:4700::1111', '2400:cb00::1', '2001:4860:4860::8888', '2003::1'])(
    '%s is public',
    (address) => {
      expect(mayReach(address)).toBe(true)
    },
  )
})

const refused = (text: string, allowLoopback = false) =>
  parseEndpointUrl(text, allowLoopback).is === 'refused'

describe('the URL of an endpoint', () => {
  it.each([
    ['http://receiver.example/hook', 'not https'],
    ['ftp://receiver.example', 'not https'],
    ['file:///etc/passwd', 'not https'],
    ['gopher://receiver.example', 'not https'],
    ['receiver.example/hook', 'no URL'],
    ['', 'nothing'],
    [`https://receiver.example/${'a'.repeat(2_000)}`, 'too long'],
    ['https://user@receiver.example', 'a user'],
    ['https://user:password@receiver.example', 'a password'],
    ['https://:password@receiver.example', 'a password'],
    ['https://receiver.example/#part', 'a fragment'],
    ['https://receiver.example./', 'a final dot'],
    ['https://localhost./', 'a final dot'],
    ['https://127.0.0.1./', 'a final dot, which URL takes off an address'],
    ['https://10.0.0.1/', 'private'],
    ['https://167772161/', 'private in decimal'],
    ['https://012.0.0.1/', 'private in octal'],
    ['https://0x0a.0.0.1/', 'private in hexadecimal'],
    ['https://0xa000001/', 'private in one hexadecimal number'],
    ['https://10.1/', 'private, shortened'],
    ['https://2130706433/', 'loopback in decimal'],
    ['https://0177.0.0.1/', 'loopback in octal'],
    ['https://0x7f.1/', 'loopback in hexadecimal, shortened'],
    ['https://１２７.０.０.１/', 'loopback in full-width digits'],
    ['https://①②⑦.⓪.⓪.①/', 'loopback in circled digits'],
    ['https://127。0。0。1/', 'loopback with ideographic full stops'],
    ['https://169.254.169.254/latest/meta-data', 'metadata'],
    ['https://[::1]/', 'loopback'],
    ['https://[::]/', 'unspecified'],
    ['https://[::ffff:10.0.0.1]/', 'mapped private'],
    ['https://[::ffff:169.254.169.254]/', 'mapped metadata'],
    ['https://[0:0:0:0:0:ffff:7f00:1]/', 'mapped loopback in full'],
    ['https://[64:ff9b::10.0.0.1]/', 'NAT64 private'],
    ['https://[2002:7f00:1::]/', '6to4 loopback'],
    ['https://[fd00:ec2::254]/', 'metadata'],
    ['https://[fe80::1%25eth0]/', 'a zone'],
    ['http://127.0.0.1:8080/', 'loopback without the setting'],
    ['http://localhost:8080/', 'loopback without the setting'],
  ])('%s is refused: %s', (url) => {
    expect(refused(url)).toBe(true)
  })

  it.each([
    ['https://receiver.example/hook?token=1', 'receiver.example'],
    ['https://receiver.example:8443/hook', 'receiver.example'],
    ['HTTPS://Receiver.Example/', 'receiver.example'],
    ['https://bücher.example/', 'xn--bcher-kva.example'],
    ['https://8.8.8.8/', '8.8.8.8'],
    ['https://[2606:4700::1111]/', '[2606:4700::1111]'],
    // Names are vetted by their addresses, at every send.
    ['https://localhost/', 'localhost'],
    ['https://ⓛocalhost/', 'localhost'],
  ])('%s goes to %s', (text, host) => {
    expect(parseEndpointUrl(text, false)).toMatchObject({ is: 'allowed', url: { hostname: host } })
  })

  it.each(['http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]/', 'https://127.0.0.1/'])(
    '%s is allowed in development',
    (url) => {
      expect(refused(url, true)).toBe(false)
    },
  )

  it.each([
    'http://receiver.example/',
    'http://10.0.0.1/',
    'https://10.0.0.1/',
    'http://169.254.169.254/',
    'http://[::ffff:127.0.0.1]/',
  ])('%s is refused in development too', (url) => {
    expect(refused(url, true)).toBe(true)
  })
})
