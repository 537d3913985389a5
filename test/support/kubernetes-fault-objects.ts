// Manifests for tests of outages: services by number and address, headless services with whole sets
// of endpoints.

import type { KubeObject } from '../fakes/kube-api/resources.ts'

export const NAMESPACE = 'shop'
const PORTS = [{ name: 'http', protocol: 'TCP', port: 80 }]

export const nameOf = (service: string, zone = 'cluster.local'): string =>
  `${service}.${NAMESPACE}.svc.${zone}.`

/** `10.96.GROUP.N`, and more hosts than a byte counts. */
export const addressOf = (group: number, n: number): string =>
  `10.96.${group + (n >> 8)}.${n & 255}`

export const namespace = (name = NAMESPACE): KubeObject => ({
  kind: 'Namespace',
  metadata: { name },
})

/** A service with a cluster address, or a headless one (`None`). */
export const service = (
  name: string,
  clusterIP: string,
  labels: Record<string, string> = {},
): KubeObject => ({
  kind: 'Service',
  metadata: { name, namespace: NAMESPACE, labels },
  spec: { clusterIP, ports: PORTS },
})

/** `PREFIX-0` and so on, with addresses of one group. */
export const services = (prefix: string, group: number, count: number): KubeObject[] =>
  Array.from({ length: count }, (_, n) => service(`${prefix}-${n}`, addressOf(group, n)))

/** One slice of a service. All of its addresses are ready. */
export const slice = (of: string, addresses: readonly string[], part = 0): KubeObject => ({
  kind: 'EndpointSlice',
  metadata: {
    name: `${of}-${part}`,
    namespace: NAMESPACE,
    labels: { 'kubernetes.io/service-name': of },
  },
  addressType: 'IPv4',
  endpoints: addresses.map(address => ({ addresses: [address], conditions: { ready: true } })),
  ports: PORTS,
})

/**
 * `10.244.GENERATION.1` and those that follow: which generation an address is of can be read off
 * it.
 */
export const generation = (number: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `10.244.${number}.${n + 1}`)
