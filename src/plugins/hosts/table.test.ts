import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipToText, parseIp } from '../../core/ip.ts'
import { ZoneSet } from '../../core/zones.ts'
import { nameFromText, nameToText } from '../../wire/name.ts'
import { parseHosts } from './hosts-file.ts'
import { buildTable, HostsTable } from './table.ts'

const ALL = new ZoneSet(['.'])
const build = (file: string, inline = '', autoReverse = true) =>
  buildTable(parseHosts(file, ALL), parseHosts(inline, ALL), autoReverse)
const wire = (name: string): Uint8Array => nameFromText(name) ?? assert.fail(name)
const addresses = (table: HostsTable, name: string, family: 4 | 6): string[] =>
  table.addressesOf(wire(name), family).map(ipToText)
const names = (table: HostsTable, address: string): string[] =>
  table.namesOf(parseIp(address)?.bytes ?? assert.fail(address)).map(name => nameToText(name))

const cases: { name: string; file: string; inline?: string; ask: string; v4: string[]; v6: string[] }[] = [
  { name: 'both families', file: '192.0.2.1 a\n2001:db8::1 a', ask: 'a.', v4: ['192.0.2.1'], v6: ['2001:db8::1'] },
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
  { name: 'inline only', file: '', inline: '2001:db8::1 a', ask: 'a.', v4: [], v6: ['2001:db8::1'] },
  { name: 'a wildcard stands for one label', file: '192.0.2.1 *.org', ask: 'x.org.', v4: ['192.0.2.1'], v6: [] },
  { name: 'a wildcard stands for no more than one label', file: '192.0.2.1 *.org', ask: 'x.y.org.', v4: [], v6: [] },
  { name: 'a wildcard does not stand for its parent', file: '192.0.2.1 *.org', ask: 'org.', v4: [], v6: [] },
  { name: 'the wildcard itself', file: '192.0.2.1 *.org', ask: '*.org.', v4: ['192.0.2.1'], v6: [] },
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
  test(`addressesOf: ${c.name}`, () => {
    const table = new HostsTable(build(c.file, c.inline).buffer)
    assert.deepEqual(addresses(table, c.ask, 4), c.v4)
    assert.deepEqual(addresses(table, c.ask, 6), c.v6)
    assert.equal(table.has(wire(c.ask)), c.v4.length + c.v6.length > 0)
  })
}

test('namesOf: names of the file, then inline ones, no wildcards', () => {
  const table = new HostsTable(build('192.0.2.1 b a *.c\n2001:db8::1 d', '192.0.2.1 e').buffer)
  assert.deepEqual(names(table, '192.0.2.1'), ['b.', 'a.', 'e.'])
  assert.deepEqual(names(table, '2001:db8::1'), ['d.'])
  assert.deepEqual(names(table, '192.0.2.2'), [])
})

test('namesOf: nothing without reverse entries', () => {
  const table = new HostsTable(build('192.0.2.1 a', '', false).buffer)
  assert.deepEqual(names(table, '192.0.2.1'), [])
  assert.deepEqual(addresses(table, 'a.', 4), ['192.0.2.1'])
})

const counts = [
  { name: 'an entry counts for its name and its address', file: '192.0.2.1 a b', inline: '', autoReverse: true, entries: 4 },
  { name: 'a wildcard counts once', file: '192.0.2.1 *.a', inline: '', autoReverse: true, entries: 1 },
  { name: 'inline entries count', file: '192.0.2.1 a', inline: '2001:db8::1 a', autoReverse: true, entries: 4 },
  { name: 'no reverse', file: '192.0.2.1 a', inline: '2001:db8::1 a', autoReverse: false, entries: 2 },
]
for (const c of counts) test(`entries: ${c.name}`, () => assert.equal(build(c.file, c.inline, c.autoReverse).entries, c.entries))

test('a key is found among thousands, whatever their hashes', () => {
  const lines = Array.from({ length: 5000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255} h${i}.example.org`)
  const table = new HostsTable(build(lines.join('\n')).buffer)
  for (let i = 0; i < 5000; i += 7) {
    const address = `10.0.${i >> 8}.${i & 255}`
    assert.deepEqual(addresses(table, `h${i}.example.org.`, 4), [address])
    assert.deepEqual(names(table, address), [`h${i}.example.org.`])
    assert.equal(table.has(wire(`g${i}.example.org.`)), false)
  }
})

test('a lookup gives no more than a message holds', () => {
  const table = new HostsTable(
    build(Array.from({ length: 6000 }, (_, i) => `10.0.${i >> 8}.${i & 255} a\n0.0.0.0 b${i}`).join('\n')).buffer,
  )
  assert.equal(table.addressesOf(wire('a.'), 4).length, 4095)
  assert.equal(names(table, '0.0.0.0').length, 4095)
})

test('an empty table', () => {
  const table = new HostsTable(build('').buffer)
  assert.equal(table.has(wire('a.')), false)
  assert.deepEqual(names(table, '192.0.2.1'), [])
})
