import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fallsThrough, ZoneSet } from './zones.ts'

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
    name: 'names of Object.prototype are ordinary',
    zones: ['__proto__.'],
    qname: 'constructor.__proto__.',
    zone: '__proto__.',
  },
  {
    name: 'names of Object.prototype are no zones',
    zones: ['org.'],
    qname: 'tostring.',
    zone: undefined,
  },
]
for (const c of matches)
  test(`ZoneSet.match: ${c.name}`, () => assert.equal(new ZoneSet(c.zones).match(c.qname), c.zone))

const falls: { name: string; fall: string[] | undefined; qname: string; passes: boolean }[] = [
  { name: 'without the option never', fall: undefined, qname: 'a.org.', passes: false },
  { name: 'an empty list never', fall: [], qname: 'a.org.', passes: false },
  { name: 'root always', fall: ['.'], qname: 'a.org.', passes: true },
  { name: 'a name in a zone', fall: ['net.', 'org.'], qname: 'a.org.', passes: true },
  { name: 'the zone itself', fall: ['org.'], qname: 'org.', passes: true },
  { name: 'labels are whole', fall: ['b.org.'], qname: 'ab.org.', passes: false },
  { name: 'an escaped dot ends no label', fall: ['b.org.'], qname: 'a\\.b.org.', passes: false },
  { name: 'a shorter name', fall: ['b.org.'], qname: 'org.', passes: false },
]
for (const c of falls)
  test(`fallsThrough: ${c.name}`, () => assert.equal(fallsThrough(c.fall, c.qname), c.passes))
