import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { SETTINGS } from '../../src/config.ts'
import { sendDeadlineMs } from '../../src/orders/deps.ts'
import { STOP_WITHIN_MS as CONSOLE_STOPS_WITHIN_MS } from '../../src/processes/console-command.ts'
import { STOP_WITHIN_MS as SCHEDULER_STOPS_WITHIN_MS } from '../../src/processes/scheduler-command.ts'
import { SETTING_USERS } from '../../src/processes/setting-users.ts'
import { STOP_WITHIN_MS as WEB_STOPS_WITHIN_MS } from '../../src/processes/web-command.ts'
import { readText } from '../ground/tables.ts'
import { deployments, FOLDER, manifests, named, podOf, resources } from '../support/manifests.ts'

const files = readdirSync(fileURLToPath(new URL(`../../${FOLDER}`, import.meta.url)))
const settingsOf = (command: string) =>
  Object.entries(SETTING_USERS).flatMap(([name, users]) =>
    users.some((user) => user === command) ? [name] : [],
  )
/** Only for development. */
const NEVER_THERE = ['WEBHOOK_ALLOW_LOOPBACK']
const IS_SECRET = /DATABASE_URL|REDIS_URL|OPS_WEBHOOK_URL|CLIENT|SIGNING|SECRET|HEADERS|TOKEN(?!_PATH)/
/** By which settings a process listens, at which named ports, and where it tells its health. */
const LISTENS: Record<
  string,
  { readonly ports: Record<string, string>; readonly health: string; readonly ready?: string }
> = {
  worker: { ports: { METRICS_PORT: 'metrics' }, health: 'metrics' },
  scheduler: { ports: { METRICS_PORT: 'metrics' }, health: 'metrics' },
  web: { ports: { HTTP_PORT: 'http', HTTP_METRICS_PORT: 'metrics' }, health: 'http' },
  // It has no route that asks its servers.
  console: { ports: { CONSOLE_PORT: 'http' }, health: 'http', ready: '/healthz' },
}

/** The latest that each process ends after SIGTERM, with this gateway's deadline for a call. */
const stopsWithinMs = (gatewayTimeoutMs: number): Record<string, number> => ({
  worker: sendDeadlineMs(gatewayTimeoutMs),
  scheduler: SCHEDULER_STOPS_WITHIN_MS,
  web: WEB_STOPS_WITHIN_MS,
  console: CONSOLE_STOPS_WITHIN_MS,
})
/** What remains of a grace period for the container's own start and end. */
const SPARE_MS = 5_000

const { services } = parse(readText('docker-compose.yml')) as {
  services: Record<string, { stop_grace_period?: string; environment: Record<string, unknown> }>
}

describe('the manifests for Kubernetes', () => {
  it('are all applied by one command', () => {
    expect([...resources, 'kustomization.yaml'].sort()).toEqual([...files].sort())
  })

  it.each(deployments.map((each) => [podOf(each).containers[0].args[0] ?? '', each] as const))(
    'give %s the settings that it uses: secrets from the Secret, the others from the ConfigMap',
    (command, manifest) => {
      const { env } = podOf(manifest).containers[0]
      expect(env.map(({ name }) => name)).toEqual(
        settingsOf(command).filter((name) => !NEVER_THERE.includes(name)),
      )
      for (const { name, value, valueFrom } of env) {
        const from = valueFrom?.secretKeyRef ?? valueFrom?.configMapKeyRef
        expect(valueFrom?.secretKeyRef !== undefined, name).toBe(IS_SECRET.test(name))
        if (value === undefined) expect(from, name).toMatchObject({ name: 'goldpro', key: name })
        else expect(name).toMatch(/^(HTTP|CONSOLE)_HOST$|_PORT$/)
      }
    },
  )

  it.each(deployments.map((each) => [podOf(each).containers[0].args[0] ?? '', each] as const))(
    'let %s end as long as it takes, ask its own port for its health, and interrupt one at a time',
    (command, manifest) => {
      const pod = podOf(manifest)
      const [container] = pod.containers
      const graceS = pod.terminationGracePeriodSeconds ?? 0
      expect(services[command]?.stop_grace_period).toBe(`${graceS}s`)
      // A longer GATEWAY_TIMEOUT_MS takes a longer grace: deploy/README.md.
      const timeoutMs = SETTINGS.GATEWAY_TIMEOUT_MS.parse(
        named('ConfigMap', 'goldpro')?.data?.GATEWAY_TIMEOUT_MS,
      )
      const stopsMs = stopsWithinMs(timeoutMs)[command] ?? Number.POSITIVE_INFINITY
      expect(graceS * 1_000).toBeGreaterThanOrEqual(stopsMs + SPARE_MS)
      const portNamed = (name: string) =>
        String(container.ports?.find((port) => port.name === name)?.containerPort)
      const setting = (name: string) => container.env.find((each) => each.name === name)?.value
      const { ports, health, ready = '/readyz' } = LISTENS[command] ?? { ports: {}, health: '' }
      for (const [port, name] of Object.entries(ports)) expect(setting(port), port).toBe(portNamed(name))
      expect(container.ports?.map(({ name }) => name)).toEqual(Object.values(ports))
      expect(container.startupProbe?.httpGet).toEqual({ path: '/healthz', port: health })
      const { periodSeconds = 0, failureThreshold = 0 } = container.startupProbe ?? {}
      expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(60)
      expect(container.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: health })
      expect(container.readinessProbe?.httpGet).toEqual({ path: ready, port: health })
      const budget = named('PodDisruptionBudget', manifest.metadata.name)
      expect(budget?.spec).toMatchObject({
        maxUnavailable: 1,
        selector: { matchLabels: manifest.spec.template.metadata.labels },
      })
    },
  )

  it('run no container as root, and only the migration as the owner of the tables', () => {
    const job = named('Job', 'goldpro-migrate')
    if (job === undefined) throw new Error('there is no migration')
    for (const manifest of [...deployments, job]) {
      const pod = podOf(manifest)
      expect(pod.securityContext.runAsNonRoot).toBe(true)
      expect(pod.containers[0].securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
      })
    }
    expect(podOf(job).containers[0].args).toEqual(['migrate', '--grant-to', 'goldpro'])
    expect(podOf(job).containers[0].env).toEqual([
      {
        name: 'DATABASE_URL',
        valueFrom: { secretKeyRef: { name: 'goldpro-owner', key: 'DATABASE_URL' } },
      },
      {
        name: 'CONSOLE_SECRET',
        valueFrom: { secretKeyRef: { name: 'goldpro', key: 'CONSOLE_SECRET' } },
      },
    ])
  })

  it('are of the version of the package', () => {
    const { version } = JSON.parse(readText('package.json')) as { version: string }
    const pods = [...deployments, ...manifests.filter(({ kind }) => kind === 'Job')]
    for (const manifest of pods) expect(podOf(manifest).containers[0].image).toMatch(`:${version}`)
    expect(deployments.map((each) => podOf(each).containers[0].args)).toEqual(
      ['worker', 'scheduler', 'web', 'console'].map((command) => [command]),
    )
  })

  it('let the proxy into web, that of the operators into the console, Prometheus into metrics, and nobody else', () => {
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy')
    const opened = policies.flatMap(({ spec }) =>
      (spec.ingress ?? []).map(({ from, ports }) => [
        spec.podSelector?.matchLabels?.['app.kubernetes.io/component'] ?? 'each',
        from[0].namespaceSelector.matchLabels['kubernetes.io/metadata.name'],
        ...ports.map(({ port }) => port),
      ]),
    )
    expect(opened).toEqual([
      ['web', 'ingress-nginx', 'http'],
      ['console', 'ingress-internal', 'http'],
      ['each', 'monitoring', 'metrics'],
    ])
    expect(policies[0]?.spec).toEqual({
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'goldpro' } },
      policyTypes: ['Ingress'],
    })
    for (const { metadata, spec } of manifests.filter(({ kind }) => kind === 'Service')) {
      const target = named('Deployment', metadata.name)
      expect(spec.selector).toEqual(target?.spec.template.metadata.labels)
      const [port] = target === undefined ? [] : (podOf(target).containers[0].ports ?? [])
      expect(spec.ports).toEqual([{ name: 'http', port: port?.containerPort, targetPort: port?.name }])
    }
  })

  it('put no secret into the ConfigMap, and no setting that there is not', () => {
    const data = named('ConfigMap', 'goldpro')?.data ?? {}
    for (const name of Object.keys(data)) {
      expect(Object.keys(SETTING_USERS)).toContain(name)
      expect(name).not.toMatch(IS_SECRET)
    }
  })
})
