import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** A certificate authority that a test trusts or does not. */
export interface TestAuthority {
  /** Its own certificate, as PEM. */
  readonly pem: string
  /** A server's certificate and key as PEM, for host names or IPv4 addresses. */
  issue(hosts: readonly string[]): { readonly certificate: string; readonly key: string }
}

const DAY_MS = 86_400_000

/** Makes an authority with an EC key and without a program such as openssl. */
export function makeAuthority(name: string): TestAuthority {
  const own = newKeys()
  const basic = extension('551d13', sequence(BOOLEAN_TRUE), true)
  const usage = extension('551d0f', tagged(0x03, Buffer.from([2, 0x04])), true)
  const ownId = extension('551d0e', tagged(0x04, idOf(own.publicKey)))
  const certify = (subject: string, key: KeyObject, extensions: Buffer) =>
    certificate({ issuer: name, subject, key, signedBy: own.privateKey, extensions })
  return {
    pem: certify(name, own.publicKey, Buffer.concat([basic, usage, ownId])),
    issue(hosts) {
      const keys = newKeys()
      const names = extension('551d11', sequence(...hosts.map(generalName)))
      const issuedBy = extension('551d23', sequence(tagged(0x80, idOf(own.publicKey))))
      return {
        certificate: certify(hosts[0] ?? 'server', keys.publicKey, Buffer.concat([names, issuedBy])),
        key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      }
    },
  }
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const derOf = (key: KeyObject) => key.export({ type: 'spki', format: 'der' })
const idOf = (key: KeyObject) => createHash('sha1').update(derOf(key)).digest()

function certificate(of: {
  readonly issuer: string
  readonly subject: string
  readonly key: KeyObject
  readonly signedBy: KeyObject
  readonly extensions: Buffer
}): string {
  const version = tagged(0xa0, tagged(0x02, Buffer.from([2])))
  const serial = tagged(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]))
  const validity = sequence(time(Date.now() - DAY_MS), time(Date.now() + DAY_MS))
  const body = sequence(
    ...[version, serial, ECDSA_SHA256, commonName(of.issuer), validity, commonName(of.subject)],
    ...[derOf(of.key), tagged(0xa3, sequence(of.extensions))],
  )
  const signature = tagged(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, of.signedBy)]))
  const lines =
    sequence(body, ECDSA_SHA256, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

/** ASN.1 in DER: a tag, the length and the content. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content].map(shortest))
}

/** DER takes the shortest form of a length: one byte below 256. */
function shortest(bytes: Buffer, index: number): Buffer {
  const isShort = index === 0 && bytes[2] === 0
  return isShort ? Buffer.from([bytes[0] ?? 0, 0x81, bytes[3] ?? 0]) : bytes
}

const sequence = (...parts: Buffer[]) => tagged(0x30, Buffer.concat(parts))
const identifier = (hex: string) => tagged(0x06, Buffer.from(hex, 'hex'))
const text = (value: string) => tagged(0x0c, Buffer.from(value))
const BOOLEAN_TRUE = Buffer.from([0x01, 0x01, 0xff])
const ECDSA_SHA256 = sequence(identifier('2a8648ce3d040302'))

function commonName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(identifier('550403'), text(name))))
}

/** UTCTime: `YYMMDDhhmmssZ`. */
function time(ms: number): Buffer {
  return tagged(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)}Z`))
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(identifier(id), ...(isCritical ? [BOOLEAN_TRUE] : []), tagged(0x04, value))
}

function generalName(host: string): Buffer {
  if (!/^[\d.]+$/.test(host)) return tagged(0x82, Buffer.from(host))
  return tagged(0x87, Buffer.from(host.split('.').map(Number)))
}
