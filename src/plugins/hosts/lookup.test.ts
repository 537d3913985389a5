import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draftOf, publish, room, type Seen, seenIn } from '../../../test/fakes/host-records.ts'
import { MAX_ITEMS } from './host-records.ts'
import { HostsPublisher } from './publisher.ts'

const read = (file: string, inline = '', autoReverse = true): Seen => {
  const map = room().newRecords()
  assert.notEqual(publish(new HostsPublisher(map), { file, inline, autoReverse }), undefined)
  return seenIn(map.ref)
}

const cases: {
  name: string
  file: string
  inline?: string
  ask: string
  v4: string[]
  v6: string[]
}[] = [
  {
    name: 'both families',
    file: '192.0.2.1 a\n2001:db8::1 a',
    ask: 'a.',
    v4: ['192.0.2.1'],
    v6: ['2001:db8::1'],
  },
  {
    name: 'order of the file, repeats kept',
    file: '192.0.2.2 a\n192.0.2.1 a\n192.0.2.2 a',
    ask: 'a.',
    v4: ['192.0.2.2', '192.0.2.1', '192.0.2.2'],
    v6: [],
  },
  {
    name: 'the file before inline',
    file: '192.0.2.2 a\n2001:db8::2 a',
    inline: '192.0.2.1 a\n2001:db8::1 a',
    ask: 'a.',
    v4: ['192.0.2.2', '192.0.2.1'],
    v6: ['2001:db8::2', '2001:db8::1'],
  },
  {
    name: 'inline only',
    file: '',
    inline: '2001:db8::1 a',
    ask: 'a.',
    v4: [],
    v6: ['2001:db8::1'],
  },
  {
    name: 'a wildcard stands for one label',
    file: '192.0.2.1 *.org',
    ask: 'x.org.',
    v4: ['192.0.2.1'],
    v6: [],
  },
  {
    name: 'a wildcard stands for no more than one label',
    file: '192.0.2.1 *.org',
    ask: 'x.y.org.',
    v4: [],
    v6: [],
  },
  {
    name: 'a wildcard does not stand for its parent',
    file: '192.0.2.1 *.org',
    ask: 'org.',
    v4: [],
    v6: [],
  },
  {
    name: 'the wildcard itself',
    file: '192.0.2.1 *.org',
    ask: '*.org.',
    v4: ['192.0.2.1'],
    v6: [],
  },
  {
    name: 'an exact name wins, per family',
    file: '192.0.2.1 *.org\n2001:db8::1 *.org\n192.0.2.2 x.org',
    ask: 'x.org.',
    v4: ['192.0.2.2'],
    v6: ['2001:db8::1'],
  },
  {
    name: 'an exact name wins, per source',
    file: '192.0.2.1 *.org',
    inline: '192.0.2.2 x.org',
    ask: 'x.org.',
    v4: ['192.0.2.1', '192.0.2.2'],
    v6: [],
  },
  { name: 'an unknown name', file: '192.0.2.1 a', ask: 'b.', v4: [], v6: [] },
  { name: 'the root', file: '192.0.2.1 a\n192.0.2.1 *.b', ask: '.', v4: [], v6: [] },
]
for (const c of cases) {
  test(`addresses: ${c.name}`, () => {
    const seen = read(c.file, c.inline)
    assert.deepEqual(seen.addresses(c.ask, 4), c.v4)
    assert.deepEqual(seen.addresses(c.ask, 6), c.v6)
    assert.equal(seen.has(c.ask), c.v4.length + c.v6.length > 0)
  })
}

test('namesOf: names of the file, then inline ones, no wildcards', () => {
  const seen = read('192.0.2.1 b a *.c\n2001:db8::1 d', '192.0.2.1 e')
  assert.deepEqual(seen.names('192.0.2.1'), ['b.', 'a.', 'e.'])
  assert.deepEqual(seen.names('2001:db8::1'), ['d.'])
  assert.deepEqual(seen.names('192.0.2.2'), [])
})

test('namesOf: nothing without reverse entries', () => {
  const seen = read('192.0.2.1 a', '', false)
  assert.deepEqual(seen.names('192.0.2.1'), [])
  assert.deepEqual(seen.addresses('a.', 4), ['192.0.2.1'])
})

const counts = [
  {
    name: 'an entry counts for its name and its address',
    file: '192.0.2.1 a b',
    inline: '',
    autoReverse: true,
    entries: 4,
  },
  {
    name: 'a wildcard counts once',
    file: '192.0.2.1 *.a',
    inline: '',
    autoReverse: true,
    entries: 1,
  },
  {
    name: 'inline entries count',
    file: '192.0.2.1 a',
    inline: '2001:db8::1 a',
    autoReverse: true,
    entries: 4,
  },
  {
    name: 'no reverse',
    file: '192.0.2.1 a',
    inline: '2001:db8::1 a',
    autoReverse: false,
    entries: 2,
  },
]
for (const { name, entries, ...text } of counts)
  test(`entries: ${name}`, () =>
    assert.equal(draftOf(new HostsPublisher(room().newRecords()), text)?.entries, entries))

test('a key is found among thousands, whatever their hashes', () => {
  const lines = Array.from(
    { length: 5000 },
    (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255} h${i}.example.org`,
  )
  const seen = read(lines.join('\n'))
  for (let i = 0; i < 5000; i += 7) {
    const address = `10.0.${i >> 8}.${i & 255}`
    assert.deepEqual(seen.addresses(`h${i}.example.org.`, 4), [address])
    assert.deepEqual(seen.names(address), [`h${i}.example.org.`])
    assert.equal(seen.has(`g${i}.example.org.`), false)
  }
})

test('a look-up gives no more than a message holds', () => {
  const lines = Array.from(
    { length: 6000 },
    (_, i) => `10.0.${i >> 8}.${i & 255} a\n0.0.0.0 b${i}`,
  ).join('\n')
  const seen = read(lines, lines)
  const addresses = seen.addresses('a.', 4)
  assert.equal(addresses.length, MAX_ITEMS)
  assert.deepEqual([addresses[0], addresses.at(-1)], ['10.0.0.0', '10.0.15.254'])
  assert.equal(seen.names('0.0.0.0').length, MAX_ITEMS)
})

test('names of the longest kind, and wildcards for them', () => {
  const label = 'x'.repeat(63)
  const parent = `${label}.${label}.${label}`
  const seen = read(`192.0.2.1 ${'y'.repeat(61)}.${parent}\n192.0.2.2 *.${parent}`)
  assert.deepEqual(seen.addresses(`${'y'.repeat(61)}.${parent}.`, 4), ['192.0.2.1'])
  assert.deepEqual(seen.addresses(`${'z'.repeat(61)}.${parent}.`, 4), ['192.0.2.2'])
})

test('nothing at all', () => {
  const seen = read('')
  assert.equal(seen.has('a.'), false)
  assert.deepEqual(seen.names('192.0.2.1'), [])
})
