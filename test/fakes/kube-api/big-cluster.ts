// A large cluster for measurements, the same each time, and an endless row of small changes to it.

import type { KubeObject } from './resources.ts'
import { resourceNamed } from './resources.ts'
import { keyOf, type Store } from './store.ts'
import { isMap } from './version.ts'

export interface BigClusterSize {
  readonly services: number
  readonly endpoints: number
}

const NAMESPACES = 50
const SLICE_ENDPOINTS = 100
/** Every so manieth service is headless. */
const HEADLESS_EVERY = 10
/** Half of all endpoints belong to every so manieth service. */
const LARGE_EVERY = 100
/** Prime, so that changes wander over all services. */
const STRIDE = 7919
const CREATED = '2026-11-23T12:00:00Z'

const octets = (number: number): string =>
  `${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
const podIp = (number: number): string =>
  `10.${128 + ((number >> 16) & 127)}.${(number >> 8) & 255}.${number & 255}`
/** Never a pod's of the start. */
const churnIp = (number: number): string =>
  `100.${64 + ((number >> 16) & 63)}.${(number >> 8) & 255}.${number & 255}`
const clusterIpOf = (index: number): string => octetsOfService(0x10_0000 + index)
const octetsOfService = (number: number): string =>
  `10.${octets((96 << 16) + number)
    .split('.')
    .map(Number)
    .join('.')}`
const digits = (number: number, count: number): string => `${number}`.padStart(count, '0')

export const bigServiceName = (index: number): string => `svc-${digits(index, 5)}`
export const bigNamespace = (index: number): string => `ns-${digits(index % NAMESPACES, 2)}`
const isHeadless = (index: number): boolean => index % HEADLESS_EVERY === 0

const uid = (kind: number, index: number): string =>
  `10000000-0000-4000-8${digits(kind, 3)}-${digits(index, 12)}`

const serviceObject = (index: number, name: string, clusterIP: string): KubeObject => ({
  kind: 'Service',
  metadata: {
    name,
    namespace: bigNamespace(index),
    uid: uid(1, index),
    creationTimestamp: CREATED,
    labels: { app: name, tier: index % 3 === 0 ? 'front' : 'back' },
    managedFields: [
      {
        manager: 'kubectl-client-side-apply',
        operation: 'Update',
        apiVersion: 'v1',
        time: CREATED,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {}, 'f:tier': {} } },
          'f:spec': { 'f:ports': {}, 'f:selector': {} },
        },
      },
    ],
  },
  spec: {
    ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
    selector: { app: name },
    clusterIP,
    clusterIPs: [clusterIP],
    type: 'ClusterIP',
    sessionAffinity: 'None',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    internalTrafficPolicy: 'Cluster',
  },
  status: { loadBalancer: {} },
})

const endpointObject = (index: number, name: string, ordinal: number, address: string): object => ({
  addresses: [address],
  conditions: { ready: true, serving: true, terminating: false },
  ...(isHeadless(index) ? { hostname: `${name}-${ordinal}` } : {}),
  targetRef: {
    kind: 'Pod',
    namespace: bigNamespace(index),
    name: `${name}-${ordinal}`,
    uid: uid(2, ordinal),
  },
  nodeName: `node-${digits(ordinal % 97, 2)}`,
  zone: `zone-${'abc'[ordinal % 3]}`,
})

const sliceObject = (
  index: number,
  name: string,
  part: number,
  endpoints: readonly object[],
): KubeObject => ({
  kind: 'EndpointSlice',
  metadata: {
    name: `${name}-${digits(part, 2)}`,
    generateName: `${name}-`,
    namespace: bigNamespace(index),
    uid: uid(3, index),
    generation: 1,
    creationTimestamp: CREATED,
    labels: {
      'kubernetes.io/service-name': name,
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    },
  },
  addressType: 'IPv4',
  endpoints,
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
})

/** All objects, one after the other: namespaces, then each service before its slices. */
export const bigCluster = function* ({
  services,
  endpoints,
}: BigClusterSize): Generator<KubeObject> {
  for (let n = 0; n < NAMESPACES; n++) {
    const name = bigNamespace(n)
    const metadata = {
      name,
      uid: uid(0, n),
      creationTimestamp: CREATED,
      labels: { 'kubernetes.io/metadata.name': name },
    }
    yield {
      kind: 'Namespace',
      metadata,
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    }
  }
  const large = Math.ceil(services / LARGE_EVERY)
  const each = Math.floor(endpoints / 2 / Math.max(1, services))
  const extra = endpoints - each * services
  let pods = 0
  for (let index = 0; index < services; index++) {
    const name = bigServiceName(index)
    yield serviceObject(index, name, isHeadless(index) ? 'None' : clusterIpOf(index))
    const rank = index / LARGE_EVERY
    const share = Number.isInteger(rank)
      ? Math.floor((extra * (rank + 1)) / large) - Math.floor((extra * rank) / large)
      : 0
    for (let at = 0, part = 0; at < each + share; at += SLICE_ENDPOINTS, part++) {
      const count = Math.min(SLICE_ENDPOINTS, each + share - at)
      const some = Array.from({ length: count }, (_, n) =>
        endpointObject(index, name, at + n, podIp(pods++)),
      )
      yield sliceObject(index, name, part, some)
    }
  }
}

const put = (store: Store, { kind, apiVersion: _apiVersion, ...body }: KubeObject): void => {
  const resource = resourceNamed(kind)
  store.put(resource, keyOf(resource, body.metadata.namespace ?? '', body.metadata.name), body)
}

/** Puts the objects into the store without looking at them twice. */
export const fillStore = (store: Store, size: BigClusterSize): void => {
  for (const object of bigCluster(size)) put(store, object)
}

export interface ChurnChange {
  readonly change: 'replace-endpoint' | 'add-service' | 'delete-service'
  readonly service: string
  readonly namespace: string
  /** The endpoint's new one, or the service's. */
  readonly address: string
}

/**
 * The k-th change: an endpoint of a headless service moves, a service comes, and with the next
 * change it goes again.
 */
export const churn = (store: Store, { services }: BigClusterSize, k: number): ChurnChange => {
  const turn = Math.floor(k / 3)
  if (k % 3 === 0) return moveEndpoint(store, services, turn)
  const name = `churn-${digits(turn, 7)}`
  const [namespace, address] = [bigNamespace(turn), octetsOfService(0x8_0000 + (turn % 0x8_0000))]
  const slice = sliceObject(turn, name, 0, [endpointObject(turn, name, 0, churnIp(k))])
  if (k % 3 === 1) {
    put(store, serviceObject(turn, name, address))
    put(store, slice)
    return { change: 'add-service', service: name, namespace, address }
  }
  store.remove(resourceNamed('EndpointSlice'), `${namespace}/${slice.metadata.name}`)
  store.remove(resourceNamed('Service'), `${namespace}/${name}`)
  return { change: 'delete-service', service: name, namespace, address }
}

const moveEndpoint = (store: Store, services: number, turn: number): ChurnChange => {
  const headless = Math.ceil(services / HEADLESS_EVERY)
  if (headless === 0) throw new Error('a cluster without services has nothing to change')
  const index = ((turn * STRIDE) % headless) * HEADLESS_EVERY
  const service = bigServiceName(index)
  const namespace = bigNamespace(index)
  const resource = resourceNamed('EndpointSlice')
  const key = `${namespace}/${service}-00`
  const version = store.table(resource).get(key)
  const endpoints = version?.field('endpoints')
  if (!isMap(version?.body) || !isMap(version.body.metadata) || !Array.isArray(endpoints))
    throw new Error(`${key} has no endpoints to change`)
  const address = churnIp(turn)
  const { resourceVersion: _old, ...metadata } = version.body.metadata
  const moved = { ...metadata, generation: Number(metadata.generation) + 1 }
  store.put(resource, key, {
    ...version.body,
    metadata: moved,
    endpoints: [endpointObject(index, service, 0, address), ...endpoints.slice(1)],
  })
  return { change: 'replace-endpoint', service, namespace, address }
}
