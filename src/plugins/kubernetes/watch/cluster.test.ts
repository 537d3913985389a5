import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  clusterService,
  externalService,
  headlessService,
  IMPORTED,
  labelsText,
  objectOf,
  START_SECONDS,
  serviceOf,
  sliceOf,
  type World,
  worldOf,
} from '../../../../test/fakes/cluster.ts'
import {
  KIND_NAMESPACE,
  labelBytes,
  NOTE_IMPORT_SERIAL,
  NOTE_SERIAL,
} from '../records/record-keys.ts'
import { SERVICE_CLUSTER, SERVICE_EXTERNAL, SERVICE_HEADLESS } from '../records/service-record.ts'

const web = clusterService('shop', 'web', '192.0.2.1')

const put = (
  { cluster }: World,
  ...objects: Parameters<World['cluster']['services']['put']>
): void => {
  cluster.services.put(...objects)
  cluster.services.flush()
}

const told = ({ changes }: World): string[] =>
  changes.map(({ kind, labels }) => `${kind} ${labelsText(labels)}`)

test('a service is published at flush, with its slices in the order of their names', () => {
  const world = worldOf()
  world.cluster.services.put(headlessService('shop', 'db'))
  world.cluster.slices.put(sliceOf('shop', 'db-2', 'db', ['192.0.2.2']))
  world.cluster.slices.put(
    sliceOf('shop', 'db-1', 'db', [{ addresses: ['192.0.2.1'], hostname: 'db-0', zone: 'a' }]),
  )
  assert.equal(world.service('shop', 'db'), undefined)
  world.cluster.slices.flush()
  assert.deepEqual(world.service('shop', 'db'), {
    kind: SERVICE_HEADLESS,
    addresses: ['192.0.2.1', '192.0.2.2'],
    endpoints: ['db-0 192.0.2.1 a', '192-0-2-2 192.0.2.2'],
  })
  assert.deepEqual(told(world), ['address db.shop', 'address db.shop', 'service db.shop'])
})

test('slices without their service have no record, and wait for it', () => {
  const world = worldOf()
  world.cluster.slices.put(sliceOf('shop', 'web-1', 'web', ['198.51.100.1']))
  world.cluster.slices.flush()
  assert.deepEqual(
    [world.service('shop', 'web'), world.owners('198.51.100.1'), world.map.note(NOTE_SERIAL)],
    [undefined, [], 0],
  )
  put(world, web)
  assert.deepEqual(world.service('shop', 'web')?.endpoints, ['198-51-100-1 198.51.100.1'])
})

test('a slice that moves to another service leaves the first', () => {
  const world = worldOf()
  for (const name of ['db', 'web']) put(world, headlessService('shop', name))
  for (const service of ['db', 'web']) {
    world.cluster.slices.put(sliceOf('shop', 'slice-1', service, ['192.0.2.9']))
    world.cluster.slices.flush()
  }
  assert.deepEqual(
    [world.service('shop', 'db')?.addresses, world.service('shop', 'web')?.addresses],
    [[], ['192.0.2.9']],
  )
  assert.deepEqual(world.owners('192.0.2.9'), ['192-0-2-9.web.shop'])
})

const forms = [
  { name: 'cluster address', service: web, kind: SERVICE_CLUSTER, owner: ['web.shop'] },
  {
    name: 'another cluster address',
    service: clusterService('shop', 'web', '192.0.2.7'),
    kind: SERVICE_CLUSTER,
    owner: [],
  },
  { name: 'headless', service: headlessService('shop', 'web'), kind: SERVICE_HEADLESS, owner: [] },
  {
    name: 'external',
    service: externalService('shop', 'web', 'a.example.org'),
    kind: SERVICE_EXTERNAL,
    owner: [],
  },
]
for (const from of forms) {
  for (const to of forms.filter(form => form !== from)) {
    test(`a service changes from ${from.name} to ${to.name}: its addresses follow`, () => {
      const world = worldOf()
      world.cluster.slices.put(sliceOf('shop', 'web-1', 'web', ['198.51.100.1']))
      put(world, from.service)
      put(world, to.service)
      assert.equal(world.service('shop', 'web')?.kind, to.kind)
      assert.deepEqual(world.owners('192.0.2.1'), to.owner)
      assert.deepEqual(
        world.owners('198.51.100.1'),
        to.kind === SERVICE_EXTERNAL ? [] : ['198-51-100-1.web.shop'],
      )
      world.cluster.services.remove(to.service)
      world.cluster.services.flush()
      assert.equal(world.map.entries, 0)
    })
  }
}

test('one address of two services: both own it, and the one stays when the other goes', () => {
  const world = worldOf()
  for (const namespace of ['b', 'a']) {
    put(world, headlessService(namespace, 'web'))
    world.cluster.slices.put(sliceOf(namespace, 'web-1', 'web', ['192.0.2.1']))
    world.cluster.slices.flush()
  }
  put(world, clusterService('c', 'last', '192.0.2.1'))
  assert.deepEqual(world.owners('192.0.2.1'), ['last.c', '192-0-2-1.web.a', '192-0-2-1.web.b'])
  world.cluster.services.remove(headlessService('a', 'web'))
  world.cluster.services.flush()
  assert.deepEqual(world.owners('192.0.2.1'), ['last.c', '192-0-2-1.web.b'])
})

test('one address twice in a service: the first label in the order of slices', () => {
  const world = worldOf()
  put(world, headlessService('shop', 'db'))
  for (const name of ['z', 'a'])
    world.cluster.slices.put(
      sliceOf('shop', name, 'db', [{ addresses: ['192.0.2.1'], hostname: `host-${name}` }]),
    )
  world.cluster.slices.flush()
  assert.deepEqual(world.owners('192.0.2.1'), ['host-a.db.shop'])
  world.cluster.slices.remove(sliceOf('shop', 'a', 'db', []))
  world.cluster.slices.flush()
  assert.deepEqual(world.owners('192.0.2.1'), ['host-z.db.shop'])
})

test('the serial is the second of the last change that DNS shows, and never goes back', () => {
  const world = worldOf()
  put(world, web)
  assert.equal(world.map.note(NOTE_SERIAL), START_SECONDS)
  world.pass(60_000)
  put(world, { ...web, status: { loadBalancer: {} } })
  world.cluster.namespaces.put(objectOf(undefined, 'shop'))
  assert.equal(world.map.note(NOTE_SERIAL), START_SECONDS)
  world.cluster.slices.put(sliceOf('shop', 'web-1', 'web', ['198.51.100.1']))
  world.cluster.slices.flush()
  assert.equal(world.map.note(NOTE_SERIAL), START_SECONDS + 60)
  world.pass(-30_000)
  world.cluster.services.remove(web)
  world.cluster.services.flush()
  assert.deepEqual(
    [world.map.note(NOTE_SERIAL), world.map.note(NOTE_IMPORT_SERIAL)],
    [START_SECONDS + 60, 0],
  )
})

test('updates that DNS does not show are told to nobody', () => {
  const world = worldOf()
  put(world, web)
  const before = told(world)
  put(world, { ...web, status: {} })
  put(
    world,
    serviceOf('shop', 'web', {
      clusterIP: '192.0.2.1',
      selector: { tier: 'front' },
      ports: [{ name: 'http', port: 80 }],
    }),
  )
  assert.deepEqual(told(world), before)
})

test('imported services have records and a serial of their own, and no addresses of theirs lead back', () => {
  const world = worldOf()
  world.pass(1000)
  world.cluster.imports.put(
    objectOf('shop', 'web', { spec: { type: 'ClusterSetIP', ips: ['192.0.2.1'] } }),
  )
  const labels = {
    'multicluster.kubernetes.io/service-name': 'web',
    'multicluster.kubernetes.io/source-cluster': 'East',
  }
  const endpoints = [{ addresses: ['198.51.100.1'], hostname: 'web-0' }]
  world.cluster.importSlices.put(
    objectOf('shop', 'web-1', { metadata: { labels }, addressType: 'IPv4', endpoints }),
  )
  world.cluster.importSlices.flush()
  assert.deepEqual(world.service('shop', 'web', IMPORTED)?.endpoints, ['web-0 198.51.100.1  east'])
  assert.deepEqual(
    [world.service('shop', 'web'), world.owners('192.0.2.1'), world.owners('198.51.100.1')],
    [undefined, [], []],
  )
  assert.deepEqual(
    [world.map.note(NOTE_SERIAL), world.map.note(NOTE_IMPORT_SERIAL)],
    [0, START_SECONDS + 1],
  )
  assert.deepEqual(told(world), ['import web.shop'])
})

test('objects of namespaces that are not exposed are left at the door', () => {
  const world = worldOf({ namespaces: ['shop'] })
  for (const name of ['shop', 'secret']) {
    put(world, headlessService(name, 'web'))
    world.cluster.namespaces.put(objectOf(undefined, name))
    world.cluster.slices.put(sliceOf(name, 'web-1', 'web', ['192.0.2.1']))
    world.cluster.pods.put(objectOf(name, 'web-0', { status: { podIP: '192.0.2.1' } }))
    world.cluster.imports.put(objectOf(name, 'web', { spec: {} }))
  }
  world.cluster.services.flush()
  assert.equal(world.map.entries, 5)
  assert.deepEqual(world.owners('192.0.2.1'), ['192-0-2-1.web.shop'])
  assert.equal(world.map.get(KIND_NAMESPACE, labelBytes('secret') ?? new Uint8Array()), undefined)
})

test('without multicluster zones there are no imports, and without endpoints no slices', () => {
  const world = worldOf({ multicluster: false, endpoints: false })
  world.cluster.imports.put(objectOf('shop', 'web', { spec: {} }))
  world.cluster.slices.put(sliceOf('shop', 'web-1', 'web', ['198.51.100.1']))
  put(world, web)
  assert.deepEqual(world.service('shop', 'web')?.endpoints, [])
  assert.equal(world.map.entries, 2)
})

test('namespaces come and go', () => {
  const world = worldOf()
  const shop = objectOf(undefined, 'shop')
  world.cluster.namespaces.put(shop)
  assert.equal(world.map.get(KIND_NAMESPACE, labelBytes('shop') ?? new Uint8Array())?.length, 0)
  world.cluster.namespaces.put(shop)
  world.cluster.namespaces.remove(shop)
  assert.equal(world.map.entries, 0)
  assert.deepEqual(told(world), ['namespace shop', 'namespace shop'])
})

test('many services are published in several turns of the event loop', async () => {
  const world = worldOf()
  const { services } = world.cluster
  for (let n = 0; n < 1200; n++)
    services.put(clusterService('shop', `web-${n}`, `10.0.${n >> 8}.${n & 255}`))
  services.flush()
  assert.equal(world.map.entries, 1000)
  services.flush()
  assert.equal(world.map.entries, 1000)
  const idle = world.cluster.idle()
  await nextTurn()
  assert.equal(world.map.entries, 2000)
  await idle
  assert.equal(world.map.entries, 2400)
})

test('after close nothing is written any more, and nobody waits', async () => {
  const world = worldOf()
  for (let n = 0; n < 1200; n++) world.cluster.services.put(headlessService('shop', `web-${n}`))
  world.cluster.services.flush()
  const idle = world.cluster.idle()
  world.cluster.close()
  await idle
  await nextTurn()
  put(world, web)
  world.cluster.namespaces.put(objectOf(undefined, 'shop'))
  world.cluster.pods.put(objectOf('shop', 'web-0', { status: { podIP: '192.0.2.1' } }))
  assert.equal(world.map.entries, 500)
  await world.cluster.idle()
})
