// Kubernetes objects of docs/deploy as the tests look at them: typed for what they read, nothing
// validated. Also the Corefile that the values of the chart stand for, in the simplest form: what
// helm makes of its templates is compared with it.

import assert from 'node:assert/strict'
import { parseAllDocuments } from 'yaml'
import { inspectCorefile, type LoadedConfig } from '../../src/process/load/load.ts'
import { ROOT, readRepositoryFile, repositoryPaths } from './source-files.ts'

export type Labels = Readonly<Record<string, string>>

export interface Port {
  readonly name: string
  readonly protocol: string
  readonly port?: number
  readonly containerPort?: number
  readonly targetPort?: number | string
}

export interface Probe {
  readonly httpGet: {
    readonly host?: string
    readonly path: string
    readonly port: number | string
  }
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly args: readonly string[]
  readonly ports: readonly Port[]
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly resources: { readonly requests: Labels; readonly limits: Labels }
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly volumeMounts: readonly {
    readonly name: string
    readonly mountPath: string
    readonly readOnly?: boolean
  }[]
}

interface ConfigMapVolume {
  readonly name: string
  readonly configMap: {
    readonly name: string
    readonly items: readonly { readonly key: string; readonly path: string }[]
  }
}

export interface PodSpec {
  readonly serviceAccountName: string
  readonly hostNetwork?: boolean
  readonly dnsPolicy: string
  readonly priorityClassName?: string
  readonly containers: readonly Container[]
  readonly volumes: readonly ConfigMapVolume[]
}

export interface KubeObject {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Labels
  }
  readonly data?: Labels
  readonly roleRef?: { readonly kind: string; readonly name: string }
  readonly subjects?: readonly {
    readonly kind: string
    readonly name: string
    readonly namespace: string
  }[]
  readonly rules?: readonly {
    readonly resources: readonly string[]
    readonly verbs: readonly string[]
  }[]
  readonly spec?: {
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
    readonly selector?: Labels & { readonly matchLabels?: Labels }
    readonly ports?: readonly Port[]
    readonly clusterIP?: string
  }
}

/** All documents of a YAML text; an error or a warning of the parser fails the test. */
export const readObjects = (text: string, name: string): KubeObject[] =>
  parseAllDocuments(text).flatMap(document => {
    assert.deepEqual([...document.errors, ...document.warnings].map(String), [], name)
    const value = document.toJS() as KubeObject | null
    return value === null ? [] : [value]
  })

/**
 * The objects of a folder below docs/deploy that has a kustomization: what that names, and nothing
 * else.
 */
export const folderObjects = (folder: string): KubeObject[] =>
  readOne<{ resources: string[] }>(`docs/deploy/${folder}/kustomization.yaml`).resources.flatMap(
    file => readObjects(readRepositoryFile(`docs/deploy/${folder}/${file}`), file),
  )

export const readOne = <T>(path: string): T => {
  const [value, ...others] = readObjects(readRepositoryFile(path), path)
  assert.equal(others.length, 0, path)
  return value as T
}

export const deployPaths = (): string[] =>
  repositoryPaths('docs/deploy/**/*.yaml').filter(path => !path.includes('/templates/'))

/** The one object of a kind, or of a kind and name. */
export const only = (objects: readonly KubeObject[], kind: string, name?: string): KubeObject => {
  const found = objects.filter(
    object => object.kind === kind && (name === undefined || object.metadata.name === name),
  )
  assert.equal(found.length, 1, `${kind} ${name ?? ''}: found ${found.length}`)
  return found[0] as KubeObject
}

export const podOf = (workload: KubeObject): PodSpec => {
  const pod = workload.spec?.template?.spec
  assert.ok(pod)
  return pod
}

/** The container that serves: the only one, init containers aside. */
export const serverOf = (workload: KubeObject): Container => {
  const [container, ...others] = podOf(workload).containers
  assert.ok(container)
  assert.equal(others.length, 0)
  return container
}

export const isSelected = (labels: Labels, selector: Labels): boolean =>
  Object.keys(selector).length > 0 &&
  Object.entries(selector).every(([name, value]) => labels[name] === value)

/**
 * Reads a Corefile with the variables that Kubernetes would set; fails the test with its errors.
 */
export const loadedCorefile = async (text: string): Promise<LoadedConfig> => {
  const env = { KUBE_DNS_UPSTREAM_SERVICE_HOST: '192.0.2.53' }
  const { config, errors } = await inspectCorefile(text, 'Corefile', { baseDir: ROOT, env })
  assert.deepEqual(
    errors.map(error => error.message),
    [],
  )
  assert.ok(config)
  return config
}

/** Address that a plugin with an HTTP endpoint is given, by the first block that has it. */
export const endpointOf = (config: LoadedConfig, name: string): { host: string; port: number } => {
  const found = config.blocks
    .flatMap(({ directives }) => directives)
    .find(({ plugin }) => plugin.name === name)
  assert.ok(found, name)
  const { address } = found.options as { address: string }
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? []
  return { host, port: Number(port) }
}

interface ChartDirective {
  readonly name: string
  readonly parameters?: string | number
  readonly configBlock?: string
}

export interface ChartValues {
  readonly image: { readonly repository: string }
  readonly servers: readonly {
    readonly zones: readonly { readonly zone: string }[]
    readonly port: number
    readonly plugins: readonly ChartDirective[]
  }[]
}

export const chartCorefile = ({ servers }: ChartValues): string =>
  servers
    .map(({ zones, port, plugins }) => {
      const lines = plugins.map(({ name, parameters, configBlock }) =>
        [name, parameters, configBlock && `{\n${configBlock}\n}`]
          .filter(part => part !== undefined)
          .join(' '),
      )
      return `${zones.map(({ zone }) => `${zone}:${port}`).join(' ')} {\n${lines.join('\n')}\n}\n`
    })
    .join('')
