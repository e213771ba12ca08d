import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

const SCRIPT = `const { createLog } = await import('./dist/observability/log.js')
createLog('info').warn({ phone_number: '081234567890' }, 'called 081234567890')`

it('a line of the log says its level as a word, its time, and no phone number', () => {
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], { encoding: 'utf8' })
  const line = JSON.parse(stderr)
  expect(line).toMatchObject({ level: 'warn', phone_number: '(masked)' })
  expect(Date.parse(line.time)).not.toBeNaN()
  expect(stderr).not.toContain('081234567890')
})
