/** FNV-1a over the parts: the same parts give the same 32 bits on every machine. */
export function hash(...parts: readonly (string | number)[]): number {
  let value = 0x811c9dc5
  for (const character of parts.join('\u001f')) {
    value ^= character.codePointAt(0) ?? 0
    value = Math.imul(value, 0x01000193)
  }
  // FNV's last characters barely reach the high bits; this finish (murmur3) spreads them.
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/** A number from 0 up to 1 that depends on nothing but the parts. */
export function draw(...parts: readonly (string | number)[]): number {
  return hash(...parts) / 2 ** 32
}

/** 32 upper-case hexadecimal digits, the shape of a session_id. */
export function hexDigits(...parts: readonly (string | number)[]): string {
  return [0, 1, 2, 3]
    .map((n) =>
      hash(...parts, n)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('')
    .toUpperCase()
}
