import { describe, expect, it } from 'vitest'
import { knownMigrations, MIGRATIONS_FOLDER } from '../../src/postgres/migrated.ts'
import { buildRelease, countAdded, hashesIn, NoReleaseBefore } from '../proof/rolling/release-before.mjs'

const migrations = (...hashes: string[]) => hashes.map((hash, n) => ({ tag: `000${n}_${hash}`, hash }))

describe('the release before, for the proof of a rolling deploy', () => {
  it('is known by the hashes that its databases have', () => {
    expect(hashesIn(MIGRATIONS_FOLDER).map(({ hash }) => hash)).toEqual(knownMigrations())
  })

  it.each([
    [0, migrations('a', 'b')],
    [2, migrations('a', 'b', 'c', 'd')],
  ])('is followed by %d migrations', (added, later) => {
    expect(countAdded(migrations('a', 'b'), later, 'v1.0.0')).toBe(added)
  })

  it.each([
    ['was edited', migrations('a', 'x', 'c')],
    ['is gone', migrations('a')],
  ])('is refused where a migration of it %s, and is named', (_what, later) => {
    const refusal = () => countAdded(migrations('a', 'b'), later, 'v0.9.0')
    expect(refusal).toThrow(NoReleaseBefore)
    expect(refusal).toThrow('v0.9.0 has another baseline: its migration 0001_b was edited or removed since')
  })

  it('is refused where there is no such ref', () => {
    expect(() => buildRelease('no-such-ref')).toThrow('no-such-ref is no ref of this repository')
  })
})
