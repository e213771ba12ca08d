import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readText } from '../ground/tables.ts'
import { type Manifest, manifests, named, type Pod, podOf } from '../support/manifests.ts'

interface Operation {
  readonly op: string
  readonly path: string
  readonly value: unknown
}

const overlay = parse(readText('deploy/private-ca/kustomization.yaml')) as {
  resources: string[]
  configMapGenerator: { name: string; files: string[]; options: { labels: Record<string, string> } }[]
  patches: { target: { kind: string; name?: string }; patch: string }[]
}
const workloads = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'Job')

/** As RFC 6902 adds: to the end of a list that there is, or a field that there is not. */
function add(target: Manifest, { op, path, value }: Operation): void {
  expect(op).toBe('add')
  const steps = path.split('/').slice(1)
  const last = steps.pop() ?? ''
  let at: unknown = target
  for (const step of steps) at = (at as Record<string, unknown> | undefined)?.[step]
  if (last === '-') {
    expect(at, `${target.metadata.name} ${path}`).toBeInstanceOf(Array)
    ;(at as unknown[]).push(value)
    return
  }
  expect(at, `${target.metadata.name} ${path}`).not.toHaveProperty(last)
  ;(at as Record<string, unknown>)[last] = value
}

function patched(manifest: Manifest): Pod {
  const copy = structuredClone(manifest)
  for (const { target, patch } of overlay.patches)
    if (target.kind === manifest.kind && (target.name ?? manifest.metadata.name) === manifest.metadata.name)
      for (const operation of parse(patch) as Operation[]) add(copy, operation)
  return podOf(copy)
}

/** What `sslrootcert` of the URLs in deploy/README.md names. */
const [, fileInUrls] = /sslrootcert=(\/[\w./-]+)/.exec(readText('deploy/README.md')) ?? []

describe('a CA of your own', () => {
  it.each(workloads.map((each) => [each.metadata.name, each] as const))(
    'is mounted into %s by the Kustomize overlay, where Node and sslrootcert look for it',
    (_name, manifest) => {
      expect(overlay.resources).toEqual(['../kubernetes'])
      const { volumes = [], containers } = patched(manifest)
      const [{ env, volumeMounts = [] }] = containers
      const [generated] = overlay.configMapGenerator
      const volume = volumes.find(({ configMap }) => configMap?.name === generated?.name)
      const mount = volumeMounts.find(({ name }) => name === volume?.name)
      const file = posix.join(mount?.mountPath ?? '', generated?.files[0] ?? '')
      expect(env.find(({ name }) => name === 'NODE_EXTRA_CA_CERTS')?.value).toBe(file)
      expect(fileInUrls).toBe(file)
      expect(new Set(env.map(({ name }) => name)).size).toBe(env.length)
    },
  )

  it('is applied with the migration, which an update applies first', () => {
    const [generated] = overlay.configMapGenerator
    expect(generated?.options.labels).toEqual(named('Job', 'goldpro-migrate')?.metadata.labels)
    expect(readText('deploy/README.md')).toContain('-l app.kubernetes.io/component=migrate')
  })

  it('is mounted into every process by the file for Compose, which starts none of the bundled servers', () => {
    const tags = ['!override', '!reset'].map((tag) => ({
      ...{ tag, collection: 'map' as const },
      resolve: (map: unknown) => map,
    }))
    const text = readText('deploy/private-ca/compose.yaml')
    const { services } = parse(text, { customTags: tags }) as {
      services: Record<
        string,
        { environment?: Record<string, string>; volumes?: string[]; profiles?: string[]; depends_on?: object }
      >
    }
    const base = parse(readText('docker-compose.yml')).services as Record<string, { depends_on?: object }>
    for (const name of ['postgres', 'redis']) expect(services[name]?.profiles).toEqual(['bundled'])
    for (const name of ['migrate', 'worker', 'scheduler', 'web', 'console']) {
      const { environment, volumes, depends_on } = services[name] ?? {}
      expect(environment?.NODE_EXTRA_CA_CERTS, name).toBe(fileInUrls)
      expect(volumes, name).toEqual([`./deploy/private-ca/ca.pem:${fileInUrls}:ro`])
      expect(environment?.DATABASE_URL, name).toContain(name === 'migrate' ? '${OWNER_' : '${DATABASE_URL:?')
      const needed = Object.keys(JSON.parse(JSON.stringify(depends_on ?? base[name]?.depends_on ?? {})))
      expect(
        needed.filter((each) => ['postgres', 'redis'].includes(each)),
        name,
      ).toEqual([])
    }
  })
})
