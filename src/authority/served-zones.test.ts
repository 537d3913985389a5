import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wire } from '../../test/fakes/raw-message.ts'
import { NOBODY, readerOf, SEED } from '../../test/fakes/records-world.ts'
import type { RecordsMap } from '../records/map.ts'
import { RecordsMemory } from '../records/records-memory.ts'
import { countLabels, NameView } from '../wire/name.ts'
import { ZoneIndex } from '../wire/zone-index.ts'
import { FixedZones, NO_ZONE, NOT_LOADED, ZoneDirectory } from './served-zones.ts'
import { KIND_ZONE, NOTE_LABELS } from './zone-map.ts'

const memory = new RecordsMemory(1 << 20, NOBODY, SEED)

const mapOf = (...zones: readonly string[]): RecordsMap => {
  const map = memory.newMap()
  for (const zone of zones) {
    map.put(KIND_ZONE, wire(zone), Buffer.from(zone))
    map.setNote(NOTE_LABELS, Math.max(map.note(NOTE_LABELS), countLabels(wire(zone))))
  }
  return map
}

const view = (name: string): NameView => new NameView(wire(name))

/** The zone whose value was found. */
const shown = (zones: FixedZones | ZoneDirectory, at: number): string | number => {
  if (at === NO_ZONE || at === NOT_LOADED) return at
  const text = Buffer.from(zones.bytes.slice(at, at + 40)).toString()
  return text.slice(0, text.indexOf('\0'))
}

const ORIGINS = ['example.org', 'sub.example.org', 'a.b.c.d.e.test', 'unloaded.test']

const EVERYWHERE = ZoneIndex.fromText(['.'])

const kinds = {
  fixed: new FixedZones(
    new ZoneIndex(ORIGINS.map(wire)),
    ORIGINS.map(wire),
    ORIGINS.map(zone => readerOf((zone === 'unloaded.test' ? mapOf() : mapOf(zone)).ref)),
  ),
  directory: new ZoneDirectory(readerOf(mapOf(...ORIGINS.slice(0, 3)).ref), EVERYWHERE),
}

for (const { name, found, exact } of [
  { name: 'example.org', found: 'example.org', exact: 'example.org' },
  { name: 'www.example.org', found: 'example.org', exact: NO_ZONE },
  { name: 'sub.example.org', found: 'sub.example.org', exact: 'sub.example.org' },
  { name: 'x.y.sub.example.org', found: 'sub.example.org', exact: NO_ZONE },
  { name: 'org', found: NO_ZONE, exact: NO_ZONE },
  { name: '.', found: NO_ZONE, exact: NO_ZONE },
  { name: 'b.c.d.e.test', found: NO_ZONE, exact: NO_ZONE },
  { name: 'x.a.b.c.d.e.test', found: 'a.b.c.d.e.test', exact: NO_ZONE },
  { name: `${'a.'.repeat(110)}example.org`, found: 'example.org', exact: NO_ZONE },
])
  for (const [kind, zones] of Object.entries(kinds))
    test(`${kind} zones: ${name.slice(0, 40)} is in ${found}`, () => {
      assert.equal(shown(zones, zones.find(view(name))), found)
      if (found !== NO_ZONE) assert.equal(zones.originLength, wire(String(found)).length)
      assert.equal(shown(zones, zones.findExact(view(name))), exact)
    })

test('fixed zones: one that has not been loaded', () => {
  assert.equal(kinds.fixed.find(view('x.unloaded.test')), NOT_LOADED)
  assert.equal(kinds.fixed.findExact(view('unloaded.test')), NOT_LOADED)
})

test('fixed zones: none at all', () => {
  const none = new FixedZones(new ZoneIndex([]), [], [])
  assert.equal(none.find(view('example.org')), NO_ZONE)
})

test('directory of zones: the root, and zones that come and go', () => {
  const map = mapOf('.')
  const zones = new ZoneDirectory(readerOf(map.ref), EVERYWHERE)
  assert.equal(shown(zones, zones.find(view('a.b'))), '.')
  map.put(KIND_ZONE, wire('b'), Buffer.from('b'))
  map.setNote(NOTE_LABELS, 1)
  assert.equal(shown(zones, zones.find(view('a.b'))), 'b')
  map.remove(KIND_ZONE, wire('.'))
  assert.equal(zones.find(view('a.c')), NO_ZONE)
})

test('directory of zones: those that are to be answered only', () => {
  const within = ZoneIndex.fromText(['example.org.'])
  const zones = new ZoneDirectory(readerOf(mapOf('example.org', 'example.net').ref), within)
  assert.equal(shown(zones, zones.find(view('a.example.org'))), 'example.org')
  assert.equal(zones.find(view('a.example.net')), NO_ZONE)
  assert.equal(zones.findExact(view('example.net')), NO_ZONE)
})
