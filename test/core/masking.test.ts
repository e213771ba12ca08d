import { describe, expect, it } from 'vitest'
import { maskKtp, maskPhoneNumber, maskPhoneNumbersIn } from '../../src/core/masking.ts'

describe('masking', () => {
  it('keeps a phone number recognisable and unreadable', () => {
    expect(maskPhoneNumber('081234500084')).toBe('08xxxxxxx084')
    expect(maskPhoneNumber('0812')).toBe('xxxx')
  })

  it('keeps two digits of a KTP number', () => {
    expect(maskKtp('3174999901010001')).toBe('xxxxxxxxxxxxxx01')
  })

  it.each([
    ['User 081234500084 not found', 'User 08xxxxxxx084 not found'],
    ['+6281234500084', '+6xxxxxxxxx084'],
    ['6281234500084,081234500085', '62xxxxxxxx084,08xxxxxxx085'],
    ['session 4368992F975487B918AF66083ADEC857', 'session 4368992F975487B918AF66083ADEC857'],
    ['quote 1612853774 of 2026', 'quote 1612853774 of 2026'],
  ])('finds phone numbers in %j', (text, masked) => {
    expect(maskPhoneNumbersIn(text)).toBe(masked)
  })
})
