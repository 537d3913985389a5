import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directive, fakeClock } from '../../../../../test/support/plugin-harness.ts'
import { InvalidationMarks, InvalidationScopes } from '../../../../chain/invalidation-scopes.ts'
import { CHANGE_SLOTS } from '../../../../memory/invalidation-board.ts'
import { nameFromText } from '../../../../wire/name.ts'
import { options } from '../../options.ts'
import { labelsBytes } from '../../records/record-keys.ts'
import type { SourceChange } from '../cluster-source.ts'
import { changingZones, markChanges } from './invalidation-marks.ts'

const OPTIONS = options.parse(
  directive(
    'kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {\nmulticluster clusterset.local\n}',
  ),
)
const OWN = Uint8Array.of(192, 0, 2, 53)

const labels = (...texts: string[]): Uint8Array =>
  labelsBytes(...texts) ?? assert.fail(texts.join())

const NAMES = [
  'web.shop.svc.cluster.local.',
  '_http._tcp.web.shop.svc.cluster.local.',
  'db.shop.svc.cluster.local.',
  '10-0-0-1.shop.pod.cluster.local.',
  '10-0-0-1.other.pod.cluster.local.',
  'web.shop.svc.clusterset.local.',
  'cluster.local.',
  'ns.dns.cluster.local.',
  '1.2.0.192.in-addr.arpa.',
  '53.2.0.192.in-addr.arpa.',
  'www.example.org.',
]

const cases: { change: string; given: SourceChange; outdated: readonly number[] }[] = [
  {
    change: 'a service',
    given: { kind: 'service', labels: labels('web', 'shop') },
    outdated: [0, 1],
  },
  {
    change: 'an imported service',
    given: { kind: 'import', labels: labels('web', 'shop') },
    outdated: [5],
  },
  {
    change: 'a pod: all pods of its namespace',
    given: { kind: 'pod', labels: labels('shop'), address: Uint8Array.of(10, 0, 0, 1) },
    outdated: [3],
  },
  {
    change: 'an address: its reverse name',
    given: { kind: 'address', labels: labels('web', 'shop'), address: Uint8Array.of(192, 0, 2, 1) },
    outdated: [8],
  },
  {
    change: "the server's own address: what NS answers say",
    given: { kind: 'address', labels: labels('web', 'shop'), address: OWN },
    outdated: [6, 7, 9],
  },
  {
    change: 'a namespace: everything in the zones',
    given: { kind: 'namespace', labels: labels('shop') },
    outdated: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  },
  {
    change: 'the first sync: everything in the zones',
    given: { kind: 'synced' },
    outdated: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  },
]

for (const { change, given, outdated } of cases) {
  test(`what is outdated by ${change}`, () => {
    const board = { words: new Int32Array(new SharedArrayBuffer(CHANGE_SLOTS * 4)), offset: 0 }
    const clock = fakeClock()
    const zones = changingZones(OPTIONS)
    const scopes = new InvalidationScopes(board, zones)
    markChanges(new InvalidationMarks(board, zones, clock), OPTIONS, [OWN], given)
    const found = NAMES.filter(name => {
      const slot = scopes.slotOf(nameFromText(name) ?? assert.fail(name))
      return scopes.hasChangedSince(slot, clock.seconds())
    })
    assert.deepEqual(
      found,
      outdated.map(index => NAMES[index]),
    )
  })
}
