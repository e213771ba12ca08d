/**
 * An id that begins with the time: UUID version 7 (RFC 9562). Rows of one hour are adjacent in every index, so matching the
 * statement of a day reads a few pages instead of all.
 * @param random ten random bytes
 */
export function timeOrderedId(nowMs: number, random: Uint8Array): string {
  const time = nowMs.toString(16).padStart(12, '0')
  const digits = Array.from(random.subarray(0, 10), (byte) => byte.toString(16).padStart(2, '0')).join('')
  // Four bits of the random part are replaced by the version, two by the variant.
  const variant = (8 + (((random[2] ?? 0) >> 4) % 4)).toString(16)
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${digits.slice(1, 4)}`,
    `${variant}${digits.slice(5, 8)}`,
    digits.slice(8, 20),
  ].join('-')
}
