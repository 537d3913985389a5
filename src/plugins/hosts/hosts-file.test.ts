import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generator } from '../../../test/fakes/crew.ts'
import { ipToText, parseIp, withoutZone } from '../../base/ip.ts'
import { isSubname, nameFromText, nameToText } from '../../wire/name.ts'
import { HostsReader } from './hosts-file.ts'

const cases: { name: string; text: string; entries: string[]; zones?: string[] }[] = [
  { name: 'one name', text: '192.0.2.1 a.example.org', entries: ['192.0.2.1 a.example.org.'] },
  {
    name: 'several names, blanks and tabs, CRLF',
    text: ' 192.0.2.1\ta.example.org \t b.example.org\r\n2001:DB8::1 c\r\n',
    entries: ['192.0.2.1 a.example.org.', '192.0.2.1 b.example.org.', '2001:db8::1 c.'],
  },
  {
    name: 'names are lower-cased and may end in a dot',
    text: '192.0.2.1 A.Example.ORG.',
    entries: ['192.0.2.1 a.example.org.'],
  },
  {
    name: 'comments anywhere',
    text: '# 192.0.2.1 a\n192.0.2.1 b # c\n192.0.2.1#d\n192.0.2.1 e#f g',
    entries: ['192.0.2.1 b.', '192.0.2.1 e.'],
  },
  { name: 'an IPv6 zone is removed', text: 'fe80::1%eth0 router', entries: ['fe80::1 router.'] },
  { name: 'an IPv4-mapped address is IPv4', text: '::ffff:192.0.2.1 a', entries: ['192.0.2.1 a.'] },
  {
    name: 'an address alone says nothing',
    text: '192.0.2.1\n192.0.2.2 a',
    entries: ['192.0.2.2 a.'],
  },
  {
    name: 'a bad address is ignored, also when repeated',
    text: '192.0.2 a\n192.0.2 b\n256.0.2.1 c\n192.0.2.1 d',
    entries: ['192.0.2.1 d.'],
  },
  {
    name: 'a bad name is ignored',
    text: `192.0.2.1 a..b ${'x'.repeat(64)} ok`,
    entries: ['192.0.2.1 ok.'],
  },
  {
    name: 'names outside the zones are ignored',
    text: '192.0.2.1 a.example.org example.net',
    zones: ['example.org.'],
    entries: ['192.0.2.1 a.example.org.'],
  },
  {
    name: 'wildcards are names',
    text: '192.0.2.1 *.example.org',
    entries: ['192.0.2.1 *.example.org.'],
  },
  {
    name: 'two escapes of one name are one name',
    text: '192.0.2.1 \\097.org a.org',
    entries: ['192.0.2.1 a.org.', '192.0.2.1 a.org.'],
  },
  {
    name: 'names of Object.prototype',
    text: '192.0.2.1 __proto__ constructor',
    entries: ['192.0.2.1 __proto__.', '192.0.2.1 constructor.'],
  },
  { name: 'nothing', text: '\n \n', entries: [] },
]

/** What a reader gives of the pieces of a file. */
const entriesOf = (pieces: readonly Uint8Array[], zones: readonly string[]): string[] => {
  const entries: string[] = []
  const entry = (address: Uint8Array, name: Uint8Array, length: number): void =>
    void entries.push(`${ipToText(address)} ${nameToText(name.slice(0, length))}`)
  const reader = new HostsReader(zones, { entry })
  for (const piece of pieces) reader.read(piece, piece.length)
  reader.end()
  return entries
}

for (const { name, text, entries, zones = ['.'] } of cases) {
  test(`hosts file: ${name}`, () => {
    const bytes = Buffer.from(text, 'latin1')
    assert.deepEqual(entriesOf([bytes], zones), entries)
    for (let cut = 1; cut < Math.min(bytes.length, 200); cut++) {
      assert.deepEqual(
        entriesOf([bytes.subarray(0, cut), bytes.subarray(cut)], zones),
        entries,
        `cut at ${cut}`,
      )
    }
    assert.deepEqual(
      entriesOf(
        Array.from(bytes, byte => Uint8Array.of(byte)),
        zones,
      ),
      entries,
      'byte by byte',
    )
  })
}

/**
 * The format as text, said once more in the shortest way: white space, letter case and escapes are
 * those of strings.
 */
const readAsText = (text: string, zones: readonly string[]): string[] => {
  const inZone = (name: Uint8Array): boolean =>
    zones.some(zone => isSubname(name, nameFromText(zone) ?? assert.fail(zone)))
  return text.split('\n').flatMap(line => {
    const [first = '', ...names] = line
      .replace(/#.*/s, '')
      .split(/\s+/)
      .filter(word => word !== '')
    const address = parseIp(withoutZone(first))
    if (address === undefined) return []
    return names.flatMap(written => {
      const wire = nameFromText(written.toLowerCase())
      return wire === undefined || !inZone(wire)
        ? []
        : [`${ipToText(address.bytes)} ${nameToText(wire)}`]
    })
  })
}

const WORDS = [
  [
    '192.0.2.1',
    '192.0.2.01',
    '1.2.3',
    '1.2.3.4.5',
    '0.0.0.0',
    '255.255.255.255',
    '256.1.1.1',
    '1..2.3',
    '1.2.3.',
    '.1.2.3',
    '2001:DB8::1',
  ],
  [
    '::ffff:192.0.2.1',
    'fe80::1%eth0',
    '192.0.2.1%x',
    'a',
    'A.Example.ORG',
    'a.',
    '.',
    '..',
    'a..b',
    '.a',
    '*',
    '*.org',
    '\\097.org',
    '\\.',
  ],
  [
    '\\',
    'a\\',
    '\\256',
    'é.org',
    'É.org',
    '\u212a.org',
    '\ufeff',
    '\u00a0',
    '\u3000x',
    'x'.repeat(63),
    'x'.repeat(64),
    `${'a.'.repeat(126)}`,
  ],
  [
    `${'a.'.repeat(127)}`,
    `${'a.'.repeat(126)}b`,
    `${'a.'.repeat(127)}b`,
    `${'a.'.repeat(125)}bb`,
    `${'a.'.repeat(125)}bbb`,
    '#',
    '#x',
    'b.example.net',
  ],
].flat()
const BLANKS = [' ', '\t', '\n', '\n', '\n', '\r\n', '\v', '\f', '', '\u2003', '#', ' # ']

for (const zones of [['.'], ['org.', 'example.net.'], ['a\\032b.', 'org.']]) {
  test(`hosts file: bytes in pieces are read as text is, in ${zones.join(' ')}`, () => {
    const below = generator(17)
    const of = (list: readonly string[]): string => list[below(list.length)] ?? ''
    let found = 0
    for (let round = 0; round < 2000; round++) {
      const text = Array.from({ length: below(30) }, () => of(WORDS) + of(BLANKS)).join('')
      const bytes = Buffer.from(text)
      const pieces: Uint8Array[] = []
      for (let at = 0; at < bytes.length; ) pieces.push(bytes.subarray(at, (at += 1 + below(40))))
      const entries = entriesOf(pieces, zones)
      assert.deepEqual(entries, readAsText(text, zones), JSON.stringify(text))
      found += entries.length
    }
    assert.ok(found > 100, `${found} entries`)
  })
}

test('hosts file: bytes that are no UTF-8 are read as their replacement', () => {
  const bytes = Buffer.from('192.0.2.1 \xff.org \xe2\x80 b', 'latin1')
  assert.deepEqual(entriesOf([bytes], ['.']), readAsText(bytes.toString('utf8'), ['.']))
})

const LONG = 64 * 1024
const long: { name: string; text: string; entries: string[] }[] = [
  {
    name: 'a line of any length',
    text: `192.0.2.1 ${' '.repeat(3 * LONG)}a\n192.0.2.2 b`,
    entries: ['192.0.2.1 a.', '192.0.2.2 b.'],
  },
  {
    name: 'a comment of any length',
    text: `192.0.2.1 a #${'x'.repeat(3 * LONG)}\n192.0.2.2 b`,
    entries: ['192.0.2.1 a.', '192.0.2.2 b.'],
  },
  {
    name: 'a long word is no name',
    text: `192.0.2.1 ${'x'.repeat(3 * LONG)} a`,
    entries: ['192.0.2.1 a.'],
  },
  {
    name: 'a long word with others in it',
    text: `192.0.2.1 ${'é'.repeat(3 * LONG)}\u00a0a b`,
    entries: ['192.0.2.1 b.'],
  },
  {
    name: 'a long word is no address',
    text: `${'1'.repeat(3 * LONG)} a\n192.0.2.2 b`,
    entries: ['192.0.2.2 b.'],
  },
]
for (const { name, text, entries } of long) {
  test(`hosts file: ${name}`, () =>
    assert.deepEqual(entriesOf([Buffer.from(text)], ['.']), entries))
}
