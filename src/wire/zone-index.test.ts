import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSubname, NameView, nameFromText } from './name.ts'
import { ZoneIndex } from './zone-index.ts'

const wire = (name: string): Uint8Array => nameFromText(name) ?? assert.fail(name)
const asName = (text: string): NameView => new NameView(wire(text))

const matches: { name: string; zones: string[]; qname: string; zone: string | undefined }[] = [
  { name: 'the zone itself', zones: ['example.org.'], qname: 'example.org.', zone: 'example.org.' },
  {
    name: 'a name below',
    zones: ['example.org.'],
    qname: 'a.b.example.org.',
    zone: 'example.org.',
  },
  {
    name: 'the longest zone wins, whatever the order',
    zones: ['org.', 'b.example.org.', '.'],
    qname: 'a.b.example.org.',
    zone: 'b.example.org.',
  },
  { name: 'labels are whole', zones: ['example.org.'], qname: 'anexample.org.', zone: undefined },
  { name: 'a parent is not in the zone', zones: ['example.org.'], qname: 'org.', zone: undefined },
  { name: 'root holds everything', zones: ['.'], qname: 'example.net.', zone: '.' },
  { name: 'root holds root', zones: ['.'], qname: '.', zone: '.' },
  { name: 'root is in no other zone', zones: ['org.'], qname: '.', zone: undefined },
  { name: 'an escaped dot ends no label', zones: ['b.org.'], qname: 'a\\.b.org.', zone: undefined },
  {
    name: 'an escaped backslash before a dot ends the label',
    zones: ['b.org.'],
    qname: 'a\\\\.b.org.',
    zone: 'b.org.',
  },
  { name: 'no zones, no match', zones: [], qname: 'org.', zone: undefined },
  {
    name: 'a zone in another spelling',
    zones: ['.', '\\097.org.'],
    qname: 'x.a.org.',
    zone: '\\097.org.',
  },
  {
    name: 'an upper-case letter in another spelling',
    zones: ['\\065.org.'],
    qname: 'a.org.',
    zone: '\\065.org.',
  },
  {
    name: 'an escaped dot in a zone',
    zones: ['a\\046b.org.'],
    qname: 'x.a\\.b.org.',
    zone: 'a\\046b.org.',
  },
  { name: 'what is no name holds nothing', zones: ['a..b.'], qname: 'a.b.', zone: undefined },
  {
    name: 'what is no name keeps its place',
    zones: ['a..b.', '\\256.', 'b.', '.'],
    qname: 'a.b.',
    zone: 'b.',
  },
]
for (const { name, zones, qname, zone } of matches)
  test(`the longest zone: ${name}`, () => {
    const index = ZoneIndex.fromText(zones)
    assert.equal(zones[index.longest(asName(qname))], zone)
    assert.equal(index.holds(asName(qname)), zone !== undefined)
  })

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

test('the longest zone is the one that comparing with each of them finds', () => {
  for (const zones of LISTS) {
    const index = ZoneIndex.fromText(zones)
    for (const name of [...NAMES, ...MORE]) {
      const bytes = wire(name)
      const padded = Uint8Array.of(...bytes, 3, 111, 114, 103)
      const around = zones.filter(zone => isSubname(bytes, wire(zone)))
      assert.equal(
        zones[index.longest(new NameView(padded, bytes.length))],
        around.toSorted((a, b) => wire(b).length - wire(a).length)[0],
        `${name} in ${zones.slice(0, 3)}`,
      )
    }
  }
})

test('the shortest zone is not the root unless nothing else fits', () => {
  const zones = ['.', 'org.', 'example.org.']
  const index = ZoneIndex.fromText(zones)
  const shortest = (name: string) => zones[index.shortest(asName(name))]
  assert.equal(shortest('www.example.org.'), 'org.')
  assert.equal(shortest('www.example.com.'), '.')
  assert.equal(ZoneIndex.fromText(['org.']).shortest(asName('com.')), -1)
})

test('of equal zones the first counts, and a name of 127 labels is walked', () => {
  const long = `${'a.'.repeat(127)}`
  const zones = ZoneIndex.fromText(['org.', 'org.', '\\111rg.', long])
  assert.equal(zones.longest(asName('x.org.')), 0)
  assert.equal(zones.longest(asName(long)), 3)
})
