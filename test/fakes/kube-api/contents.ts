// The cluster's contents: manifests become stored objects with all that the server adds, namespaces
// come and go with what is in them.

import { type ClusterIps, ClusterIps as Ips } from './cluster-ips.ts'
import { type Manifests, readManifests } from './manifests.ts'
import { type KubeObject, RESOURCES, type Resource, resourceNamed } from './resources.ts'
import { allocatedIps, type Spec, serviceSpec } from './service-spec.ts'
import { invalidObject } from './status-error.ts'
import { keyOf, type Store } from './store.ts'
import { complaintAbout } from './validation.ts'
import { isMap, type Version } from './version.ts'

const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name'
/** Of these the server counts the generations. */
const COUNTED: readonly string[] = ['EndpointSlice', 'ServiceImport']

export class Contents {
  readonly #store: Store
  readonly #nowMs: () => number
  #ips: ClusterIps = new Ips()
  #made = 0

  /** `nowMs`: the time of creation timestamps. */
  constructor(store: Store, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  /**
   * Creates or updates; what is already so stays as it is, revision included. Throws for what the
   * server would refuse.
   */
  apply(manifests: Manifests): Version[] {
    return readManifests(manifests).map(object => this.#applyOne(object))
  }

  #applyOne(object: KubeObject): Version {
    const resource = resourceNamed(object.kind)
    const { name } = object.metadata
    const namespace = resource.isNamespaced ? (object.metadata.namespace ?? 'default') : ''
    if (resource.isNamespaced) this.#ensureNamespace(namespace)
    const key = keyOf(resource, namespace, name)
    const before = this.#store.table(resource).get(key)
    const body = this.#defaulted(resource, object, before)
    const complaint = complaintAbout({ ...body, kind: object.kind, metadata: object.metadata })
    if (complaint !== undefined) {
      if (before === undefined) this.#release(body)
      throw invalidObject(resource, name, complaint)
    }
    const metadata = this.#metadata(resource, object, namespace, before)
    if (before !== undefined && isSame(before, { metadata, ...body })) return before
    const isNew =
      before === undefined || JSON.stringify(withoutMetadata(before.body)) !== JSON.stringify(body)
    const generation = COUNTED.includes(resource.kind)
      ? { generation: Number(before?.field('metadata.generation') ?? 0) + Number(isNew) }
      : {}
    return this.#store.put(resource, key, { metadata: { ...metadata, ...generation }, ...body })
  }

  #ensureNamespace(name: string): void {
    const resource = resourceNamed('Namespace')
    if (this.#store.table(resource).get(name) === undefined)
      this.#applyOne({ kind: 'Namespace', metadata: { name } })
  }

  #metadata(
    resource: Resource,
    { metadata }: KubeObject,
    namespace: string,
    before: Version | undefined,
  ): object {
    const { resourceVersion: _given, generation: _counted, ...given } = metadata
    const created = new Date(this.#nowMs()).toISOString().replace(/\.\d+Z$/, 'Z')
    const labels =
      resource.kind === 'Namespace'
        ? { labels: { ...given.labels, [NAMESPACE_NAME_LABEL]: metadata.name } }
        : {}
    const managed = {
      manager: 'kubectl-client-side-apply',
      operation: 'Update',
      apiVersion: resource.apiVersion,
      time: created,
    }
    return {
      uid: before?.field('metadata.uid') ?? uidOf(++this.#made),
      creationTimestamp: before?.field('metadata.creationTimestamp') ?? created,
      managedFields: before?.field('metadata.managedFields') ?? [
        { ...managed, fieldsType: 'FieldsV1', fieldsV1: { 'f:metadata': {} } },
      ],
      ...given,
      ...labels,
      ...(namespace === '' ? {} : { namespace }),
    }
  }

  /**
   * Everything but kind, apiVersion and metadata. A pod's status is taken from the manifest: there
   * is no kubelet.
   */
  #defaulted(resource: Resource, object: KubeObject, before: Version | undefined): Spec {
    const { kind: _kind, apiVersion: _apiVersion, metadata: _metadata, ...body } = object
    const spec = isMap(body.spec) ? body.spec : {}
    const status = isMap(body.status) ? body.status : {}
    switch (resource.kind) {
      case 'Namespace':
        return {
          spec: { finalizers: ['kubernetes'], ...spec },
          status: { phase: 'Active', ...status },
        }
      case 'Service': {
        const earlier = before?.field('spec')
        try {
          return {
            spec: serviceSpec(spec, isMap(earlier) ? earlier : undefined, this.#ips),
            status: { loadBalancer: {}, ...status },
          }
        } catch (error) {
          throw invalidObject(resource, object.metadata.name, (error as Error).message)
        }
      }
      case 'Pod':
        return {
          spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', ...spec },
          status: podStatus(status),
        }
      case 'EndpointSlice':
        return sliceBody(body)
      default:
        return body
    }
  }

  #release(body: unknown): void {
    if (isMap(body)) this.#ips.release(allocatedIps(body.spec))
  }

  /** False if there is no such object. A namespace takes with it what is in it. */
  delete(kind: string, namespace: string, name: string): boolean {
    const resource = resourceNamed(kind)
    const key = keyOf(resource, namespace, name)
    const version = this.#store.table(resource).get(key)
    if (version === undefined) return false
    if (resource.kind === 'Namespace') this.#empty(version)
    if (resource.kind === 'Service') this.#release(version.body)
    return this.#store.remove(resource, key)
  }

  #empty(namespace: Version): void {
    const { body, resource, key } = namespace
    if (isMap(body) && isMap(body.metadata)) {
      const { resourceVersion: _old, ...metadata } = body.metadata
      const deletionTimestamp = new Date(this.#nowMs()).toISOString().replace(/\.\d+Z$/, 'Z')
      this.#store.put(resource, key, {
        ...body,
        metadata: { ...metadata, deletionTimestamp },
        status: { phase: 'Terminating' },
      })
    }
    for (const { kind, isNamespaced } of RESOURCES) {
      if (!isNamespaced) continue
      const within = this.#store
        .table(resourceNamed(kind))
        .now()
        .filter(version => version.namespace === key)
      for (const version of within) this.delete(kind, key, version.name)
    }
  }

  /** Makes the contents what the manifests say: the rest is deleted, event by event. */
  replaceAll(manifests: Manifests): void {
    const objects = readManifests(manifests)
    const wanted = new Set<string>()
    for (const { kind, metadata } of objects) {
      const resource = resourceNamed(kind)
      const namespace = metadata.namespace ?? 'default'
      wanted.add(`${resource.kind} ${keyOf(resource, namespace, metadata.name)}`)
      if (resource.isNamespaced) wanted.add(`Namespace ${namespace}`)
    }
    // Deleted first, so that addresses that move from one service to another are free.
    for (const resource of RESOURCES.toReversed())
      for (const { key, body } of this.#store.table(resource).now())
        if (!wanted.has(`${resource.kind} ${key}`)) {
          this.#release(body)
          this.#store.remove(resource, key)
        }
    this.apply(objects)
  }

  /** As when the server is another: nothing is left, and the counter goes on from `revision`. */
  reset(revision: number): void {
    this.#ips = new Ips()
    this.#store.reset(revision)
  }
}

const uidOf = (count: number): string =>
  `00000000-0000-4000-8000-${count.toString(16).padStart(12, '0')}`

const withoutMetadata = (body: unknown): unknown => {
  if (!isMap(body)) return body
  const { metadata: _metadata, ...rest } = body
  return rest
}

/** Apart from what the server counts up. */
const isSame = (before: Version, body: Readonly<Record<string, unknown>>): boolean => {
  const text = (value: unknown): string =>
    JSON.stringify(value, (key, one) =>
      key === 'resourceVersion' || key === 'generation' ? undefined : one,
    )
  return text(before.body) === text(body)
}

const podStatus = (status: Readonly<Record<string, unknown>>): object => ({
  phase: 'Pending',
  ...(typeof status.podIP === 'string' ? { podIPs: [{ ip: status.podIP }] } : {}),
  qosClass: 'BestEffort',
  ...status,
})

/** `endpoints` and `ports` are null when they are missing, as Go writes them. */
const sliceBody = ({ endpoints, ports, ...rest }: Readonly<Record<string, unknown>>): Spec => ({
  ...rest,
  endpoints: Array.isArray(endpoints)
    ? endpoints.map((endpoint: unknown) =>
        isMap(endpoint) ? { conditions: {}, ...endpoint } : endpoint,
      )
    : null,
  ports: Array.isArray(ports)
    ? ports.map((port: unknown) => (isMap(port) ? { name: '', protocol: 'TCP', ...port } : port))
    : null,
})
