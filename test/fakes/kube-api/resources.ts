// What the server serves: each kind with its group, its path and its selectable fields, and the
// shape that all objects share.

export interface ObjectMetadata {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/** An object of the API, as a manifest has it. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind: string
  readonly metadata: ObjectMetadata
  readonly [field: string]: unknown
}

export interface Resource {
  readonly kind: string
  readonly plural: string
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  /** As in an object: `v1`, `discovery.k8s.io/v1`. */
  readonly apiVersion: string
  readonly isNamespaced: boolean
  /** What people type: `svc`. */
  readonly shortNames: readonly string[]
  /** Fields that a fieldSelector may name. */
  readonly fields: readonly string[]
  /** What an object of this kind says when it is empty: Go has no way to leave these out. */
  readonly emptyBody: Readonly<Record<string, unknown>>
}

const NAME = 'metadata.name'
const NAMESPACE = 'metadata.namespace'

const core = (
  kind: string,
  plural: string,
  shortName: string,
  isNamespaced: boolean,
  fields: readonly string[],
  emptyBody: object,
): Resource => ({
  kind,
  plural,
  group: '',
  version: 'v1',
  apiVersion: 'v1',
  isNamespaced,
  shortNames: [shortName],
  fields,
  emptyBody: { ...emptyBody },
})

const grouped = (
  kind: string,
  plural: string,
  group: string,
  version: string,
  emptyBody: object,
): Resource => ({
  kind,
  plural,
  group,
  version,
  apiVersion: `${group}/${version}`,
  isNamespaced: true,
  shortNames: [],
  fields: [NAME, NAMESPACE],
  emptyBody: { ...emptyBody },
})

const POD_FIELDS = [
  NAME,
  NAMESPACE,
  'spec.nodeName',
  'spec.restartPolicy',
  'status.phase',
  'status.podIP',
]

export const RESOURCES: readonly Resource[] = [
  core('Namespace', 'namespaces', 'ns', false, [NAME, 'status.phase'], { spec: {}, status: {} }),
  core('Service', 'services', 'svc', true, [NAME, NAMESPACE, 'spec.clusterIP', 'spec.type'], {
    spec: {},
    status: { loadBalancer: {} },
  }),
  core('Pod', 'pods', 'po', true, POD_FIELDS, { spec: { containers: null }, status: {} }),
  grouped('EndpointSlice', 'endpointslices', 'discovery.k8s.io', 'v1', {
    addressType: '',
    endpoints: null,
    ports: null,
  }),
  grouped('ServiceImport', 'serviceimports', 'multicluster.x-k8s.io', 'v1alpha1', {}),
]

/** By kind (`Service`) or by plural (`services`); undefined for what is not served. */
export const findResource = (name: string): Resource | undefined =>
  RESOURCES.find(({ kind, plural }) => kind === name || plural === name)

/** Throws for what is not served. */
export const resourceNamed = (name: string): Resource => {
  const found = findResource(name)
  if (found === undefined)
    throw new Error(
      `no such kind: ${name} (served: ${RESOURCES.map(({ kind }) => kind).join(', ')})`,
    )
  return found
}

/** `services`, `endpointslices.discovery.k8s.io`: as error messages name it. */
export const groupResource = ({ plural, group }: Resource): string =>
  group === '' ? plural : `${plural}.${group}`
