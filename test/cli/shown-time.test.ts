import { afterEach, describe, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.resetModules()
})

describe('times in the output of commands', () => {
  const STORED = '2026-02-25T02:00:00.000Z'

  it.each([
    ['Jakarta', false, '2026-02-25T09:00:00+07:00'],
    ['UTC', true, '2026-02-25T02:00:00Z'],
  ])('are in %s, also inside what was kept with an event', async (_zone, utc, shown) => {
    const { showTimesIn, shownDetail, shownTime } = await import('../../src/cli/shown-time.ts')
    if (utc) showTimesIn('UTC')
    expect(shownTime(new Date(STORED))).toBe(shown)
    expect(shownTime(null)).toBe('')
    expect(shownDetail({ run_at: STORED, note: 'since 2026-02-25T02:00:00Z' })).toBe(
      `{"run_at":"${shown}","note":"since 2026-02-25T02:00:00Z"}`,
    )
  })
})
