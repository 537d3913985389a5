import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generator } from '../../../test/fakes/crew.ts'
import { draftOf, publish, room, seenIn } from '../../../test/fakes/host-records.ts'
import { ipToText } from '../../base/ip.ts'
import { nameToText } from '../../wire/name.ts'
import { KIND_NAME, MAX_ITEMS, NOTE_WILDCARDS } from './host-records.ts'
import { type HostsChange, HostsPublisher, MAX_TOLD_KEYS } from './publisher.ts'

const BEFORE = '192.0.2.1 a b\n2001:db8::1 a'

const shown = ({ keys }: HostsChange): string[] =>
  keys.map(({ kind, bytes }) => (kind === KIND_NAME ? nameToText(bytes) : ipToText(bytes))).sort()

const changes: { name: string; after: string; keys: string[]; hasWildcards?: boolean }[] = [
  { name: 'nothing', after: BEFORE, keys: [] },
  {
    name: 'only the order of lines for different names',
    after: '2001:db8::1 a\n192.0.2.1 a b',
    keys: [],
  },
  {
    name: 'the order of names of one address',
    after: '192.0.2.1 b a\n2001:db8::1 a',
    keys: ['192.0.2.1'],
  },
  { name: 'a new name', after: `${BEFORE}\n192.0.2.2 c`, keys: ['192.0.2.2', 'c.'] },
  { name: 'a name that goes', after: '192.0.2.1 a\n2001:db8::1 a', keys: ['192.0.2.1', 'b.'] },
  {
    name: 'another address',
    after: '192.0.2.3 a b\n2001:db8::1 a',
    keys: ['192.0.2.1', '192.0.2.3', 'a.', 'b.'],
  },
  { name: 'an address less', after: '192.0.2.1 a b', keys: ['2001:db8::1', 'a.'] },
  { name: 'everything goes', after: '', keys: ['192.0.2.1', '2001:db8::1', 'a.', 'b.'] },
  { name: 'a wildcard', after: `${BEFORE}\n192.0.2.1 *.c`, keys: ['*.c.'], hasWildcards: true },
]
const sorted = (change: HostsChange | undefined): string[] =>
  shown(change ?? assert.fail('no room'))

for (const { name, after, keys, hasWildcards = false } of changes) {
  test(`publish: ${name}`, () => {
    const { newRecords, used } = room()
    const map = newRecords()
    const publisher = new HostsPublisher(map)
    publish(publisher, { file: BEFORE })
    const change = publish(publisher, { file: after })
    assert.deepEqual(sorted(change), keys)
    assert.deepEqual([change?.hasWildcards, change?.isLarge], [hasWildcards, false])

    const once = room()
    const other = new HostsPublisher(once.newRecords())
    assert.deepEqual(sorted(publish(other, { file: after })), sorted(publisher.everything()))
    assert.equal(map.entries, other.everything().keys.length)
    assert.equal(used(), once.used(), 'what has gone takes no room')
  })
}

test('the number of wildcards comes and goes with them', () => {
  const map = room().newRecords()
  const publisher = new HostsPublisher(map)
  const wildcards = [
    '192.0.2.1 *.a *.b',
    '192.0.2.2 *.a *.b *.c',
    '192.0.2.2 *.c x',
    '',
    '192.0.2.1 *',
  ]
  const counts = wildcards.map(file => {
    assert.equal(publish(publisher, { file })?.hasWildcards, true)
    return map.note(NOTE_WILDCARDS)
  })
  assert.deepEqual(counts, [2, 3, 1, 0, 1])
})

test('entries count addresses of names and names of addresses, also those that no answer has room for', () => {
  const publisher = new HostsPublisher(room().newRecords())
  const many = Array.from(
    { length: MAX_ITEMS + 10 },
    (_, n) => `10.0.${n >> 8}.${n & 255} many`,
  ).join('\n')
  const counts = ['', '192.0.2.1 a a *.b', many].flatMap(file => [
    draftOf(publisher, { file })?.entries,
    draftOf(publisher, { file, autoReverse: false })?.entries,
  ])
  assert.deepEqual(counts, [0, 0, 5, 3, 2 * (MAX_ITEMS + 10), MAX_ITEMS + 10])
})

test('no list is longer than an answer can be', () => {
  const map = room().newRecords()
  const numbers = Array.from({ length: MAX_ITEMS + 10 }, (_, n) => n)
  const file = numbers
    .map(n => `10.0.${n >> 8}.${n & 255} many\n192.0.2.1 n${n}\n2001:db8::1 many`)
    .join('\n')
  assert.notEqual(publish(new HostsPublisher(map), { file }), undefined)
  const seen = seenIn(map.ref)
  assert.equal(seen.addresses('many.', 4).at(-1), '10.0.15.254')
  assert.equal(seen.addresses('many.', 6).length, MAX_ITEMS)
  assert.deepEqual(
    [seen.names('192.0.2.1').length, seen.names('192.0.2.1').at(-1)],
    [MAX_ITEMS, `n${MAX_ITEMS - 1}.`],
  )
})

const manyNames = (letter: string, count: number): string =>
  Array.from({ length: count }, (_, n) => `192.0.2.2 ${letter}${n}`).join('\n')

test('of a large change not every key is told', () => {
  const publisher = new HostsPublisher(room(16 << 20).newRecords())
  assert.equal(publish(publisher, { file: manyNames('a', MAX_TOLD_KEYS - 1) })?.isLarge, false)
  assert.equal(publisher.everything().isLarge, false)
  assert.equal(publish(publisher, { file: manyNames('b', 1) })?.isLarge, true)
  assert.equal(publish(publisher, { file: manyNames('a', MAX_TOLD_KEYS) })?.isLarge, true)
  assert.equal(publisher.everything().isLarge, true)
})

test('without room for all of it, all that there was stays, and a file that is short enough has room', async () => {
  const { newRecords, used } = room(1 << 20)
  const map = newRecords()
  const publisher = new HostsPublisher(map)
  publish(publisher, { file: '192.0.2.1 old' })
  const before = used()
  assert.equal(publish(publisher, { file: manyNames('n', 40_000) }), undefined)
  const seen = seenIn(map.ref)
  assert.deepEqual([seen.has('n0.'), seen.addresses('old.', 4)], [false, ['192.0.2.1']])
  // Some is given back in later turns.
  while (used() > before) await new Promise(setImmediate)
  assert.deepEqual(sorted(publish(publisher, { file: '192.0.2.1 old\n192.0.2.4 n39999' })), [
    '192.0.2.4',
    'n39999.',
  ])
  assert.deepEqual(seen.addresses('n39999.', 4), ['192.0.2.4'])
})

/** Lists by key, as the format says, said with Maps. */
const model = (file: string, inline: string): Map<string, string[]> => {
  const lists = new Map<string, string[]>()
  const add = (key: string, item: string): void =>
    void lists.set(key, [...(lists.get(key) ?? []), item])
  for (const line of [...file.split('\n'), ...inline.split('\n')]) {
    const [address = '', ...names] = line.split(' ')
    for (const name of names) {
      add(`${name} ${address.includes(':') ? 6 : 4}`, address)
      if (!name.startsWith('*')) add(address, `${name}.`)
    }
  }
  return lists
}

test('version after version, shards read what the file and the Corefile say', () => {
  const map = room().newRecords()
  const publisher = new HostsPublisher(map)
  const seen = seenIn(map.ref)
  const below = generator(4)
  const addresses = Array.from({ length: 12 }, (_, n) =>
    n < 6 ? `192.0.2.${n}` : `2001:db8::${n}`,
  )
  const names = Array.from({ length: 15 }, (_, n) => `n${n}`)
  const line = (): string =>
    [addresses[below(12)], ...Array.from({ length: 1 + below(3) }, () => names[below(15)])].join(
      ' ',
    )
  for (let round = 0; round < 200; round++) {
    const file = Array.from({ length: below(40) }, line).join('\n')
    const inline = Array.from({ length: below(5) }, line).join('\n')
    assert.notEqual(publish(publisher, { file, inline }), undefined)
    const lists = model(file, inline)
    for (const name of names) {
      for (const family of [4, 6] as const)
        assert.deepEqual(seen.addresses(`${name}.`, family), lists.get(`${name} ${family}`) ?? [])
    }
    for (const address of addresses) assert.deepEqual(seen.names(address), lists.get(address) ?? [])
  }
})
