import { parse, parseAllDocuments } from 'yaml'
import { readText } from '../ground/tables.ts'

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
  readonly periodSeconds?: number
  readonly failureThreshold?: number
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
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly securityContext: Record<string, unknown>
}
export interface Pod {
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext: { readonly runAsNonRoot: boolean }
  readonly containers: readonly [Container]
  readonly volumes?: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[]
}
export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> }
  readonly data?: Record<string, string>
  readonly resources?: readonly string[]
  readonly spec: {
    readonly template: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: Pod }
    readonly selector?: Record<string, unknown>
    readonly maxUnavailable?: number
    readonly ports?: readonly unknown[]
    readonly podSelector?: { readonly matchLabels?: Record<string, string> }
    readonly ingress?: readonly {
      readonly from: readonly [
        { readonly namespaceSelector: { readonly matchLabels: Record<string, string> } },
      ]
      readonly ports: readonly { readonly port: string }[]
    }[]
  }
}

export const FOLDER = 'deploy/kubernetes'
export const { resources = [] } = parse(readText(`${FOLDER}/kustomization.yaml`)) as Manifest

/** Every document of the manifests, in the order in which they are applied. */
export const manifests = resources.flatMap((file) =>
  parseAllDocuments(readText(`${FOLDER}/${file}`)).map((document) => document.toJS() as Manifest),
)
export const deployments = manifests.filter(({ kind }) => kind === 'Deployment')
export const podOf = ({ spec }: Manifest) => spec.template.spec
export const named = (kind: string, name: string) =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name)
