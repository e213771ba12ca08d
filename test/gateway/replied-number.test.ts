import { describe, expect, it } from 'vitest'
import { maskedNumberMatches, namesAnotherWallet } from '../../src/gateway/replied-number.ts'

describe('the wallet in a reply', () => {
  it.each([
    ['081234500084', '081234500084'],
    ['6281234500084', '081234500084'],
    ['081234500084', '+6281234500084'],
    ['08xxxxxxxx084', '081234500084'],
    ['08*****084', '081234500084'],
  ])('%s can be %s', (replied, phoneNumber) => {
    expect(maskedNumberMatches(replied, phoneNumber)).toBe(true)
  })

  it.each([
    ['081234500085', '081234500084'],
    ['08xxxxxxxx085', '081234500084'],
    ['09xxxxxxxx084', '081234500084'],
    ['', '081234500084'],
    ['0812345000844', '081234500084'],
    ['xxxxxxxxxxxx', '081234500084'],
    ['08xxxxxxxx4', '081234500084'],
    ['08x84', '081234500084'],
    ['unknown', '081234500084'],
  ])('%s cannot be %s', (replied, phoneNumber) => {
    expect(maskedNumberMatches(replied, phoneNumber)).toBe(false)
  })
})

describe('the recipient in a reply', () => {
  it.each([
    'Budi Misal (08xxxxxxx84)',
    ' (081234500084)',
    'Budi Misal +62 812-3450-0084',
    'Budi Misal',
    'Toko 24 Jam',
    '',
  ])('%j names nobody else', (text) => {
    expect(namesAnotherWallet(text, '081234500084')).toBe(false)
  })

  it.each(['Budi Misal (08xxxxxxx85)', '(081234500085)', '6281234500085', 'xxxxxxxx85', '0812 3450 0085'])(
    '%j names another wallet',
    (text) => {
      expect(namesAnotherWallet(text, '081234500084')).toBe(true)
    },
  )
})
