import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipToText, parseIp, reverseNamesOf, reverseNameToIp } from '../../base/ip.ts'
import { nameFromText, nameToText } from '../../wire/name.ts'
import { readReverseName } from './reverse-address.ts'

const read = (name: string): string | undefined => {
  const wire = nameFromText(name) ?? assert.fail(name)
  const out = new Uint8Array(16).fill(0xa5)
  const length = readReverseName(wire, wire.length, out)
  return length === 0 ? undefined : ipToText(out.slice(0, length))
}

const nibbles = (count: number, letter = '0'): string => `${letter}.`.repeat(count)

const names: { rule: string; name: string; address?: string }[] = [
  { rule: 'four bytes, the last one first', name: '1.2.0.192.in-addr.arpa.', address: '192.0.2.1' },
  { rule: 'the largest bytes', name: '255.255.255.255.in-addr.arpa.', address: '255.255.255.255' },
  { rule: 'zeros', name: '0.0.0.0.in-addr.arpa.', address: '0.0.0.0' },
  { rule: 'a byte beyond 255', name: '256.2.0.192.in-addr.arpa.' },
  { rule: 'four digits', name: '0001.2.0.192.in-addr.arpa.' },
  { rule: 'a leading zero', name: '01.2.0.192.in-addr.arpa.' },
  { rule: 'two zeros', name: '00.2.0.192.in-addr.arpa.' },
  { rule: 'a letter', name: 'a.2.0.192.in-addr.arpa.' },
  { rule: 'the byte behind 9', name: ':.2.0.192.in-addr.arpa.' },
  { rule: 'three bytes', name: '2.0.192.in-addr.arpa.' },
  { rule: 'five bytes', name: '1.1.2.0.192.in-addr.arpa.' },
  { rule: 'the zone', name: 'in-addr.arpa.' },
  { rule: 'a dot in a label', name: '1\\.2.0.192.in-addr.arpa.' },
  { rule: 'another zone', name: '1.2.0.192.in-addr.arpb.' },
  { rule: 'too few nibbles', name: `${nibbles(31)}ip6.arpa.` },
  { rule: 'too many nibbles', name: `${nibbles(33)}ip6.arpa.` },
  { rule: 'a nibble beyond f', name: `g.${nibbles(31)}ip6.arpa.` },
  { rule: 'labels of two, the same length in all', name: `00.${nibbles(29)}0.ip6.arpa.` },
  { rule: 'the other zone', name: 'ip6.arpa.' },
  { rule: 'the root', name: '.' },
  {
    rule: 'all ones',
    name: `${nibbles(32, 'f')}ip6.arpa.`,
    address: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  },
  {
    rule: 'a mapped address is IPv4',
    name: `1.0.2.0.0.0.0.c.f.f.f.f.${nibbles(20)}ip6.arpa.`,
    address: '192.0.2.1',
  },
  {
    rule: 'almost mapped',
    name: `1.0.2.0.0.0.0.c.f.f.f.f.1.${nibbles(19)}ip6.arpa.`,
    address: '::1:ffff:c000:201',
  },
]
for (const { rule, name, address } of names) {
  test(`readReverseName: ${rule}`, () => {
    assert.equal(read(name), address)
    assert.equal(reverseNameToIp(name), address, 'as text')
  })
}

test('every byte of an address has its place', () => {
  for (const text of ['1.2.3.4', '2001:db8:1234:5678:9abc:def0:fedc:ba98', '::1'])
    for (const name of reverseNamesOf(parseIp(text)?.bytes ?? assert.fail(text)))
      assert.equal(read(nameToText(name)), text)
})

// Read as text, these would be addresses: a cache would know one more name for each of them.
for (const name of ['::1.in-addr.arpa.', '1.2.0.::ffff:192.in-addr.arpa.'])
  test(`an IPv6 address is no name below in-addr.arpa: ${name}`, () =>
    assert.equal(read(name), undefined))
