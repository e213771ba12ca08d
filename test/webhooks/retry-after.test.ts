import { describe, expect, it } from 'vitest'
import { MAX_RETRY_AFTER_MS, retryAfterMs } from '../../src/webhooks/retry-after.ts'

const NOW_MS = Date.parse('2026-02-09T05:00:00Z')

describe('Retry-After', () => {
  it.each<[string | null, number | null]>([
    ['120', 120_000],
    ['1', 1_000],
    ['3600', MAX_RETRY_AFTER_MS],
    ['3601', MAX_RETRY_AFTER_MS],
    ['999999999', MAX_RETRY_AFTER_MS],
    ['Mon, 09 Feb 2026 05:02:00 GMT', 120_000],
    ['Tue, 10 Feb 2026 05:00:00 GMT', MAX_RETRY_AFTER_MS],
    // What cannot be read, or asks for nothing, leaves the table of pauses alone.
    [null, null],
    ['', null],
    ['0', null],
    ['-5', null],
    ['1.5', null],
    ['1e3', null],
    ['0x10', null],
    ['12 seconds', null],
    ['9'.repeat(10), null],
    ['9'.repeat(10_000), null],
    ['Infinity', null],
    ['Mon, 09 Feb 2026 04:59:00 GMT', null],
    ['Mon, 99 Feb 2026 05:02:00 GMT', null],
    ['Mon, 09 Feb 2026 05:02:00 +0700', null],
    ['2026-02-09T05:02:00Z', null],
    ['tomorrow', null],
  ])('%j is %j ms', (text, asked) => {
    expect(retryAfterMs(text, NOW_MS)).toBe(asked)
  })
})
