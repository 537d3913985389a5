// The zones that kubernetes and k8s_external offer for transfers, beside the ones that the real
// CoreDNS gave for the same cluster: the same records, but for what is said here.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RecordData } from '../src/chain/answer/answer.ts'
import {
  TRANSFERABLE_ZONES,
  type TransferableZone,
} from '../src/chain/offers/transferable-zones.ts'
import { NameView } from '../src/wire/name.ts'
import { CLASS_IN } from '../src/wire/rrtypes.ts'
import { recordText } from '../src/zone/record-text.ts'
import { wire } from './fakes/raw-message.ts'
import { type BothPaths, bothPaths } from './support/both-paths.ts'
import { type FakeSource, fakeCluster } from './support/cluster-records.ts'
import { replyTo } from './support/plugin-harness.ts'

const FOLDER = join(import.meta.dirname, 'golden', 'kubernetes')
const text = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')
/** The definition of ServiceImports is known to the cluster. */
const MANIFESTS = `${text('cluster.yaml')}\n---\n${text('multicluster.yaml')}`
  .split(/^---$/m)
  .filter(part => !part.includes('CustomResourceDefinition'))
  .join('\n---\n')

interface World {
  readonly paths: BothPaths
  readonly source: FakeSource
}

const world = async (
  cluster: { readonly zones: string; readonly lines: readonly string[] },
  external: readonly string[] = [],
  objects = MANIFESTS,
  bound = '127.0.0.1',
): Promise<World> => {
  const { zones, lines } = cluster
  const directive = `kubernetes ${zones} {\n${lines.join('\n')}\n}`
  const namespaces = lines.flatMap(line => /^namespaces (.*)/.exec(line)?.[1]?.split(' ') ?? [])
  let source: FakeSource | undefined
  const paths = await bothPaths(
    [...external, directive],
    request => replyTo(request, {}),
    ['.'],
    async control => {
      // Where the recordings were made there was no address that a name server could have.
      control.settings.bindAddresses = [bound]
      source = await fakeCluster(control, directive, '', {
        namespaces,
        endpointPodNames: lines.includes('endpoint_pod_names'),
        multicluster: directive.includes('multicluster'),
      })
      // The API server that recorded had other ranges of addresses than the fake one.
      await source.put(objects)
    },
  )
  return { paths, source: source ?? assert.fail() }
}

const offered = ({ paths }: World, name: string): TransferableZone | 'absent' | undefined =>
  paths
    .offered(TRANSFERABLE_ZONES)
    .map(zones => zones.zone(new NameView(wire(name))))
    .find(zone => zone !== undefined)

const zoneOf = (world: World, name: string): TransferableZone => {
  const zone = offered(world, name)
  assert.ok(typeof zone === 'object', `${name} is offered`)
  return zone
}

const shown = (record: RecordData): string => recordText({ class: CLASS_IN, ...record })
const recordsOf = (zone: TransferableZone): string[] => [...zone.parts()].flat().map(shown)

/** Without its serial, which is no fact. */
const withoutSerial = (record: string): string =>
  record.replace(/ \S+ 7200 1800 86400 /, ' * 7200 1800 86400 ')

const recorded = (scenario: string, name: string): string[] => {
  const { replies } = JSON.parse(text(`scenarios/${scenario}/expected.json`)) as {
    readonly replies: readonly { readonly query: string; readonly answer: readonly string[] }[]
  }
  const reply = replies.find(({ query }) => query === `${name} AXFR tcp ~serial ~order`)
  return [...(reply ?? assert.fail(`${name} was recorded`)).answer]
}

/** What stands in one list only. */
const differences = (ours: readonly string[], theirs: readonly string[]) => {
  const [one, other] = [new Set(ours), new Set(theirs)]
  return {
    more: [...one.difference(other)].sort(),
    less: [...other.difference(one)].sort(),
  }
}

const TRANSFER = {
  zones: 'cluster.local clusterset.local in-addr.arpa ip6.arpa',
  lines: [
    'pods insecure',
    'namespaces default kube-system shop lab ops svc pod 0zero a--b',
    'multicluster clusterset.local',
  ],
}
const NAMESPACES = {
  zones: 'cluster.local in-addr.arpa ip6.arpa',
  lines: ['namespaces lab ops kube-system', 'endpoint_pod_names', 'ttl 60'],
}
const EXTERNAL = ['k8s_external ext.test {\nheadless\n}']

/** One label here, two in CoreDNS. */
const withPlainDots = (record: string): string => record.replaceAll('\\.', '.')
/** In ext.test they are those of queries. */
const withoutWeight = (record: string): string => record.replace(/ SRV 0 \d+ /, ' SRV 0 * ')
/** No namespace of the cluster is hidden. */
const everything = (lines: readonly string[]) =>
  lines.filter(line => !line.startsWith('namespaces'))

const differing: readonly {
  readonly scenario: string
  readonly cluster: typeof TRANSFER
  readonly name: string
  readonly more?: readonly string[]
  readonly less?: readonly string[]
  readonly isCompared?: (record: string) => boolean
}[] = [
  {
    scenario: 'transfer',
    cluster: TRANSFER,
    name: 'cluster.local',
    less: [
      // Its port has no number.
      '_any._tcp.anyport.shop.svc.cluster.local. 5 IN SRV 0 * 65535 a1.anyport.shop.svc.cluster.local.',
      // Slices of type FQDN are left out everywhere.
      '_http._tcp.fqdn.shop.svc.cluster.local. 5 IN SRV 0 * 8080 .',
    ],
  },
  {
    scenario: 'transfer',
    cluster: TRANSFER,
    name: 'clusterset.local',
    // Endpoints have the names that queries know them by, with their cluster.
    more: [
      '10-5-0-2.east.hl.shop.svc.clusterset.local. 5 IN A 10.5.0.2',
      '_http._tcp.hl.shop.svc.clusterset.local. 5 IN SRV 0 * 8080 10-5-0-2.east.hl.shop.svc.clusterset.local.',
      '_http._tcp.hl.shop.svc.clusterset.local. 5 IN SRV 0 * 8080 pod-0.east.hl.shop.svc.clusterset.local.',
      '_http._tcp.hl.shop.svc.clusterset.local. 5 IN SRV 0 * 8080 pod-0.west.hl.shop.svc.clusterset.local.',
      'pod-0.east.hl.shop.svc.clusterset.local. 5 IN A 10.5.0.1',
      'pod-0.west.hl.shop.svc.clusterset.local. 5 IN A 10.5.1.1',
    ],
    // The slice of no cluster (10.5.3.1) is left out everywhere.
    less: [
      '10-5-0-2.hl.shop.svc.clusterset.local. 5 IN A 10.5.0.2',
      '_http._tcp.hl.shop.svc.clusterset.local. 5 IN SRV 0 * 8080 10-5-0-2.hl.shop.svc.clusterset.local.',
      '_http._tcp.hl.shop.svc.clusterset.local. 5 IN SRV 0 * 8080 pod-0.hl.shop.svc.clusterset.local.',
      '_http._tcp.hl.shop.svc.clusterset.local. 5 IN SRV 0 * 8080 pod-9.hl.shop.svc.clusterset.local.',
      'hl.shop.svc.clusterset.local. 5 IN A 10.5.3.1',
      'pod-0.hl.shop.svc.clusterset.local. 5 IN A 10.5.0.1',
      'pod-0.hl.shop.svc.clusterset.local. 5 IN A 10.5.1.1',
      'pod-9.hl.shop.svc.clusterset.local. 5 IN A 10.5.3.1',
    ],
  },
  { scenario: 'transfer-namespaces', cluster: NAMESPACES, name: 'cluster.local' },
  {
    scenario: 'transfer-namespaces',
    cluster: NAMESPACES,
    name: 'ext.test',
    // CoreDNS gives away what is hidden.
    isCompared: record => !/^\S*\.shop\.ext\.test\. /.test(record),
  },
  {
    scenario: 'transfer-namespaces',
    cluster: { ...NAMESPACES, lines: everything(NAMESPACES.lines) },
    name: 'ext.test',
    more: [
      '_http._tcp.edge-name.shop.ext.test. 60 IN SRV 0 * 80 lb.example.org.',
      // CoreDNS has the first port only.
      'edge.shop.ext.test. 60 IN SRV 0 * 443 edge.shop.ext.test.',
    ],
    less: [
      '_http._tcp.edge-name.shop.ext.test. 60 IN SRV 0 * 80 org.',
      // Slices of type FQDN.
      '_http._tcp.fqdn.shop.ext.test. 60 IN SRV 0 * 8080 fq.fqdn.shop.ext.test.',
      // Beside an alias.
      'edge-name.shop.ext.test. 60 IN SRV 0 * 80 lb.example.org.',
      'fq.fqdn.shop.ext.test. 60 IN CNAME host.example.org.',
      'fq.fqdn.shop.ext.test. 60 IN SRV 0 * 8080 host.example.org.',
      'fqdn.shop.ext.test. 60 IN CNAME host.example.org.',
      'fqdn.shop.ext.test. 60 IN SRV 0 * 8080 host.example.org.',
    ],
  },
]
for (const { scenario, cluster, name, more = [], less = [], isCompared = () => true } of differing)
  test(`transfers: ${name} as recorded in ${scenario}, ${cluster.lines.join(', ')}`, async () => {
    const zone = zoneOf(await world(cluster, EXTERNAL), name)
    const soa = zone.soa().map(shown).map(withoutSerial)
    const theirs = recorded(scenario, name)
    assert.deepEqual(soa, theirs.slice(0, 1))
    const records = recordsOf(zone)
    assert.equal(new Set(records).size, records.length, 'each record once')
    assert.deepEqual(
      differences(
        records.map(withPlainDots).map(withoutWeight),
        theirs.slice(1, -1).filter(isCompared).map(withoutWeight),
      ),
      { more, less },
    )
  })

for (const [scenario, cluster] of [
  ['transfer', TRANSFER],
  ['transfer-namespaces', NAMESPACES],
] as const)
  test(`transfers: weights in cluster.local as recorded in ${scenario}`, async () => {
    const records = recordsOf(zoneOf(await world(cluster), 'cluster.local'))
    assert.ok(records.some(record => / SRV 0 (?!100 )/.test(record)))
    const { more } = differences(records.map(withPlainDots), recorded(scenario, 'cluster.local'))
    assert.deepEqual(more, [])
  })

test('transfers: services are sorted by name, over all namespaces', async () => {
  const owners = recordsOf(zoneOf(await world(NAMESPACES), 'cluster.local'))
    .map(record => record.split(' ', 1)[0] ?? '')
    .filter(owner => /^[^._]+\.[^.]+\.svc\.cluster\.local\.$/.test(owner))
  assert.deepEqual(owners, owners.toSorted())
  assert.ok(owners.indexOf('web.lab.svc.cluster.local.') > 0)
})

test('transfers: serials move with what the zones hold', async () => {
  const text = `${SHOP}${service('head', 'clusterIP: None, clusterIPs: [None]')}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: head-1, namespace: shop, labels: { kubernetes.io/service-name: head } }
addressType: IPv4
endpoints: [{ addresses: [10.1.0.1] }]
ports: [{ name: http, protocol: TCP, port: 80 }]`
  for (const { external, isMoved } of [
    { external: EXTERNAL, isMoved: true },
    { external: ['k8s_external ext.test'], isMoved: false },
  ]) {
    const cluster = await world(PLAIN, external, text)
    const names = ['cluster.local', 'ext.test']
    const old = names.map(name => zoneOf(cluster, name).serial)
    cluster.paths.clock.advance(2000)
    await cluster.source.put(text.replace('10.1.0.1', '10.1.0.2'))
    const moved = names.map((name, k) => zoneOf(cluster, name).serial > (old[k] ?? 0))
    assert.deepEqual(moved, [true, isMoved])
  }
})

test('transfers: zones of other names are not offered', async () => {
  const cluster = await world(NAMESPACES, EXTERNAL)
  for (const name of [
    'svc.cluster.local',
    'lab.svc.cluster.local',
    'sub.ext.test',
    'local',
    'test',
  ])
    assert.equal(offered(cluster, name), undefined, name)
})

test('transfers: before the cluster is known there is nothing to give', async () => {
  const cluster = await world(NAMESPACES, EXTERNAL)
  cluster.source.setSynced(false)
  for (const name of ['cluster.local', 'ext.test', 'in-addr.arpa'])
    assert.equal(offered(cluster, name), 'absent', name)
})

test('transfers: reverse zones hold addresses', async () => {
  const cluster = await world(NAMESPACES, ['k8s_external ext.test 100.51.198.in-addr.arpa'])
  const v4 = recordsOf(zoneOf(cluster, 'in-addr.arpa'))
  assert.ok(
    v4.includes('10.0.96.10.in-addr.arpa. 60 IN PTR kube-dns.kube-system.svc.cluster.local.'),
  )
  assert.ok(v4.includes('1.13.2.10.in-addr.arpa. 60 IN PTR mypod.db.lab.svc.cluster.local.'))
  assert.ok(v4.every(record => record.includes('.in-addr.arpa. 60 IN PTR ')))
  const v6 = recordsOf(zoneOf(cluster, 'ip6.arpa'))
  assert.deepEqual(
    v6.map(record => record.slice(64)).sort(),
    ['', 'fd00-1--3-1.', 'fd00-1--3-2.']
      .map(endpoint => `ip6.arpa. 60 IN PTR ${endpoint}kube-dns.kube-system.svc.cluster.local.`)
      .toSorted(),
  )
  assert.deepEqual(
    recordsOf(zoneOf(cluster, '100.51.198.in-addr.arpa')).filter(
      record => !/ (NS|A|AAAA) /.test(record),
    ),
    ['20.100.51.198.in-addr.arpa. 5 IN PTR ext-head.lab.ext.test.'],
  )
})

const service = (name: string, spec: string): string => `
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ${spec} }`
const SHOP = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }`
const PLAIN = { zones: 'cluster.local', lines: [] }

test('transfers: a port whose name makes no label is left out, the rest is there', async () => {
  const long = 'p'.repeat(63)
  const spec = `clusterIPs: [10.96.0.9], clusterIP: 10.96.0.9, externalIPs: [198.51.100.7],
    ports: [{ name: ${long}, protocol: TCP, port: 80 }, { name: b, protocol: TCP, port: 81 }]`
  const cluster = await world(PLAIN, EXTERNAL, SHOP + service('web', spec))
  assert.deepEqual(recordsOf(zoneOf(cluster, 'cluster.local')), [
    'web.shop.svc.cluster.local. 5 IN A 10.96.0.9',
    'web.shop.svc.cluster.local. 5 IN SRV 0 100 80 web.shop.svc.cluster.local.',
    'web.shop.svc.cluster.local. 5 IN SRV 0 100 81 web.shop.svc.cluster.local.',
    '_b._tcp.web.shop.svc.cluster.local. 5 IN SRV 0 100 81 web.shop.svc.cluster.local.',
  ])
  assert.deepEqual(recordsOf(zoneOf(cluster, 'ext.test')), [
    'ext.test. 5 IN NS ns1.dns.ext.test.',
    'web.shop.ext.test. 5 IN A 198.51.100.7',
    'web.shop.ext.test. 5 IN SRV 0 50 80 web.shop.ext.test.',
    'web.shop.ext.test. 5 IN SRV 0 50 81 web.shop.ext.test.',
    '_b._tcp.web.shop.ext.test. 5 IN SRV 0 100 81 web.shop.ext.test.',
  ])
})

test('transfers: name servers have their addresses in every zone', async () => {
  const zones = { zones: 'cluster.local in-addr.arpa', lines: [] }
  const cluster = await world(zones, EXTERNAL, SHOP, '192.0.2.7')
  for (const [zone, server] of [
    ['cluster.local.', 'ns.dns.cluster.local.'],
    ['in-addr.arpa.', 'ns.dns.in-addr.arpa.'],
    ['ext.test.', 'ns1.dns.ext.test.'],
  ] as const)
    assert.deepEqual(recordsOf(zoneOf(cluster, zone.slice(0, -1))), [
      `${zone} 5 IN NS ${server}`,
      `${server} 5 IN A 192.0.2.7`,
    ])
})

const MANY = 400
const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, k) => {
    const address = `10.97.${(from + k) >> 8}.${(from + k) & 255}`
    return service(
      `s${1000 + from + k}`,
      `clusterIPs: [${address}], clusterIP: ${address}, externalIPs: [${address}],
       ports: [{ name: http, protocol: TCP, port: 80 }]`,
    )
  }).join('')

for (const name of ['cluster.local', 'ext.test'])
  test(`transfers: ${name} in parts, while it changes`, async () => {
    const { source, ...rest } = await world(PLAIN, EXTERNAL, SHOP + numbered(0, MANY))
    const zone = zoneOf({ source, ...rest }, name)
    const parts = Iterator.from(zone.parts())
    const first = parts.next().value ?? []
    assert.ok(first.length <= 256)
    // One that has been sent, one that is still to come; and one that nobody knew of.
    await source.remove(numbered(0, 1) + numbered(MANY - 1, MANY))
    await source.put(numbered(MANY, MANY + 1))
    const all = [first, ...parts]
    assert.ok(all.length > 3 && all.every(part => part.length <= 256))
    const text = all.flat().map(shown).join('\n')
    const isThere = [0, 1, MANY - 2, MANY - 1, MANY].filter(n =>
      new RegExp(`^s${1000 + n}\\.`, 'm').test(text),
    )
    assert.deepEqual(isThere, [0, 1, MANY - 2])
  })

for (const name of ['cluster.local', 'ext.test'])
  test(`transfers: ${name} ends where names are missing`, async () => {
    const cluster = await world(PLAIN, EXTERNAL, SHOP + numbered(0, MANY))
    const parts = zoneOf(cluster, name).parts()[Symbol.iterator]()
    parts.next()
    cluster.source.setSynced(false)
    assert.throws(() => parts.next(), { name: 'ServerError', code: 'ZONE_INCOMPLETE' })
  })
