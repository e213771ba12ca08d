// What the figures were measured on.
import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { redisVersion } from './servers/redis.mjs'

function output(program, args) {
  try {
    return execFileSync(program, args, {
      cwd: new URL('.', import.meta.url),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}

/** The commit that is measured; changes that are not committed are marked. */
function commit() {
  const hash = output('git', ['rev-parse', '--short=12', 'HEAD'])
  if (hash === null) return null
  return output('git', ['status', '--porcelain', '--untracked-files=no']) === ''
    ? hash
    : `${hash} with changes`
}

export function describeMachine(postgresVersion) {
  const processors = cpus()
  return {
    cores: processors.length,
    cpu: processors[0]?.model.trim() ?? null,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
    system: `${type()} ${release()}`,
    node: process.version,
    postgres: postgresVersion,
    redis: redisVersion(),
    commit: commit(),
  }
}
