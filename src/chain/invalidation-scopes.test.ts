import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../base/time/clock.ts'
import { CHANGE_SLOTS, type InvalidationBoard } from '../memory/invalidation-board.ts'
import { nameFromText } from '../wire/name.ts'
import {
  type ChangingZone,
  EVERY_LABEL,
  InvalidationMarks,
  InvalidationScopes,
} from './invalidation-scopes.ts'

const ZONES: readonly ChangingZone[] = [
  { zone: 'cluster.local.', labels: EVERY_LABEL },
  { zone: 'svc.cluster.local.', labels: 2 },
  { zone: 'pod.cluster.local.', labels: 1 },
  { zone: 'svc.cluster.local.', labels: EVERY_LABEL },
]

const wire = (text: string): Uint8Array => nameFromText(text) ?? assert.fail(`${text} is no name`)
const newBoard = (): InvalidationBoard => ({
  words: new Int32Array(new SharedArrayBuffer(4 * CHANGE_SLOTS)),
  offset: 0,
})
const slotOf = (name: string, zones = ZONES): number =>
  new InvalidationScopes(newBoard(), zones).slotOf(wire(name))

for (const { name, names, isOneGroup } of [
  {
    name: 'a service and what is below it',
    names: ['web.shop', 'a.web.shop', '_http._tcp.web.shop', 'a.b.c.d.web.shop'].map(
      n => `${n}.svc.cluster.local.`,
    ),
    isOneGroup: true,
  },
  {
    name: 'two services',
    names: ['web.shop.svc.cluster.local.', 'db.shop.svc.cluster.local.'],
    isOneGroup: false,
  },
  {
    name: 'one name in two namespaces',
    names: ['web.shop.svc.cluster.local.', 'web.b.svc.cluster.local.'],
    isOneGroup: false,
  },
  {
    name: 'a service and its namespace',
    names: ['web.shop.svc.cluster.local.', 'shop.svc.cluster.local.'],
    isOneGroup: false,
  },
  {
    name: 'pods of a namespace',
    names: [
      '1-2-3-4.shop.pod.cluster.local.',
      'shop.pod.cluster.local.',
      'x.y.shop.pod.cluster.local.',
    ],
    isOneGroup: true,
  },
  {
    name: 'a service and a pod',
    names: ['web.shop.svc.cluster.local.', 'web.shop.pod.cluster.local.'],
    isOneGroup: false,
  },
  {
    name: 'where every label counts',
    names: ['a.x.cluster.local.', 'x.cluster.local.'],
    isOneGroup: false,
  },
  {
    name: 'a zone and its parent',
    names: ['svc.cluster.local.', 'cluster.local.'],
    isOneGroup: false,
  },
]) {
  test(`groups: ${name} are ${isOneGroup ? 'one group' : 'groups of their own'}`, () => {
    const slots = names.map(each => slotOf(each))
    assert.ok(slots.every(slot => slot > 0))
    assert.equal(new Set(slots).size, isOneGroup ? 1 : names.length)
  })
}

for (const { name, qname, zones } of [
  { name: 'a name outside of all zones', qname: 'www.example.org.', zones: ZONES },
  { name: 'a name that only ends alike', qname: 'xcluster.local.', zones: ZONES },
  { name: 'no zone at all', qname: 'cluster.local.', zones: [] },
  {
    name: 'a zone that is no name',
    qname: 'a.',
    zones: [{ zone: `${'a'.repeat(64)}.`, labels: 1 }],
  },
]) {
  test(`groups: ${name} is in none`, () => assert.equal(slotOf(qname, zones), 0))
}

test('groups: the root is a zone too', () => {
  assert.ok(slotOf('www.example.org.', [{ zone: '.', labels: EVERY_LABEL }]) > 0)
  assert.equal(
    slotOf('a.example.org.', [{ zone: '.', labels: 1 }]),
    slotOf('b.org.', [{ zone: '.', labels: 1 }]),
  )
})

const clockAt = (seconds: () => number): Clock => ({
  ms: () => seconds() * 1000,
  seconds,
  wallMs: () => 0,
})

test('marks: the group of a name, from the second of the mark backwards', () => {
  const board = newBoard()
  let now = 10
  const marks = new InvalidationMarks(
    board,
    ZONES,
    clockAt(() => now),
  )
  const scopes = new InvalidationScopes(board, ZONES)
  const changed = (name: string, askedSeconds: number): boolean =>
    scopes.hasChangedSince(scopes.slotOf(wire(name)), askedSeconds)
  marks.mark(wire('web.shop.svc.cluster.local.'))
  marks.mark(wire('www.example.org.'))
  const asked = [9, 10, 11].map(seconds => changed('a.web.shop.svc.cluster.local.', seconds))
  assert.deepEqual(asked, [true, true, false])
  assert.deepEqual(
    [changed('db.shop.svc.cluster.local.', 9), changed('www.example.org.', 0)],
    [false, false],
  )
  now = 20
  marks.markAll()
  assert.deepEqual(
    [changed('db.shop.svc.cluster.local.', 20), changed('db.shop.svc.cluster.local.', 21)],
    [true, false],
  )
  assert.equal(changed('www.example.org.', 0), false, 'what nothing can change is never marked')
})

for (const { name, qname, isOutdated } of [
  { name: 'a name in the zone', qname: 'web.shop.svc.cluster.local.', isOutdated: true },
  { name: 'the zone', qname: 'cluster.local.', isOutdated: true },
  {
    name: 'a name in a zone that two plugins have',
    qname: '1.2.0.192.in-addr.arpa.',
    isOutdated: true,
  },
  { name: 'a name in a zone below it', qname: 'www.own.cluster.local.', isOutdated: true },
  { name: 'no name of a zone around it', qname: 'www.example.org.', isOutdated: false },
  { name: 'nothing outside', qname: 'example.net.', isOutdated: false },
])
  test(`marks: a whole zone outdates ${name}`, () => {
    const zones = [
      ...['org.', 'in-addr.arpa.', 'own.cluster.local.'].map(zone => ({
        zone,
        labels: EVERY_LABEL,
      })),
      ...['cluster.local.', 'in-addr.arpa.'].map(zone => ({
        zone,
        labels: EVERY_LABEL,
        isWhole: true,
      })),
    ]
    const board = newBoard()
    new InvalidationMarks(
      board,
      zones,
      clockAt(() => 10),
    ).markWhole()
    const scopes = new InvalidationScopes(board, zones)
    assert.equal(scopes.hasChangedSince(scopes.slotOf(wire(qname)), 10), isOutdated)
  })

for (const { name, zone, zones, outdated } of [
  {
    name: 'its group, where its names are one',
    zone: 'example.org.',
    zones: [{ zone: 'example.org.', labels: 0, isWhole: true }],
    outdated: ['example.org.', 'a.b.example.org.'],
  },
  {
    name: 'the group of the zone that it is in',
    zone: 'a.b.example.org.',
    zones: [{ zone: 'example.org.', labels: 2, isWhole: true }],
    outdated: ['a.b.example.org.', 'x.a.b.example.org.'],
  },
  {
    name: 'all of them, where its names are of several groups',
    zone: 'example.org.',
    zones: [{ zone: 'org.', labels: 2, isWhole: true }],
    outdated: ['a.b.example.org.', 'other.org.'],
  },
  {
    name: 'all of them, where others have names in it',
    zone: 'example.org.',
    zones: [
      { zone: 'example.org.', labels: 0, isWhole: true },
      { zone: 'sub.example.org.', labels: EVERY_LABEL },
    ],
    outdated: ['a.example.org.', 'a.sub.example.org.'],
  },
  {
    name: 'its group, where another plugin has single names of it',
    zone: 'example.org.',
    zones: [
      { zone: 'example.org.', labels: EVERY_LABEL },
      { zone: 'example.org.', labels: 0, isWhole: true },
    ],
    outdated: ['example.org.', 'a.b.example.org.'],
  },
])
  test(`marks: a zone marks ${name}`, () => {
    const board = newBoard()
    const all = [...zones, { zone: 'example.net.', labels: 0 }]
    new InvalidationMarks(
      board,
      all,
      clockAt(() => 10),
    ).markZone(wire(zone))
    const scopes = new InvalidationScopes(board, all)
    const isOutdated = (qname: string): boolean =>
      scopes.hasChangedSince(scopes.slotOf(wire(qname)), 10)
    assert.deepEqual([...outdated, 'a.example.net.'].filter(isOutdated), outdated)
  })
