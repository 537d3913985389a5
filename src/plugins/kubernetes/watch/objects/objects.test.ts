import assert from 'node:assert/strict'
import { test } from 'node:test'
import { objectOf, podOf, serviceOf } from '../../../../../test/fakes/cluster.ts'
import { ipToText } from '../../../../base/ip.ts'
import { nameToText } from '../../../../wire/name.ts'
import { isBeingDeleted, trimImport, trimNamespace, trimPod, trimService } from './objects.ts'
import { readService, type Trimmed } from './service-text.ts'

/** Kind, addresses, ports and target in one line. */
const textOf = ({ text }: Trimmed): string | undefined => {
  if (text === undefined) return undefined
  const { kind, addresses, ports, target } = readService(text)
  const written = ports.map(({ number, name, protocol }) => `${number}/${name}/${protocol}`)
  return [
    kind,
    ...addresses.map(ipToText),
    ...written,
    ...(target === undefined ? [] : [nameToText(target)]),
  ].join(' ')
}

const ports = (...list: unknown[]) => ({ clusterIPs: ['192.0.2.1'], ports: list })

const services: {
  readonly name: string
  readonly spec: unknown
  readonly gives: string
  readonly reason?: string
}[] = [
  {
    name: 'cluster addresses of both families in their order',
    spec: {
      clusterIP: '192.0.2.1',
      clusterIPs: ['2001:db8::1', '192.0.2.1'],
      ports: [{ port: 53, name: 'DNS', protocol: 'UDP' }],
    },
    gives: '1 2001:db8::1 192.0.2.1 53/dns/udp',
  },
  {
    name: 'clusterIP where there are no clusterIPs',
    spec: { clusterIP: '192.0.2.1' },
    gives: '1 192.0.2.1 0//',
  },
  {
    name: 'an empty list of clusterIPs counts as none',
    spec: { clusterIP: '192.0.2.1', clusterIPs: [] },
    gives: '1 192.0.2.1 0//',
  },
  { name: 'headless: the first address is None', spec: { clusterIPs: ['None'] }, gives: '2 0//' },
  {
    name: 'headless by clusterIP',
    spec: { clusterIP: 'None', ports: [{ port: 80 }] },
    gives: '2 80//tcp',
  },
  {
    name: 'none in lower case is no address, and not headless',
    spec: { clusterIP: 'none' },
    gives: '1 0//',
    reason: "'none' is no address",
  },
  { name: 'no address yet is nothing wrong', spec: { clusterIP: '' }, gives: '1 0//' },
  {
    name: 'IPv4-mapped addresses are IPv4',
    spec: { clusterIPs: ['::ffff:192.0.2.7'] },
    gives: '1 192.0.2.7 0//',
  },
  {
    name: 'what is no address is left out',
    spec: { clusterIPs: ['a.example.org', '192.0.2.1', '192.0.2.256', 7] },
    gives: '1 192.0.2.1 0//',
    reason: "'a.example.org' is no address (and 2 more)",
  },
  {
    name: 'ExternalName',
    spec: { type: 'ExternalName', externalName: 'WWW.Example.org' },
    gives: '3 0// www.example.org.',
  },
  {
    name: 'ExternalName with a dot at its end',
    spec: { type: 'ExternalName', externalName: 'example.org.' },
    gives: '3 0// example.org.',
  },
  {
    name: 'ExternalName that is an address has no target',
    spec: { type: 'ExternalName', externalName: '192.0.2.1' },
    gives: '3 0//',
  },
  {
    name: 'ExternalName that is no name',
    spec: { type: 'ExternalName', externalName: `${'a'.repeat(64)}.example.org` },
    gives: '3 0//',
    reason: `external name '${'a'.repeat(60)}...' is no name`,
  },
  {
    name: 'ExternalName of the root',
    spec: { type: 'ExternalName', externalName: '.' },
    gives: '3 0//',
    reason: "external name '.' is no name",
  },
  {
    name: 'ExternalName without one',
    spec: { type: 'ExternalName' },
    gives: '3 0//',
    reason: "external name '' is no name",
  },
  {
    name: 'the type says more than the address',
    spec: { type: 'ExternalName', clusterIP: 'None', externalName: 'a.org' },
    gives: '3 0// a.org.',
  },
  {
    name: 'a protocol that is not there is TCP',
    spec: ports({ port: 1 }, { port: 65535, protocol: null }),
    gives: '1 192.0.2.1 1//tcp 65535//tcp',
  },
  {
    name: 'ports out of range',
    spec: ports({ port: 0 }, { port: 70000 }, { port: -1 }, { port: 80 }),
    gives: '1 192.0.2.1 80//tcp',
    reason: 'port 0 is not a number from 1 to 65535 (and 2 more)',
  },
  {
    name: 'ports that are no numbers',
    spec: ports({ port: '80' }, { port: 1.5 }, { port: {} }),
    gives: '1 192.0.2.1',
    reason: "port '80' is not a number from 1 to 65535 (and 2 more)",
  },
  {
    name: 'ports that are no objects',
    spec: ports(null, 'http', []),
    gives: '1 192.0.2.1 0//tcp',
    reason: 'port null is not a number from 1 to 65535 (and 1 more)',
  },
  {
    name: 'names of ports that are no texts',
    spec: ports({ port: 80, name: 7, protocol: 6 }),
    gives: '1 192.0.2.1 80//',
  },
  {
    name: 'lists that are none',
    spec: { clusterIPs: null, clusterIP: null, ports: 'all' },
    gives: '1 0//',
  },
  { name: 'no spec', spec: undefined, gives: '1 0//' },
  { name: 'a spec that is a text', spec: 'ClusterIP', gives: '1 0//' },
]
for (const { name, spec, gives, reason = '' } of services) {
  test(`trimService: ${name}`, () => {
    const trimmed = trimService(serviceOf('shop', 'web', spec))
    assert.deepEqual([textOf(trimmed), trimmed.reason], [gives, reason])
  })
}

test('trimService: thousands of ports are kept as they are', () => {
  const list = Array.from({ length: 5000 }, (_, k) => ({ port: k + 1 }))
  const { text = '', reason } = trimService(serviceOf('shop', 'web', { ports: list }))
  assert.deepEqual([readService(text).ports.length, reason], [5000, ''])
})

test('trimService: equal texts for what DNS shows alike', () => {
  const spec = {
    clusterIPs: ['2001:db8::1'],
    ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 30000 }],
  }
  const other = {
    ...spec,
    clusterIPs: ['2001:DB8:0::1'],
    ports: [{ name: 'HTTP', port: 80, protocol: 'TCP' }],
    sessionAffinity: 'None',
  }
  const [one, two] = [spec, other].map(
    written => trimService(serviceOf('shop', 'web', written)).text,
  )
  assert.equal(one, two)
})

for (const [selector, hasSelector] of [
  [{ app: 'web' }, true],
  [{}, false],
  [null, false],
  ['app=web', false],
] as const) {
  test(`trimService: selector ${JSON.stringify(selector)}`, () => {
    const { text = '' } = trimService(serviceOf('shop', 'web', { selector }))
    assert.equal(readService(text).hasSelector, hasSelector)
  })
}

const imports: {
  readonly name: string
  readonly spec: unknown
  readonly gives: string
  readonly reason?: string
}[] = [
  {
    name: 'addresses',
    spec: { type: 'ClusterSetIP', ips: ['192.0.2.1'], ports: [{ port: 80 }] },
    gives: '1 192.0.2.1 80//tcp',
  },
  { name: 'headless by its type', spec: { type: 'Headless', ips: ['192.0.2.1'] }, gives: '2 0//' },
  { name: 'a wrong address', spec: { ips: ['x'] }, gives: '1 0//', reason: "'x' is no address" },
  { name: 'nothing in it', spec: null, gives: '1 0//' },
]
for (const { name, spec, gives, reason = '' } of imports) {
  test(`trimImport: ${name}`, () => {
    const trimmed = trimImport(serviceOf('shop', 'web', spec))
    assert.deepEqual([textOf(trimmed), trimmed.reason], [gives, reason])
  })
}

const pods: { readonly name: string; readonly podIP: unknown; readonly gives: Trimmed }[] = [
  { name: 'IPv4', podIP: '192.0.2.1', gives: { text: 'c0000201', reason: '' } },
  {
    name: 'IPv6',
    podIP: '2001:db8::1',
    gives: { text: '20010db8000000000000000000000001', reason: '' },
  },
  { name: 'none yet', podIP: undefined, gives: { text: undefined, reason: '' } },
  { name: 'an empty one', podIP: '', gives: { text: undefined, reason: '' } },
  {
    name: 'a zone in it',
    podIP: 'fe80::1%eth0',
    gives: { text: undefined, reason: "'fe80::1%eth0' is no address" },
  },
  {
    name: 'a list',
    podIP: ['192.0.2.1'],
    gives: { text: undefined, reason: 'a list is no address' },
  },
]
for (const { name, podIP, gives } of pods) {
  test(`trimPod: address: ${name}`, () =>
    assert.deepEqual(trimPod(podOf('shop', 'web-0', podIP)), gives))
}

test('isBeingDeleted: by the time stamp of the deletion', () => {
  const times = ['2026-01-01T00:00:00Z', null, undefined]
  const deleted = times.map(deletionTimestamp =>
    isBeingDeleted(podOf('shop', 'web-0', '192.0.2.1', { deletionTimestamp })),
  )
  assert.deepEqual(deleted, [true, false, false])
})

test('trimNamespace: its name is all there is', () => {
  assert.deepEqual(trimNamespace(objectOf(undefined, 'shop')), { text: 'shop', reason: '' })
})

const hosts: { rule: string; spec?: object; ingress: unknown; gives: string[]; reason?: RegExp }[] =
  [
    {
      rule: 'external addresses, then those of the load balancer',
      spec: { externalIPs: ['192.0.2.9'] },
      ingress: [{ ip: '2001:db8::1' }, { ip: '192.0.2.8', hostname: 'a.test' }],
      gives: ['192.0.2.9', '2001:db8::1', '192.0.2.8'],
    },
    {
      rule: 'a name where there is no address',
      ingress: [{ hostname: 'LB.test' }],
      gives: ['lb.test.'],
    },
    {
      rule: 'nothing of what is absurd',
      ingress: [null, 7, { ip: 'x' }, { hostname: 'a..b' }, {}],
      gives: [],
      reason: /is no address \(and 1 more\)$/,
    },
    { rule: 'nothing of what is no list', ingress: 'all', gives: [] },
  ]
for (const { rule, spec = {}, ingress, gives, reason = /^$/ } of hosts)
  test(`trimService, reached from outside: ${rule}`, () => {
    const object = {
      ...serviceOf('shop', 'web', { clusterIP: 'None', ...spec }),
      status: { loadBalancer: { ingress } },
    }
    const { text = '', reason: said } = trimService(object)
    const shown = readService(text).hosts.map(host =>
      'address' in host ? ipToText(host.address) : nameToText(host.name),
    )
    assert.deepEqual(shown, gives)
    assert.match(said, reason)
  })
