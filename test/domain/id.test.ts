import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { timeOrderedId } from '../../src/core/time-ordered-id.ts'

describe('an id', () => {
  it('is the UUID of version 7 that RFC 9562 prints as its example', () => {
    const random = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f])
    expect(timeOrderedId(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
  })

  it('has its version and variant whatever the random bytes are, and none twice', () => {
    const ids = Array.from({ length: 2_000 }, () => timeOrderedId(1_770_600_000_000, randomBytes(10)))
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('comes after the ids of an earlier millisecond', () => {
    const late = new Uint8Array(10).fill(255)
    expect(
      timeOrderedId(1_770_600_000_000, late) < timeOrderedId(1_770_600_000_001, new Uint8Array(10)),
    ).toBe(true)
  })
})
