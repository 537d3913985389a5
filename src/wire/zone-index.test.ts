import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZoneSet } from '../chain/zones.ts'
import { nameFromText } from './name.ts'
import { WireZones } from './zone-index.ts'

const LISTS = [
  [],
  ['.'],
  ['example.org.'],
  ['org.', 'example.org.', 'a.b.example.org.'],
  ['.', 'org.', 'example.org.'],
  ['cluster.local.', 'in-addr.arpa.', 'ip6.arpa.'],
  Array.from({ length: 300 }, (_, k) => `zone${k}.example.`),
]
const NAMES = [
  '.',
  'org.',
  'xorg.',
  'example.org.',
  'www.example.org.',
  'b.example.org.',
  'x.a.b.example.org.',
  'zone7.example.',
]
const MORE = [
  'n.zone299.example.',
  'zone300.example.',
  'web.default.svc.cluster.local.',
  '1.0.0.127.in-addr.arpa.',
  'local.',
]

const wire = (name: string): Uint8Array => nameFromText(name) ?? assert.fail(name)

test('the longest zone is the one that ZoneSet finds', () => {
  for (const zones of LISTS) {
    const set = new ZoneSet(zones)
    const onWire = WireZones.fromText(zones) ?? assert.fail()
    for (const name of [...NAMES, ...MORE]) {
      const bytes = wire(name)
      const padded = Uint8Array.of(...bytes, 3, 111, 114, 103)
      assert.equal(
        zones[onWire.longest(padded, bytes.length)],
        set.match(name),
        `${name} in ${zones.slice(0, 3)}`,
      )
    }
  }
})

test('the shortest zone is not the root unless nothing else fits', () => {
  const zones = ['.', 'org.', 'example.org.']
  const onWire = WireZones.fromText(zones) ?? assert.fail()
  const shortest = (name: string) => zones[onWire.shortest(wire(name), wire(name).length)]
  assert.equal(shortest('www.example.org.'), 'org.')
  assert.equal(shortest('www.example.com.'), '.')
  assert.equal(WireZones.fromText(['org.'])?.shortest(wire('com.'), 5), -1)
})

test('of equal zones the first counts, and a name of 127 labels is walked', () => {
  const long = `${'a.'.repeat(127)}`
  const zones = WireZones.fromText(['org.', 'org.', long]) ?? assert.fail()
  assert.equal(zones.longest(wire('x.org.'), 7), 0)
  assert.equal(zones.longest(wire(long), 255), 2)
})

test('zones in a spelling that ZoneSet does not know are refused', () => {
  for (const zone of ['\\097.org.', 'a..b.', 'org'])
    assert.equal(WireZones.fromText(['.', zone]), undefined, zone)
})
