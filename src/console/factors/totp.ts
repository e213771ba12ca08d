import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** TOTP by RFC 6238 as every app has it: SHA-1, six digits, steps of 30 seconds. */
const STEP_SECONDS = 30
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A new secret of 160 bits, in Base32 as apps take it. */
export const newTotpSecret = (): string => toBase32(randomBytes(20))

/** The code of a step. */
export function totpCode(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0')
}

export const stepAt = (seconds: number): number => Math.floor(seconds / STEP_SECONDS)

/**
 * The step whose code this is: the present one, the one before or the one after; null when it is none of them. Each is
 * compared, whatever the others were.
 * @param seconds since 1970, by the clock of Postgres
 */
export function stepOfCode(secret: string, code: string, seconds: number): number | null {
  if (!/^\d{6}$/.test(code)) return null
  const now = stepAt(seconds)
  const matches = [now - 1, now, now + 1].filter((step) =>
    timingSafeEqual(Buffer.from(totpCode(secret, step)), Buffer.from(code)),
  )
  return matches.at(-1) ?? null
}

/** The address by which apps take a secret over. */
export function totpAddress(secret: string, name: string, host: string): string {
  const label = `${encodeURIComponent(`goldpro ${host}`)}:${encodeURIComponent(name)}`
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(`goldpro ${host}`)}&algorithm=SHA1&digits=6&period=30`
}

export function toBase32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => ALPHABET[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('')
}

function fromBase32(text: string): Buffer {
  const bits = Array.from(text, (letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2)))
}
