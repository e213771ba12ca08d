import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { LONG_TESTS } from '../long.ts'

it.each(LONG_TESTS)('%s, which `npm test` leaves out, exists', (pattern) => {
  expect(existsSync(pattern.replace(/\/\*\*$/, ''))).toBe(true)
})
