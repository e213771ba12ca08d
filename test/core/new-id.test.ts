import { describe, expect, it, vi } from 'vitest'
import { newOrderId } from '../../src/core/new-id.ts'

describe('an id', () => {
  it('has the version and variant of a UUID that begins with the time, and is drawn once', () => {
    const ids = Array.from({ length: 2_000 }, newOrderId)
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('comes after the ids that were drawn before', () => {
    const ids = Array.from({ length: 2_000 }, newOrderId)
    expect([...ids].sort()).toEqual(ids)
  })

  it('begins with the milliseconds of the process clock', () => {
    vi.useFakeTimers({ now: new Date('2099-01-01T00:00:00Z') })
    try {
      expect(Number.parseInt(newOrderId().replaceAll('-', '').slice(0, 12), 16)).toBe(Date.now())
    } finally {
      vi.useRealTimers()
    }
  })
})
