import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Sandbox, startSandbox } from '../../src/dev/sandbox/sandbox.ts'
import { readText } from '../ground/tables.ts'
import { type RunningCommand, startCommand } from '../support/servers/command.ts'
import { freePort } from '../support/servers/http-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/servers/postgres.ts'

let place: TestDatabase
let sandbox: Sandbox
const processes: RunningCommand[] = []
let served: Set<string>

/** The names of all metrics that the processes serve. */
beforeAll(async () => {
  place = await createTestDatabase()
  sandbox = await startSandbox({ seed: 1, openWallets: null })
  const shared = { DATABASE_URL: place.databaseUrl, GATEWAY_URL: sandbox.url }
  const [worker, scheduler, http, web] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const start = async (command: string, env: Record<string, string>) => {
    const started = startCommand([command], { env: { ...shared, ...env } })
    processes.push(started)
    await started.printed(`${command} started`)
  }
  await Promise.all([
    start('worker', { METRICS_PORT: worker }),
    start('scheduler', { METRICS_PORT: scheduler }),
    start('web', { HTTP_PORT: http, HTTP_METRICS_PORT: web }),
  ])
  const texts = await Promise.all(
    [worker, scheduler, web].map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
  )
  const typed = texts.flatMap((text) => [...text.matchAll(/^# TYPE (\S+) (\S+)/gm)])
  served = new Set(
    typed.flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  )
})
afterAll(async () => {
  for (const { child } of processes) child.kill('SIGTERM')
  await Promise.all(processes.map(({ ended }) => ended))
  await sandbox?.stop()
  await place?.drop()
})

const namesIn = (text: string) => [...new Set(text.match(/\bgoldpro_\w+/g) ?? [])].sort()
const areServed = (names: readonly string[]) => names.filter((name) => !served.has(name))

describe('what watches the product', () => {
  it('alerts by metrics that exist', () => {
    const rules = readText('deploy/prometheus/rules.yaml')
    expect(namesIn(rules).length).toBeGreaterThan(5)
    expect(areServed(namesIn(rules))).toEqual([])
    for (const { rules: ofGroup } of parse(rules).groups)
      for (const rule of ofGroup) expect(Object.keys(rule)).toEqual(expect.arrayContaining(['alert', 'expr']))
  })

  it('draws metrics that exist', () => {
    const { panels } = JSON.parse(readText('deploy/grafana/goldpro.json')) as {
      panels: { targets: { expr: string }[] }[]
    }
    const names = namesIn(panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n'))
    expect(names.length).toBeGreaterThan(8)
    expect(areServed(names)).toEqual([])
  })

  it('is described by the runbook with metrics that exist', () => {
    const [, alerts = ''] = readText('docs/runbook.md').split('## Metrics: what to alert on')
    const names = namesIn(alerts.slice(0, alerts.indexOf('\n## ')))
    expect(names.length).toBeGreaterThan(8)
    expect(areServed(names)).toEqual([])
  })
})
