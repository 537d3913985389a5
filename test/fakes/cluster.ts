// For the tests of a cluster's model: objects as the API server sends them, and a cluster over a
// records map whose changes, log lines and time can be looked at.

import { parseIp } from '../../src/base/ip.ts'
import type { Clock } from '../../src/base/time/clock.ts'
import type { KubeObject } from '../../src/kube/kube-object.ts'
import type { Logger } from '../../src/log/logger.ts'
import { decodeOwners } from '../../src/plugins/kubernetes/records/address-record.ts'
import {
  KIND_ADDRESS,
  KIND_IMPORT,
  KIND_SERVICE,
  labelsBytes,
} from '../../src/plugins/kubernetes/records/record-keys.ts'
import { ServiceView } from '../../src/plugins/kubernetes/records/service-view.ts'
import { Cluster, type ClusterOptions } from '../../src/plugins/kubernetes/watch/cluster.ts'
import { type Change, Publisher } from '../../src/plugins/kubernetes/watch/publish/publisher.ts'
import type { RecordsMap } from '../../src/records/map.ts'
import { RecordsMemory } from '../../src/records/records-memory.ts'

export const START_MS = Date.parse('2026-01-02T03:04:05Z')
export const START_SECONDS = START_MS / 1000

export const objectOf = (
  namespace: string | undefined,
  name: string,
  rest: Record<string, unknown> = {},
): KubeObject => {
  const { metadata, ...body } = rest
  const place = namespace === undefined ? { name } : { name, namespace }
  return { ...body, metadata: { ...(metadata as Record<string, unknown>), ...place } }
}

export const serviceOf = (namespace: string, name: string, spec: unknown): KubeObject =>
  objectOf(namespace, name, { spec })

/** A service with a cluster address and one port. */
export const clusterService = (
  namespace: string,
  name: string,
  ...clusterIPs: string[]
): KubeObject =>
  serviceOf(namespace, name, {
    clusterIPs,
    selector: { app: name },
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  })

export const headlessService = (namespace: string, name: string): KubeObject =>
  serviceOf(namespace, name, { clusterIPs: ['None'], selector: { app: name } })

export const externalService = (
  namespace: string,
  name: string,
  externalName: string,
): KubeObject => serviceOf(namespace, name, { type: 'ExternalName', externalName })

/** A slice of that service. Endpoints are addresses, or whole objects. */
export const sliceOf = (
  namespace: string,
  name: string,
  service: string,
  endpoints: readonly unknown[],
  annotations: Record<string, string> = {},
): KubeObject =>
  objectOf(namespace, name, {
    metadata: { labels: { 'kubernetes.io/service-name': service }, annotations },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: endpoints.map(endpoint =>
      typeof endpoint === 'string' ? { addresses: [endpoint] } : endpoint,
    ),
  })

export const podOf = (
  namespace: string,
  name: string,
  podIP: unknown,
  metadata: Record<string, unknown> = {},
): KubeObject => objectOf(namespace, name, { metadata, status: { podIP } })

export const addressOf = (text: string): Uint8Array => parseIp(text)?.bytes ?? new Uint8Array(0)

export const labelsOf = (namespace: string, name: string): Uint8Array =>
  labelsBytes(name, namespace) ?? new Uint8Array(0)

/** Labels as text: `web.shop`. */
export const labelsText = (labels: Uint8Array): string => {
  const texts: string[] = []
  for (let at = 0; at < labels.length; at += 1 + (labels[at] ?? 0)) {
    texts.push(Buffer.from(labels.subarray(at + 1, at + 1 + (labels[at] ?? 0))).toString())
  }
  return texts.join('.')
}

export interface World {
  readonly cluster: Cluster
  readonly publisher: Publisher
  readonly memory: RecordsMemory
  readonly map: RecordsMap
  readonly logged: string[]
  readonly changes: Change[]
  readonly observed: string[]
  /** Lets time pass. */
  pass(ms: number): void
  /** `label.service.namespace` of each owner of an address. */
  owners(address: string): string[]
  /** What the record of a service says; undefined without one. */
  service(namespace: string, name: string, kind?: number): ServiceSummary | undefined
}

export interface ServiceSummary {
  readonly kind: number
  readonly addresses: readonly string[]
  /** `label address zone cluster` of each. */
  readonly endpoints: readonly string[]
}

export interface WorldOptions extends Partial<ClusterOptions> {
  readonly recordsBytes?: number
}

export const worldOf = (options: WorldOptions = {}): World => {
  const { recordsBytes = 16 << 20, ...rest } = options
  const memory = new RecordsMemory(recordsBytes, { mark: () => [], hasPassed: () => true }, [1, 2])
  const map = memory.newMap()
  const logged: string[] = []
  const say = (text: string) => void logged.push(text)
  const log: Logger = { debug: say, info: say, warning: say, error: say }
  let ms = 0
  const clock: Clock = {
    ms: () => ms,
    seconds: () => Math.floor(ms / 1000),
    wallMs: () => START_MS + ms,
  }
  const publisher = new Publisher(map, clock, log)
  const changes: Change[] = []
  publisher.onChanged = change => void changes.push(change)
  const observed: string[] = []
  const cluster = new Cluster({
    options: {
      namespaces: [],
      endpointPodNames: false,
      multicluster: true,
      endpoints: true,
      ...rest,
    },
    publisher,
    log,
    clock,
    observeProgramming: (kind, seconds) => void observed.push(`${kind} ${seconds}`),
  })
  return {
    cluster,
    publisher,
    memory,
    map,
    logged,
    changes,
    observed,
    pass: more => {
      ms += more
    },
    owners: address => {
      const record = map.get(KIND_ADDRESS, addressOf(address)) ?? new Uint8Array(0)
      return decodeOwners(record, 0, record.length).map(({ label, service }) =>
        labelsText(label.length === 1 ? service : Buffer.concat([label, service])),
      )
    },
    service: (namespace, name, kind = KIND_SERVICE) =>
      summaryOf(map.get(kind, labelsOf(namespace, name))),
  }
}

export const IMPORTED = KIND_IMPORT

const summaryOf = (record: Uint8Array | undefined): ServiceSummary | undefined => {
  if (record === undefined) return undefined
  const view = new ServiceView(record, 0, record.length)
  const addresses = [...view.addresses(4), ...view.addresses(16)].map(bytes => bytes.join('.'))
  const endpoints = Array.from(view.endpoints(), ({ label, address, zone, cluster }) =>
    `${labelsText(label)} ${address.join('.')} ${zone} ${cluster}`.trim(),
  )
  return { kind: view.kind, addresses, endpoints }
}
