import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded, wire } from '../../test/fakes/raw-message.ts'
import { NOBODY, readerOf, SEED } from '../../test/fakes/records-world.ts'
import { shapedZone } from '../../test/fakes/zone-shape.ts'
import type { RecordData } from '../chain/answer/answer.ts'
import type { RecordsMap } from '../records/map.ts'
import { RecordsMemory } from '../records/records-memory.ts'
import { NameView } from '../wire/name.ts'
import { CLASS_IN } from '../wire/rrtypes.ts'
import { ZoneIndex } from '../wire/zone-index.ts'
import { loadZone } from '../zone/load-zone.ts'
import { MasterFileParser } from '../zone/master-file.ts'
import { recordText } from '../zone/record-text.ts'
import { ZoneTree } from '../zone/tree.ts'
import { FixedZones } from './served-zones.ts'
import { KIND_ZONE } from './zone-map.ts'
import { OfferedZones } from './zone-transfers.ts'

const ORIGIN = wire('example.org')
const memory = new RecordsMemory(1 << 20, NOBODY, SEED)

const put = (map: RecordsMap, text: string): void => {
  const tree = loadZone({
    file: 'db',
    origin: ORIGIN,
    text,
    memory(bytes) {
      const prepared = map.prepare(KIND_ZONE, ORIGIN, bytes) ?? assert.fail('no room')
      assert.ok(map.showEntry(prepared))
      return prepared
    },
  })
  assert.ok(tree instanceof ZoneTree)
}

const offered = (map: RecordsMap): OfferedZones =>
  new OfferedZones(new FixedZones(new ZoneIndex([ORIGIN]), [ORIGIN], [readerOf(map.ref)]))

const shown = (record: RecordData): string => recordText({ class: CLASS_IN, ...record })
const view = (name: string): NameView => new NameView(wire(name))

const SIGNED = `$TTL 60
@ SOA ns x 7 2 3 4 5
a A 192.0.2.1
@ MX 1 a
@ NS ns
@ RRSIG SOA 13 2 60 20600101000000 20250101000000 1 @ AQID
@ RRSIG NS 13 2 60 20600101000000 20250101000000 1 @ AQID
@ RRSIG MX 13 2 60 20600101000000 20250101000000 1 @ AQID
`

test('zone transfers: SOA, then the apex from its NS on, then the names', () => {
  const map = memory.newMap()
  put(map, SIGNED)
  const zone = offered(map).zone(view('example.org'))
  assert.ok(typeof zone === 'object')
  const short = (record: RecordData): string => shown(record).split(' ').slice(0, 5).join(' ')
  assert.equal(zone.serial, 7)
  assert.deepEqual(zone.soa().map(short), [
    'example.org. 60 IN SOA ns.example.org.',
    'example.org. 60 IN RRSIG SOA',
  ])
  assert.deepEqual([...zone.parts()].flat().map(short), [
    'example.org. 60 IN NS ns.example.org.',
    'example.org. 60 IN RRSIG NS',
    'example.org. 60 IN MX 1',
    'example.org. 60 IN RRSIG MX',
    'a.example.org. 60 IN A 192.0.2.1',
  ])
})

test('zone transfers: all records of a zone, each once, in several parts', () => {
  const below = seeded(3)
  const zone = shapedZone(below, { names: 600 })
  const map = memory.newMap()
  put(map, zone.text)
  const given = offered(map).zone(view('example.org'))
  assert.ok(typeof given === 'object')
  const parts = [...given.parts()]
  assert.ok(parts.length > 3 && parts.every(part => part.length < 300))
  const expected: string[] = []
  new MasterFileParser({
    file: 'db',
    origin: ORIGIN,
    text: zone.text,
    record(owner, type, cls, ttlSeconds, rdata) {
      expected.push(recordText({ owner, type, class: cls, ttlSeconds, rdata }).toLowerCase())
      return undefined
    },
  }).parse()
  const got = [...given.soa(), ...parts.flat()].map(record => shown(record).toLowerCase())
  assert.deepEqual(got.sort(), expected.sort())
})

test('zone transfers: a zone that changes under way is none', () => {
  const map = memory.newMap()
  put(map, shapedZone(seeded(4), { names: 600 }).text)
  const zone = offered(map).zone(view('example.org'))
  assert.ok(typeof zone === 'object')
  const parts = zone.parts()[Symbol.iterator]()
  assert.equal(parts.next().done, false)
  put(map, shapedZone(seeded(4), { names: 600 }).text)
  assert.throws(() => parts.next(), {
    code: 'ZONE_CHANGED',
    message: 'zone example.org. has changed while it was transferred',
  })
  assert.throws(() => zone.soa(), { code: 'ZONE_CHANGED' })
})

test('zone transfers: of whole zones only, and of those that are there', () => {
  const map = memory.newMap()
  const zones = offered(map)
  assert.equal(zones.zone(view('example.org')), 'absent')
  put(map, SIGNED)
  assert.equal(zones.zone(view('a.example.org')), undefined)
  assert.equal(zones.zone(view('org')), undefined)
})
