// Objects that no API server would take, for `inject`: whoever reads the API must live through each
// of them, and through all at once.

export interface AbsurdObject {
  /** What is wrong with it. */
  readonly name: string
  readonly kind: string
  /** What follows kind and apiVersion. */
  readonly body: unknown
}

const NAMESPACE = 'testns'
const SERVICE_LABEL = 'kubernetes.io/service-name'
const LONG = 'a'.repeat(64)

const service = (
  name: string,
  kind: string,
  spec: unknown,
  metadata: object = {},
): AbsurdObject => ({
  name,
  kind: 'Service',
  body: { metadata: { name: kind, namespace: NAMESPACE, ...metadata }, spec },
})

const port = (value: unknown): object => ({ name: 'http', protocol: 'TCP', port: value })
const PORTS = [port(80)]

const slice = (name: string, id: string, rest: object): AbsurdObject => ({
  name,
  kind: 'EndpointSlice',
  body: {
    metadata: {
      name: `absurd-${id}`,
      namespace: NAMESPACE,
      labels: { [SERVICE_LABEL]: 'headless' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.90.1'], conditions: { ready: true } }],
    ports: PORTS,
    ...rest,
  },
})

const endpoint = (name: string, id: string, value: unknown): AbsurdObject =>
  slice(name, id, { endpoints: [value] })

const ABSURD_SERVICES: readonly AbsurdObject[] = [
  { name: 'a service that is null', kind: 'Service', body: null },
  { name: 'a service that is a text', kind: 'Service', body: 'service' },
  { name: 'a service that is a list', kind: 'Service', body: [1, 2] },
  { name: 'an empty service', kind: 'Service', body: {} },
  {
    name: 'metadata that is null',
    kind: 'Service',
    body: { metadata: null, spec: { clusterIP: '10.96.9.1' } },
  },
  {
    name: 'no name',
    kind: 'Service',
    body: { metadata: { namespace: NAMESPACE }, spec: { clusterIP: '10.96.9.2', ports: PORTS } },
  },
  {
    name: 'no namespace',
    kind: 'Service',
    body: { metadata: { name: 'stray' }, spec: { clusterIP: '10.96.9.3', ports: PORTS } },
  },
  {
    name: 'a name that is a number',
    kind: 'Service',
    body: { metadata: { name: 7, namespace: NAMESPACE }, spec: {} },
  },
  service(
    'no resourceVersion',
    'no-version',
    { clusterIP: '10.96.9.4', ports: PORTS },
    { resourceVersion: undefined },
  ),
  service(
    'a resourceVersion that is no number',
    'odd-version',
    { clusterIP: '10.96.9.5', ports: PORTS },
    { resourceVersion: 'x' },
  ),
  service('a spec that is null', 'null-spec', null),
  service('a spec that is a text', 'text-spec', 'ClusterIP'),
  service('a name longer than a label', LONG, { clusterIP: '10.96.9.6', ports: PORTS }),
  service('an empty name', '', { clusterIP: '10.96.9.7', ports: PORTS }),
  service('a name with dots', 'a.b.c', { clusterIP: '10.96.9.8', ports: PORTS }),
  service('a name with capitals, blanks and a line end', 'A b\n', {
    clusterIP: '10.96.9.9',
    ports: PORTS,
  }),
  service('a name that is not ASCII', 'bücher', { clusterIP: '10.96.9.10', ports: PORTS }),
  service('a name that is a wildcard', '*', { clusterIP: '10.96.9.11', ports: PORTS }),
  service('the name __proto__', '__proto__', { clusterIP: '10.96.9.12', ports: PORTS }),
  service('the name constructor', 'constructor', { clusterIP: '10.96.9.13', ports: PORTS }),
  service('clusterIPs [None] without clusterIP', 'only-list', {
    clusterIPs: ['None'],
    ports: PORTS,
  }),
  service('no address at all', 'no-address', { type: 'ClusterIP', ports: PORTS }),
  service('an address that is a name', 'named-address', {
    clusterIP: 'www.example.org',
    ports: PORTS,
  }),
  service('an IPv4-mapped address', 'mapped', {
    clusterIP: '::ffff:10.96.9.14',
    clusterIPs: ['::ffff:10.96.9.14'],
    ports: PORTS,
  }),
  service('an address with a zone', 'zoned', { clusterIP: 'fe80::1%eth0', ports: PORTS }),
  service('an address with leading zeros', 'zeros', { clusterIP: '010.096.009.015', ports: PORTS }),
  service('addresses that are null', 'null-addresses', {
    clusterIP: null,
    clusterIPs: null,
    ports: null,
  }),
  service('addresses of wrong types', 'odd-addresses', {
    clusterIP: 10,
    clusterIPs: [1, null, {}, '10.96.9.16'],
    ports: PORTS,
  }),
  service('None beside an address', 'half-headless', {
    clusterIP: 'None',
    clusterIPs: ['None', '10.96.9.17'],
    ports: PORTS,
  }),
  service('a port that is a text', 'text-port', { clusterIP: '10.96.9.18', ports: [port('80')] }),
  service('a port that is too large', 'large-port', {
    clusterIP: '10.96.9.19',
    ports: [port(70_000)],
  }),
  service('ports below one and broken ones', 'small-ports', {
    clusterIP: '10.96.9.20',
    ports: [port(0), port(-1), port(1.5)],
  }),
  service('ports that are no objects', 'odd-ports', {
    clusterIP: '10.96.9.21',
    ports: [null, 80, 'http', []],
  }),
  service('a port name that is no label', 'odd-port-name', {
    clusterIP: '10.96.9.22',
    ports: [{ name: `_${LONG}`, port: 80 }],
  }),
  service('a protocol that nobody knows', 'odd-protocol', {
    clusterIP: '10.96.9.23',
    ports: [{ name: 'x', protocol: '\0', port: 80 }],
  }),
  service('thousands of ports', 'many-ports', {
    clusterIP: '10.96.9.24',
    ports: Array.from({ length: 5000 }, (_, n) => ({
      name: `p${n}`,
      protocol: 'TCP',
      port: n + 1,
    })),
  }),
  service('an ExternalName without a name', 'nowhere', { type: 'ExternalName' }),
  service('an ExternalName that is empty', 'empty-external', {
    type: 'ExternalName',
    externalName: '',
  }),
  service('an ExternalName with a label that is too long', 'long-external', {
    type: 'ExternalName',
    externalName: `${LONG}.example.org`,
  }),
  service('an ExternalName that is too long', 'longer-external', {
    type: 'ExternalName',
    externalName: 'a.'.repeat(200),
  }),
  service('an ExternalName with empty labels', 'dots-external', {
    type: 'ExternalName',
    externalName: 'a..example.org',
  }),
  service('an ExternalName that is a number', 'number-external', {
    type: 'ExternalName',
    externalName: 42,
  }),
  service('a type that nobody knows', 'odd-type', {
    type: 'Teleport',
    clusterIP: '10.96.9.25',
    ports: PORTS,
  }),
]

const ABSURD_SLICES: readonly AbsurdObject[] = [
  { name: 'an empty slice', kind: 'EndpointSlice', body: {} },
  slice('labels that are null', 'null-labels', {
    metadata: { name: 'absurd-null-labels', namespace: NAMESPACE, labels: null },
  }),
  slice('a service label that is a number', 'number-label', {
    metadata: { name: 'absurd-number-label', namespace: NAMESPACE, labels: { [SERVICE_LABEL]: 7 } },
  }),
  slice('endpoints and ports that are null', 'null-lists', { endpoints: null, ports: null }),
  slice('endpoints that are a map', 'map-list', {
    endpoints: { addresses: ['10.244.90.2'] },
    ports: {},
  }),
  slice('an address type that nobody knows', 'odd-type', { addressType: 'IPX' }),
  slice('no address type', 'no-type', { addressType: undefined }),
  slice('the address type FQDN', 'fqdn', {
    addressType: 'FQDN',
    endpoints: [{ addresses: ['www.example.org'] }],
  }),
  slice('addresses of the other family', 'wrong-family', { addressType: 'IPv6' }),
  slice('IPv4-mapped addresses', 'mapped', {
    addressType: 'IPv6',
    endpoints: [{ addresses: ['::ffff:10.244.90.3'] }],
  }),
  slice('a port that is null: all ports', 'null-port', {
    ports: [{ name: 'http', protocol: 'TCP', port: null }],
  }),
  slice('ports of wrong types', 'odd-ports', { ports: [port('80'), port(70_000), port({}), null] }),
  slice('thousands of ports of a slice', 'many-ports', {
    ports: Array.from({ length: 2000 }, (_, n) => ({ name: `p${n}`, port: n + 1 })),
  }),
  endpoint('no conditions', 'no-conditions', { addresses: ['10.244.90.4'] }),
  endpoint('conditions that are null', 'null-conditions', {
    addresses: ['10.244.90.5'],
    conditions: null,
  }),
  endpoint('a ready that is null', 'null-ready', {
    addresses: ['10.244.90.15'],
    conditions: { ready: null },
  }),
  endpoint('a ready that is a text', 'text-ready', {
    addresses: ['10.244.90.6'],
    conditions: { ready: 'false' },
  }),
  endpoint('an endpoint that is null', 'null-endpoint', null),
  endpoint('no addresses', 'no-addresses', { conditions: { ready: true } }),
  endpoint('addresses of an endpoint that are null', 'null-addresses', { addresses: null }),
  endpoint('addresses that are a text', 'text-addresses', { addresses: '10.244.90.7' }),
  endpoint('addresses that are names and numbers', 'odd-addresses', {
    addresses: ['www.example.org', '', 7, null, '10.244.90.8'],
  }),
  endpoint('thousands of addresses', 'many-addresses', {
    addresses: Array.from({ length: 3000 }, (_, n) => `10.245.${n >> 8}.${n & 255}`),
  }),
  endpoint('a host name longer than a label', 'long-hostname', {
    addresses: ['10.244.90.9'],
    hostname: LONG,
  }),
  endpoint('a host name with dots', 'dotted-hostname', {
    addresses: ['10.244.90.10'],
    hostname: 'a.b',
  }),
  endpoint('a host name that is empty', 'empty-hostname', {
    addresses: ['10.244.90.11'],
    hostname: '',
  }),
  endpoint('a targetRef without a name', 'nameless-target', {
    addresses: ['10.244.90.12'],
    targetRef: { kind: 'Pod' },
  }),
  endpoint('a targetRef that is a text', 'text-target', {
    addresses: ['10.244.90.13'],
    targetRef: 'pod',
  }),
  endpoint('a zone that is no label', 'odd-zone', {
    addresses: ['10.244.90.14'],
    zone: 'Zone A.\n',
  }),
  // The API takes these two, one by one: an address may move from one slice to another.
  endpoint('an address that another slice has too', 'twice-a', {
    addresses: ['10.244.4.1'],
    conditions: { ready: true },
    hostname: 'x',
  }),
  endpoint('an address twice in one slice', 'twice-b', {
    addresses: ['10.244.4.1', '10.244.4.1'],
    conditions: { ready: false },
  }),
]

const ABSURD_OTHERS: readonly AbsurdObject[] = [
  {
    name: 'a namespace without metadata',
    kind: 'Namespace',
    body: { status: { phase: 'Active' } },
  },
  {
    name: 'a namespace with labels that are a list',
    kind: 'Namespace',
    body: { metadata: { name: 'odd-labels', labels: ['a'] } },
  },
  {
    name: 'a namespace with a name that is too long',
    kind: 'Namespace',
    body: { metadata: { name: LONG } },
  },
  {
    name: 'a pod without status',
    kind: 'Pod',
    body: { metadata: { name: 'bare', namespace: NAMESPACE } },
  },
  {
    name: 'a pod with an address that is a name',
    kind: 'Pod',
    body: { metadata: { name: 'named', namespace: NAMESPACE }, status: { podIP: 'x' } },
  },
  {
    name: 'a pod with podIPs that are null',
    kind: 'Pod',
    body: { metadata: { name: 'nulls', namespace: NAMESPACE }, status: { podIPs: null } },
  },
  {
    name: 'an import without spec',
    kind: 'ServiceImport',
    body: { metadata: { name: 'bare', namespace: NAMESPACE } },
  },
  {
    name: 'an import with ips of wrong types',
    kind: 'ServiceImport',
    body: { metadata: { name: 'odd', namespace: NAMESPACE }, spec: { ips: [1, 'x', null] } },
  },
]

export const ABSURD_OBJECTS: readonly AbsurdObject[] = [
  ...ABSURD_SERVICES,
  ...ABSURD_SLICES,
  ...ABSURD_OTHERS,
]
