// Lists: marked and swept, and published as one generation.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  clusterService,
  headlessService,
  objectOf,
  podOf,
  sliceOf,
  type World,
  worldOf,
} from '../../../../test/fakes/cluster.ts'
import { KIND_POD } from '../records/record-keys.ts'

const listServices = ({ cluster: { services } }: World, ...names: readonly string[]): void => {
  services.listBegins()
  for (const name of names) services.put(headlessService('shop', name))
  services.listEnds()
  services.flush()
}

const known = (world: World, ...names: readonly string[]): string[] =>
  names.filter(name => world.service('shop', name) !== undefined)

test('what a list does not name is gone at its end', () => {
  const world = worldOf()
  listServices(world, 'a', 'b')
  world.cluster.services.listBegins()
  world.cluster.services.put(headlessService('shop', 'c'))
  world.cluster.services.flush()
  assert.deepEqual(known(world, 'a', 'b', 'c'), ['a', 'b', 'c'])
  world.cluster.services.listEnds()
  world.cluster.services.flush()
  assert.deepEqual(known(world, 'a', 'b', 'c'), ['c'])
})

test('a list that is begun again forgets what it had named', () => {
  const world = worldOf()
  world.cluster.services.listBegins()
  world.cluster.services.put(headlessService('shop', 'a'))
  listServices(world, 'b')
  assert.deepEqual(known(world, 'a', 'b'), ['b'])
})

test('a list that ends without having begun sweeps nothing', () => {
  const world = worldOf()
  listServices(world, 'a')
  world.cluster.services.listEnds()
  world.cluster.services.flush()
  assert.deepEqual(known(world, 'a'), ['a'])
})

test('what is removed in mid-list is gone', () => {
  const world = worldOf()
  world.cluster.services.listBegins()
  world.cluster.services.put(headlessService('shop', 'a'))
  world.cluster.services.remove(headlessService('shop', 'a'))
  world.cluster.services.listEnds()
  world.cluster.services.flush()
  assert.deepEqual(known(world, 'a'), [])
})

test('while slices are listed no service is published; at the end all are, without a flush', async () => {
  const world = worldOf()
  const { services, slices } = world.cluster
  listServices(world, 'db')
  slices.put(sliceOf('shop', 'db-1', 'db', ['192.0.2.1']))
  slices.put(sliceOf('shop', 'db-2', 'db', ['192.0.2.2']))
  slices.flush()
  slices.listBegins()
  slices.put(sliceOf('shop', 'db-1', 'db', ['192.0.2.3']))
  slices.flush()
  services.put(headlessService('shop', 'new'))
  services.flush()
  let isIdle = false
  const idle = world.cluster.idle().then(() => {
    isIdle = true
  })
  await Promise.resolve()
  assert.deepEqual(
    [known(world, 'new'), world.service('shop', 'db')?.addresses, isIdle],
    [[], ['192.0.2.1', '192.0.2.2'], false],
  )
  slices.listEnds()
  assert.deepEqual(
    [known(world, 'new'), world.service('shop', 'db')?.addresses],
    [['new'], ['192.0.2.3']],
  )
  await idle
  assert.deepEqual(world.owners('192.0.2.1'), [])
})

test('a list that changes nothing is told to nobody', () => {
  const world = worldOf()
  const objects = [clusterService('shop', 'a', '192.0.2.1'), headlessService('shop', 'b')]
  const slice = sliceOf('shop', 'b-1', 'b', ['198.51.100.1'])
  for (let round = 0; round < 2; round++) {
    world.cluster.services.listBegins()
    world.cluster.slices.listBegins()
    for (const object of objects) world.cluster.services.put(object)
    world.cluster.slices.put(slice)
    world.cluster.services.listEnds()
    world.cluster.slices.listEnds()
    world.cluster.services.flush()
  }
  assert.equal(world.changes.filter(({ kind }) => kind === 'service').length, 2)
})

const hasPod = ({ map }: World, address: readonly number[]): boolean =>
  map.get(KIND_POD, Uint8Array.from(address)) !== undefined

test('pods: several with one address count as one until the last is gone', () => {
  const world = worldOf()
  const { pods } = world.cluster
  pods.put(podOf('shop', 'a', '192.0.2.1'))
  pods.put(podOf('shop', 'b', '192.0.2.1'))
  pods.remove(podOf('shop', 'a', '192.0.2.1'))
  assert.equal(hasPod(world, [192, 0, 2, 1]), true)
  pods.remove(podOf('shop', 'b', '192.0.2.1'))
  assert.equal(hasPod(world, [192, 0, 2, 1]), false)
  assert.deepEqual(
    world.changes.map(({ kind }) => kind),
    ['pod', 'pod'],
  )
})

test('pods: those at one address have their namespaces in the order of the alphabet', () => {
  const world = worldOf({ namespaces: ['shop'] })
  for (const namespace of ['shop', 'b', 'aa', 'b'])
    world.cluster.pods.put(podOf(namespace, 'a', '192.0.2.1'))
  const record = world.map.get(KIND_POD, Uint8Array.of(192, 0, 2, 1))
  assert.equal(Buffer.from(record ?? []).toString('latin1'), '\x02aa\x01b\x04shop')
})

test('pods: an address that changes moves the pod', () => {
  const world = worldOf()
  for (const podIP of [undefined, '192.0.2.1', '192.0.2.2'])
    world.cluster.pods.put(podOf('shop', 'a', podIP))
  assert.deepEqual([hasPod(world, [192, 0, 2, 1]), hasPod(world, [192, 0, 2, 2])], [false, true])
})

test('pods: one that is being deleted stays until it is gone, and does not come', () => {
  const world = worldOf()
  const { pods } = world.cluster
  const deletionTimestamp = '2026-01-01T00:00:00Z'
  pods.put(podOf('shop', 'old', '192.0.2.1'))
  pods.put(podOf('shop', 'old', undefined, { deletionTimestamp }))
  pods.put(podOf('shop', 'new', '192.0.2.2', { deletionTimestamp }))
  pods.listBegins()
  pods.put(podOf('shop', 'old', '192.0.2.1', { deletionTimestamp }))
  pods.listEnds()
  assert.deepEqual([hasPod(world, [192, 0, 2, 1]), hasPod(world, [192, 0, 2, 2])], [true, false])
  pods.remove(podOf('shop', 'old', undefined, { deletionTimestamp }))
  assert.equal(world.map.entries, 0)
})

test('a wrong object is told once for as long as it is wrong in the same way', () => {
  const world = worldOf()
  const wrong = (clusterIP: string) => objectOf('shop', 'web', { spec: { clusterIP } })
  for (const clusterIP of ['x', 'x', 'y', '192.0.2.1', 'y'])
    world.cluster.services.put(wrong(clusterIP))
  world.cluster.services.remove(wrong('y'))
  world.cluster.services.put(wrong('y'))
  world.cluster.services.listBegins()
  world.cluster.services.listEnds()
  world.cluster.services.put(wrong('y'))
  const lines = ['x', 'y', 'y', 'y', 'y'].map(text => `service shop/web: '${text}' is no address`)
  assert.deepEqual(world.logged, lines)
})

test('an object that turns out to be useless is gone', () => {
  const world = worldOf()
  world.cluster.services.put(headlessService('shop', 'db'))
  world.cluster.slices.put(sliceOf('shop', 'db-1', 'db', ['192.0.2.1']))
  world.cluster.slices.put(objectOf('shop', 'db-1', { metadata: { labels: {} } }))
  world.cluster.slices.flush()
  assert.deepEqual(world.service('shop', 'db')?.addresses, [])
})
