import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { SETTING_USERS } from '../../src/processes/setting-users.ts'
import { readText } from '../ground/tables.ts'

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}
interface Container {
  readonly image: string
  readonly args: readonly string[]
  readonly env: readonly {
    readonly name: string
    readonly value?: string
    readonly valueFrom?: {
      readonly secretKeyRef?: { readonly name: string; readonly key: string }
      readonly configMapKeyRef?: { readonly name: string; readonly key: string }
    }
  }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly securityContext: Record<string, unknown>
}
interface Pod {
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext: { readonly runAsNonRoot: boolean }
  readonly containers: readonly [Container]
}
interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Record<string, string>
  readonly resources?: readonly string[]
  readonly spec: {
    readonly template: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: Pod }
    readonly selector?: { readonly matchLabels?: Record<string, string> }
    readonly maxUnavailable?: number
  }
}

const FOLDER = 'deploy/kubernetes'
const files = readdirSync(fileURLToPath(new URL(`../../${FOLDER}`, import.meta.url)))
const manifests = files.flatMap((file) =>
  parseAllDocuments(readText(`${FOLDER}/${file}`)).map((document) => document.toJS() as Manifest),
)
const deployments = manifests.filter(({ kind }) => kind === 'Deployment')
const podOf = ({ spec }: Manifest) => spec.template.spec
const named = (kind: string, name: string) =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name)

const settingsOf = (command: string) =>
  Object.entries(SETTING_USERS).flatMap(([name, users]) =>
    users.some((user) => user === command) ? [name] : [],
  )
/** Only for development. */
const NEVER_THERE = ['WEBHOOK_ALLOW_LOOPBACK']
const IS_SECRET = /DATABASE_URL|REDIS_URL|CLIENT|SIGNING|SECRET|HEADERS|TOKEN(?!_PATH)/

const { services } = parse(readText('docker-compose.yml')) as {
  services: Record<string, { stop_grace_period?: string; environment: Record<string, unknown> }>
}

describe('the manifests for Kubernetes', () => {
  it('are all applied by one command', () => {
    const { resources } = parse(readText(`${FOLDER}/kustomization.yaml`)) as Manifest
    expect([...(resources ?? []), 'kustomization.yaml'].sort()).toEqual([...files].sort())
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
        else expect(name).toMatch(/^HTTP_HOST$|_PORT$/)
      }
    },
  )

  it.each(deployments.map((each) => [podOf(each).containers[0].args[0] ?? '', each] as const))(
    'let %s end as long as it takes, ask its own port for its health, and interrupt one at a time',
    (command, manifest) => {
      const pod = podOf(manifest)
      const [container] = pod.containers
      const grace = services[command]?.stop_grace_period
      if (grace !== undefined) expect(`${pod.terminationGracePeriodSeconds}s`).toBe(grace)
      const portNamed = (name: string) =>
        String(container.ports?.find((port) => port.name === name)?.containerPort)
      const setting = (name: string) => container.env.find((each) => each.name === name)?.value
      const ports = command === 'web' ? ['HTTP_PORT', 'HTTP_METRICS_PORT'] : ['METRICS_PORT']
      expect(setting(ports.at(-1) ?? '')).toBe(portNamed('metrics'))
      if (command === 'web') expect(setting('HTTP_PORT')).toBe(portNamed('http'))
      const health = command === 'web' ? 'http' : 'metrics'
      expect(container.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: health })
      expect(container.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: health })
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
    ])
  })

  it('put no secret into the ConfigMap, and no setting that there is not', () => {
    const data = named('ConfigMap', 'goldpro')?.data ?? {}
    for (const name of Object.keys(data)) {
      expect(Object.keys(SETTING_USERS)).toContain(name)
      expect(name).not.toMatch(IS_SECRET)
    }
  })
})
