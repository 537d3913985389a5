import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  clusterService,
  externalService,
  headlessService,
  labelsOf,
  labelsText,
  objectOf,
  podOf,
  sliceOf,
  type World,
  worldOf,
} from '../../../../../test/fakes/cluster.ts'
import type { RecordsMap } from '../../../../records/map.ts'
import { KIND_SERVICE, NOTE_INCOMPLETE } from '../../records/record-keys.ts'

const FULL =
  'the records memory is full: some names of the cluster are missing or out of date; raise --records-bytes'
const ROOM = 'the records memory has room for all names of the cluster again'

/**
 * Fills the memory with a map of somebody else's, in blocks of the sizes that records have; returns
 * it.
 */
const fill = ({ memory }: World): RecordsMap => {
  const filler = memory.newMap()
  let key = 0
  let isFull = false
  while (!isFull) {
    isFull = true
    for (let bytes = 0; bytes < 100; bytes += 16) {
      if (filler.put(1, Uint8Array.of(++key >> 8, key), new Uint8Array(bytes)) !== 'full')
        isFull = false
    }
  }
  return filler
}

/** Empties it again. Two more puts give what rested the time to be found at rest. */
const empty = (filler: RecordsMap): void => {
  for (let key = 0; key < 0x10000; key++) filler.remove(1, Uint8Array.of(key >> 8, key))
  for (let n = 0; n < 3; n++) filler.put(1, Uint8Array.of(n), new Uint8Array(n))
}

const fullWorld = (): { readonly world: World; readonly filler: RecordsMap } => {
  const world = worldOf({ recordsBytes: 1 << 20 })
  world.cluster.services.put(clusterService('shop', 'known', '192.0.2.1'))
  world.cluster.services.flush()
  return { world, filler: fill(world) }
}

const flush = ({ cluster }: World): void => cluster.services.flush()

test('a full memory: told once, noted, and made good when there is room', () => {
  const { world, filler } = fullWorld()
  const { services, namespaces, pods } = world.cluster
  const known = world.service('shop', 'known')
  services.put(clusterService('shop', 'new', '192.0.2.2'))
  services.put(clusterService('shop', 'known', '192.0.2.3', '192.0.2.4'))
  namespaces.put(objectOf(undefined, 'shop'))
  pods.put(podOf('shop', 'web-0', '192.0.2.9'))
  flush(world)
  assert.deepEqual(
    [world.service('shop', 'new'), world.service('shop', 'known')],
    [undefined, known],
  )
  assert.deepEqual(
    [world.map.note(NOTE_INCOMPLETE), world.publisher.isIncomplete, world.logged],
    [1, true, [FULL]],
  )
  empty(filler)
  flush(world)
  assert.equal(world.service('shop', 'new'), undefined, 'not before a second has passed')
  world.pass(1000)
  flush(world)
  assert.deepEqual(world.service('shop', 'new')?.addresses, ['192.0.2.2'])
  assert.deepEqual(
    ['1', '2', '3', '4'].map(n => world.owners(`192.0.2.${n}`)),
    [[], ['new.shop'], ['known.shop'], ['known.shop']],
  )
  assert.deepEqual(
    [world.map.note(NOTE_INCOMPLETE), world.publisher.isIncomplete, world.logged],
    [0, false, [FULL, ROOM]],
  )
  assert.equal(world.map.entries, 7)
})

test('what could not be written and is gone since is owed no more', () => {
  const { world } = fullWorld()
  const service = clusterService('shop', 'new', '192.0.2.2')
  world.cluster.services.put(service)
  flush(world)
  assert.equal(world.map.note(NOTE_INCOMPLETE), 1)
  world.cluster.services.remove(service)
  flush(world)
  assert.deepEqual([world.map.note(NOTE_INCOMPLETE), world.service('shop', 'new')], [0, undefined])
})

test('addresses for which there is no room are owed one by one, whatever becomes of the service', () => {
  const endpoints = Array.from({ length: 40 }, (_, k) => `198.51.100.${k}`)
  const putAll = (world: World): void => {
    world.cluster.services.put(headlessService('shop', 'db'))
    world.cluster.slices.put(sliceOf('shop', 'db-1', 'db', endpoints))
    flush(world)
  }
  const example = worldOf()
  putAll(example)
  const record = example.map.get(KIND_SERVICE, labelsOf('shop', 'db')) ?? new Uint8Array(0)

  const world = worldOf({ recordsBytes: 1 << 20 })
  const written = (): number =>
    endpoints.filter(address => world.owners(address).length === 1).length
  // Room for the service's record alone: its block is of another size than those of addresses.
  const place = world.memory.newMap()
  place.put(1, labelsOf('shop', 'db'), record)
  const filler = fill(world)
  place.remove(1, labelsOf('shop', 'db'))
  putAll(world)
  assert.deepEqual(
    [world.service('shop', 'db')?.endpoints.length, written(), world.map.note(NOTE_INCOMPLETE)],
    [40, 0, 1],
  )
  empty(filler)
  world.pass(1000)
  flush(world)
  assert.deepEqual([written(), world.map.note(NOTE_INCOMPLETE)], [40, 0])
  world.cluster.services.remove(headlessService('shop', 'db'))
  flush(world)
  assert.equal(world.map.entries, 0)
})

test('what is owed is tried a part at a time, and all has its turn', () => {
  const { world, filler } = fullWorld()
  for (let n = 0; n < 450; n++) world.cluster.services.put(headlessService('shop', `db-${n}`))
  flush(world)
  empty(filler)
  for (const written of [200, 400, 450]) {
    world.pass(1000)
    flush(world)
    assert.equal(world.map.entries, 2 + written)
  }
  assert.deepEqual([world.map.note(NOTE_INCOMPLETE), world.logged], [0, [FULL, ROOM]])
})

test('changes are told when they can be read', () => {
  const world = worldOf()
  const seen: string[] = []
  world.publisher.onChanged = change => {
    if (change.kind === 'address')
      seen.push(`${change.address.join('.')} ${world.owners(change.address.join('.'))}`)
    if (change.kind === 'service')
      seen.push(`${labelsText(change.labels)} ${world.service('shop', 'web')?.addresses}`)
  }
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    world.cluster.services.put(clusterService('shop', 'web', address))
    flush(world)
  }
  const first = ['192.0.2.1 web.shop', 'web.shop 192.0.2.1']
  assert.deepEqual(seen, [...first, '192.0.2.1 ', '192.0.2.2 web.shop', 'web.shop 192.0.2.2'])
})

test('services whose target is a service of the cluster are told to change with it', () => {
  const world = worldOf()
  const { services } = world.cluster
  services.put(externalService('shop', 'alias', 'web.shop.svc.cluster.local'))
  services.put(externalService('shop', 'second', 'ALIAS.shop.svc.cluster.local.'))
  services.put(externalService('shop', 'other', 'www.example.org'))
  flush(world)
  world.changes.length = 0
  services.put(clusterService('shop', 'web', '192.0.2.1'))
  world.cluster.imports.put(objectOf('shop', 'web', { spec: { ips: ['192.0.2.2'] } }))
  flush(world)
  const told = world.changes.map(({ kind, labels }) => `${kind} ${labelsText(labels)}`)
  const dependents = ['service alias.shop', 'service second.shop']
  assert.deepEqual(told, [
    'address web.shop',
    'service web.shop',
    ...dependents,
    'import web.shop',
    ...dependents,
  ])
  services.put(clusterService('shop', 'alias', '192.0.2.3'))
  flush(world)
  assert.deepEqual(world.publisher.dependentsOf(labelsOf('shop', 'web')), [])
  assert.deepEqual(world.publisher.dependentsOf(labelsOf('shop', 'alias')).map(labelsText), [
    'second.shop',
  ])
})
