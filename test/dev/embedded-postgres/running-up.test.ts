import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { announceUp, findRunningUp, withdrawUp } from '../../../src/dev/running-up.ts'
import { newFolder } from './program.ts'

const up = {
  databaseUrl: 'postgres://goldpro:secret@127.0.0.1:5/goldpro',
  redisUrl: null,
  gatewayUrl: 'http://127.0.0.1:6',
  webhookAllowLoopback: true,
  pid: process.pid,
}

test('what runs here is found until it is withdrawn', () => {
  const folder = join(newFolder(), '.goldpro')
  expect(findRunningUp(folder)).toBeNull()
  announceUp(folder, up)
  expect(findRunningUp(folder)).toEqual(up)
  withdrawUp(folder)
  expect(findRunningUp(folder)).toBeNull()
  expect(() => withdrawUp(folder)).not.toThrow()
})

test('nobody else may read the announcement, whatever was there before', () => {
  const folder = newFolder()
  chmodSync(folder, 0o777)
  writeFileSync(join(folder, 'up.json'), '{}', { mode: 0o666 })
  announceUp(folder, up)
  expect(statSync(join(folder, 'up.json')).mode & 0o777).toBe(0o600)
  // Root's PostgreSQL is another user, who passes through to its data.
  expect(statSync(folder).mode & 0o777).toBe(process.getuid?.() === 0 ? 0o711 : 0o700)
})

test('a killed up is not found', async () => {
  const folder = newFolder()
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await once(child, 'spawn')
  announceUp(folder, { ...up, pid: child.pid ?? 0 })
  expect(findRunningUp(folder)?.pid).toBe(child.pid)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(findRunningUp(folder)).toBeNull()
})

test('another process that got a killed up’s number is not taken for it', () => {
  const folder = newFolder()
  announceUp(folder, up)
  const path = join(folder, 'up.json')
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), processStart: 'long ago' }))
  expect(findRunningUp(folder)).toBeNull()
})

test.each(['', '{', 'null', '[]', '{"pid":1}'])('a damaged announcement (%j) counts as none', (text) => {
  const folder = newFolder()
  writeFileSync(join(folder, 'up.json'), text)
  expect(findRunningUp(folder)).toBeNull()
})
