import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipToText } from '../../core/ip.ts'
import { nameToText } from '../../wire/name.ts'
import { records, room, seenIn } from './host-records.cases.ts'
import { KIND_NAME, NOTE_WILDCARDS } from './host-records.ts'
import { type HostsChange, HostsPublisher } from './publisher.ts'

const BEFORE = '192.0.2.1 a b\n2001:db8::1 a'

const shown = ({ keys }: HostsChange): string[] =>
  keys.map(({ kind, bytes }) => (kind === KIND_NAME ? nameToText(bytes) : ipToText(bytes))).sort()

const changes: { name: string; after: string; keys: string[]; hasWildcards?: boolean }[] = [
  { name: 'nothing', after: BEFORE, keys: [] },
  { name: 'only the order of lines for different names', after: '2001:db8::1 a\n192.0.2.1 a b', keys: [] },
  { name: 'the order of names of one address', after: '192.0.2.1 b a\n2001:db8::1 a', keys: ['192.0.2.1'] },
  { name: 'a new name', after: `${BEFORE}\n192.0.2.2 c`, keys: ['192.0.2.2', 'c.'] },
  { name: 'a name that goes', after: '192.0.2.1 a\n2001:db8::1 a', keys: ['192.0.2.1', 'b.'] },
  { name: 'another address', after: '192.0.2.3 a b\n2001:db8::1 a', keys: ['192.0.2.1', '192.0.2.3', 'a.', 'b.'] },
  { name: 'an address less', after: '192.0.2.1 a b', keys: ['2001:db8::1', 'a.'] },
  { name: 'everything goes', after: '', keys: ['192.0.2.1', '2001:db8::1', 'a.', 'b.'] },
  { name: 'a wildcard', after: `${BEFORE}\n192.0.2.1 *.c`, keys: ['*.c.'], hasWildcards: true },
]
for (const { name, after, keys, hasWildcards = false } of changes) {
  test(`publish: ${name}`, () => {
    const { newRecords, used } = room()
    const map = newRecords()
    const publisher = new HostsPublisher(map)
    publisher.publish(records(BEFORE))
    const change = publisher.publish(records(after))
    assert.deepEqual(shown(change), keys)
    assert.equal(change.hasWildcards, hasWildcards)
    assert.equal(change.refused, 0)
    assert.equal(map.entries, records(after).byKey.size)
    assert.deepEqual(shown(publisher.everything()), [...shown({ keys: [...records(after).byKey.values()], hasWildcards })])
    const once = room()
    new HostsPublisher(once.newRecords()).publish(records(after))
    assert.equal(used(), once.used(), 'what has gone takes no room')
  })
}

test('the number of wildcards comes and goes with them', () => {
  const map = room().newRecords()
  const publisher = new HostsPublisher(map)
  const wildcards = ['192.0.2.1 *.a *.b', '192.0.2.2 *.a *.b *.c', '192.0.2.2 *.c x', '', '192.0.2.1 *']
  const counts = wildcards.map(text => {
    assert.equal(publisher.publish(records(text)).hasWildcards, true)
    return map.note(NOTE_WILDCARDS)
  })
  assert.deepEqual(counts, [2, 3, 1, 0, 1])
})

test('without room, what there was stays, and all else is there', () => {
  const map = room(1 << 20).newRecords()
  const publisher = new HostsPublisher(map)
  publisher.publish(records('192.0.2.1 big'))
  const big = Array.from({ length: 3000 }, (_, n) => `10.0.${n >> 8}.${n & 255} big`).join('\n')
  const fill = Array.from({ length: 40_000 }, (_, n) => `192.0.2.2 n${n}`)
  const wanted = records(`${fill.join('\n')}\n${big}`, '', false)
  const change = publisher.publish(wanted)
  assert.ok(change.refused > 1 && change.refused < 20_000, `${change.refused} refused`)
  assert.equal(change.keys.length - 1, wanted.byKey.size - change.refused, 'and the address that has gone')
  const seen = seenIn(map.ref)
  assert.deepEqual(seen.addresses('big.', 4), ['192.0.2.1'])
  assert.deepEqual(seen.addresses('n0.', 4), ['192.0.2.2'])
  assert.equal(seen.has('n39999.'), false)
  assert.deepEqual(
    [shown(change), shown(publisher.everything())].map(keys => keys.includes('big.')),
    [false, true],
  )

  const short = records('192.0.2.3 big\n192.0.2.4 n39999', '', false)
  assert.equal(publisher.publish(short).refused, 0, 'what has gone makes room')
  assert.deepEqual([seen.addresses('big.', 4), seen.addresses('n39999.', 4)], [['192.0.2.3'], ['192.0.2.4']])
  assert.equal(publisher.publish(records('')).refused, 0)
  assert.equal(map.entries, 0)
})
