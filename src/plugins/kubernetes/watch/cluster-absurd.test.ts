// Objects that no API server sends: nothing throws, and what cannot be used leaves no record.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  clusterService,
  headlessService,
  objectOf,
  sliceOf,
  worldOf,
} from '../../../../test/fakes/cluster.ts'
import { generator } from '../../../../test/fakes/crew.ts'
import type { KubeObject } from '../../../kube/kube-object.ts'

const names: { readonly name: string; readonly metadata: unknown; readonly line: string }[] = [
  { name: 'no metadata', metadata: undefined, line: 'service: namespace undefined is no label' },
  {
    name: 'metadata that is null',
    metadata: null,
    line: 'service: namespace undefined is no label',
  },
  {
    name: 'no namespace',
    metadata: { name: 'web' },
    line: 'service: namespace undefined is no label',
  },
  {
    name: 'a namespace that is too long',
    metadata: { name: 'web', namespace: 'n'.repeat(64) },
    line: `service: namespace '${'n'.repeat(60)}...' is no label`,
  },
  {
    name: 'a namespace with a slash',
    metadata: { name: 'web', namespace: 'a/b' },
    line: "service: namespace 'a/b' is no label",
  },
  { name: 'no name', metadata: { namespace: 'shop' }, line: 'service: undefined is no name' },
  {
    name: 'a number for a name',
    metadata: { name: 7, namespace: 'shop' },
    line: 'service: 7 is no name',
  },
  {
    name: 'a name that is too long for a label',
    metadata: { name: 'w'.repeat(64), namespace: 'shop' },
    line: `service: '${'w'.repeat(60)}...' is no name`,
  },
  {
    name: 'a name with a slash',
    metadata: { name: 'a/b', namespace: 'shop' },
    line: "service: 'a/b' is no name",
  },
]
for (const { name, metadata, line } of names) {
  test(`a service with ${name} has no record`, () => {
    const world = worldOf()
    const object = { metadata, spec: { clusterIP: '192.0.2.1' } } as unknown as KubeObject
    for (let round = 0; round < 3; round++) world.cluster.services.put(object)
    world.cluster.services.flush()
    world.cluster.services.remove(object)
    world.cluster.services.flush()
    assert.equal(world.map.entries, 0)
    assert.deepEqual(world.logged, [line])
  })
}

test('what is no object at all is left at the door of every sink', () => {
  const world = worldOf()
  const { services, slices, namespaces, pods, imports, importSlices } = world.cluster
  for (const sink of [services, slices, namespaces, pods, imports, importSlices]) {
    for (const object of [undefined, null, 7, 'x', [], {}]) {
      sink.put(object as unknown as KubeObject)
      sink.remove(object as unknown as KubeObject)
    }
    sink.flush()
  }
  assert.equal(world.map.entries, 0)
})

test('names in upper case and of other scripts are found in lower case', () => {
  const world = worldOf()
  world.cluster.services.put(clusterService('Shop', 'Größe', '192.0.2.1'))
  world.cluster.slices.put(sliceOf('shop', 's', 'GRÖSSE', ['198.51.100.1']))
  world.cluster.slices.put(
    sliceOf('SHOP', 't', 'größe', [{ addresses: ['198.51.100.2'], hostname: 'ÖL' }]),
  )
  world.cluster.services.flush()
  assert.deepEqual(world.service('shop', 'größe')?.endpoints, ['öl 198.51.100.2'])
  assert.deepEqual(world.owners('192.0.2.1'), ['größe.shop'])
})

test('two thousand services may have one address', async () => {
  const world = worldOf()
  for (let n = 0; n < 2000; n++)
    world.cluster.services.put(clusterService('shop', `web-${n}`, '192.0.2.1'))
  world.cluster.services.flush()
  await world.cluster.idle()
  assert.equal(world.owners('192.0.2.1').length, 2000)
  world.cluster.services.listBegins()
  world.cluster.services.listEnds()
  world.cluster.services.flush()
  await world.cluster.idle()
  assert.equal(world.map.entries, 0)
})

test('a service may have thousands of endpoints and of slices', async () => {
  const world = worldOf()
  world.cluster.services.put(headlessService('shop', 'db'))
  world.cluster.slices.listBegins()
  for (let n = 0; n < 2000; n++) {
    world.cluster.slices.put(
      sliceOf('shop', `db-${n}`, 'db', [
        `10.0.${n >> 8}.${n & 255}`,
        `10.1.${n >> 8}.${n & 255}`,
        `10.2.${n >> 8}.${n & 255}`,
      ]),
    )
  }
  world.cluster.slices.listEnds()
  await world.cluster.idle()
  const summary = world.service('shop', 'db')
  assert.deepEqual([summary?.endpoints.length, summary?.addresses.length], [6000, 4095])
  assert.equal(world.map.entries, 6001)
})

/** A value of any kind, a few levels deep. */
const anything = (below: (count: number) => number, depth: number): unknown => {
  const leaves = [
    null,
    true,
    false,
    0,
    -1,
    80,
    70_000,
    1e300,
    '',
    'None',
    'ExternalName',
    '192.0.2.1',
    '::ffff:192.0.2.1',
    'ö'.repeat(99),
    'a/b',
    'IPv4',
  ]
  const choice = below(depth > 0 ? 4 : 2)
  if (choice < 2) return leaves[below(leaves.length)]
  const parts = Array.from({ length: below(4) }, () => anything(below, depth - 1))
  return choice === 2
    ? parts
    : Object.fromEntries(parts.map(part => [FIELDS[below(FIELDS.length)], part]))
}
const FIELDS = (
  'name namespace labels annotations deletionTimestamp spec status clusterIP clusterIPs type externalName ports port protocol ips podIP selector ' +
  'addressType endpoints addresses conditions ready hostname targetRef zone kubernetes.io/service-name __proto__ constructor'
).split(' ')

test('objects made of anything: no sink throws, and a list sweeps all of it', async () => {
  const world = worldOf()
  const below = generator(7)
  const { services, slices, namespaces, pods, imports, importSlices } = world.cluster
  const sinks = [services, slices, namespaces, pods, imports, importSlices]
  for (let n = 0; n < 6000; n++) {
    const sink = sinks[n % sinks.length]
    const rest = anything(below, 4)
    const fields = Object.fromEntries(
      FIELDS.flatMap(field => (below(3) === 0 ? [[field, anything(below, 3)]] : [])),
    )
    const metadata = {
      labels: {
        'kubernetes.io/service-name': 'n1',
        'multicluster.kubernetes.io/service-name': 'n1',
      },
    }
    const object = objectOf('shop', `n${below(20)}`, {
      spec: fields,
      status: fields,
      ...fields,
      ...(below(2) === 0 ? { metadata } : Object(rest)),
    })
    if (below(5) === 0) sink?.remove(object)
    else sink?.put(object)
    sink?.flush()
  }
  assert.ok(world.changes.length > 1000, String(world.changes.length))
  for (const sink of sinks) {
    sink.listBegins()
    sink.listEnds()
    sink.flush()
  }
  await world.cluster.idle()
  assert.equal(world.map.entries, 0)
})
