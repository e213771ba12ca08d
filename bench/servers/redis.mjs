import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { findFreePort } from '../../dist/dev/embedded-postgres/server.js'
import { cpuSecondsWithChildren } from '../measure.mjs'

export const NO_REDIS =
  'There is no redis-server on the PATH, so nothing on Redis is measured. Install one: apt-get install redis-server, or brew install redis'

/** Null when there is no redis-server. */
export function redisVersion() {
  const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  return status === 0 ? (/v=(\S+)/.exec(stdout)?.[1] ?? 'unknown') : null
}

/** A Redis that forgets nothing, as docker-compose.yml starts it; null when there is no redis-server. */
export async function startRedis(folder) {
  if (redisVersion() === null) return null
  const port = await findFreePort()
  const kept = ['--save', '', '--appendonly', 'yes', '--dir', folder]
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', ...kept], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  await isReady(child)
  const redisUrl = `redis://127.0.0.1:${port}`
  return {
    redisUrl,
    cpuSeconds: () => cpuSecondsWithChildren(child.pid),
    async empty() {
      const redis = new Redis(redisUrl)
      await redis.flushall()
      redis.disconnect()
    },
    async stop() {
      process.off('exit', end)
      const exited = once(child, 'exit')
      end()
      await exited
    },
  }
}

function isReady(child) {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes('Ready to accept')) resolve()
    })
  })
}
