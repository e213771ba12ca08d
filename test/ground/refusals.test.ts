import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readText } from './tables.ts'

const filesIn = (folder: string) =>
  readdirSync(fileURLToPath(new URL(`../../${folder}/`, import.meta.url)), {
    recursive: true,
    encoding: 'utf8',
  }).map((name) => `${folder}/${name}`)

it('every name by which a trigger refuses is the expectation of a test that is refused by it', () => {
  const migrations = filesIn('migrations').filter((file) => file.endsWith('.sql'))
  const named = migrations.flatMap((file) =>
    [...readText(file).matchAll(/\bCONSTRAINT = '(\w+)'/g)].map(([, name]) => name ?? ''),
  )
  const tests = filesIn('test').filter((file) => file.endsWith('.test.ts'))
  const text = tests.map(readText).join('\n')
  const untested = [...new Set(named)].filter((name) => !text.includes(`'${name}'`))
  expect(untested).toEqual([])
  expect(new Set(named).size).toBeGreaterThan(30)
})
