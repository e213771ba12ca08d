import { expect, it } from 'vitest'
import { failed, ok, runChecks } from '../../../src/processes/doctor/check.ts'
import { clockFinding } from '../../../src/processes/doctor/database-checks.ts'
import { diskFinding } from '../../../src/processes/doctor/disk-check.ts'
import { secretsIn, withoutSecrets } from '../../../src/processes/doctor/secrets.ts'

it('a check that throws, or never answers, is a failed line, and the others go on', async () => {
  const checked = await runChecks(
    [
      { name: 'throws', find: () => Promise.reject(new Error('it broke: mend it')) },
      { name: 'hangs', find: () => new Promise(() => {}) },
      { name: 'depends', needs: 'throws', find: async () => ok('never') },
      { name: 'depends again', needs: 'depends', find: async () => ok('never') },
      { name: 'last', find: async () => ok('fine') },
    ],
    () => {},
    20,
  )
  expect(checked).toEqual([
    { check: 'throws', ...failed('it broke', 'mend it') },
    { check: 'hangs', ...failed('no answer within 0.02 s', null) },
    { check: 'depends', is: 'warning', about: 'not checked: see throws', remedy: null },
    { check: 'depends again', is: 'warning', about: 'not checked: see depends', remedy: null },
    { check: 'last', ...ok('fine') },
  ])
})

it.each([
  [100, 'ok'],
  [2, 'warning'],
  [0.2, 'failed'],
])('%d GiB that are free are %s', async (gib, is) => {
  expect((await diskFinding('x', async () => ({ bavail: gib * 1024, bsize: 1024 ** 2 }))).is).toBe(is)
})

it('a folder that is not there needs no room; one that cannot be looked at fails', async () => {
  expect((await diskFinding('/no/such/folder')).is).toBe('ok')
  const refused = Object.assign(new Error('no'), { code: 'EACCES' })
  await expect(diskFinding('x', () => Promise.reject(refused))).rejects.toBe(refused)
})

const NOW = new Date('2026-02-09T06:07:06.104Z')
const atDatabase = { run: async <Row extends object>() => [{ now: NOW } as unknown as Row] }

it.each([
  [0, 'ok'],
  [1_900, 'ok'],
  [-10_000, 'warning'],
  [10_000, 'warning'],
  [-60_000, 'failed'],
])("a clock that is %d ms from the database's is %s", async (ms, is) => {
  expect((await clockFinding(atDatabase, () => NOW.getTime() + ms)).is).toBe(is)
})

it('the time that the question took is no difference', async () => {
  let asked = 0
  const slow = () => NOW.getTime() + (asked++ === 0 ? -20_000 : 20_000)
  expect((await clockFinding(atDatabase, slow)).is).toBe('ok')
})

it('secrets, and passwords in URLs however written, are taken out of what is printed', () => {
  const secrets = secretsIn({ DATABASE_URL: 'postgres://u:p%40ss-word@h/d', CONSOLE_SECRET: 'top secret' })
  expect(withoutSecrets('p@ss-word p%40ss-word top secret', secrets)).toBe('… … …')
})
