import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameToText } from '../wire/name.ts'
import {
  CidrSet,
  clientKey,
  type IpPrefix,
  ipToText,
  parseCidr,
  parseIp,
  reverseNamesOf,
  reverseNameToIp,
  withoutZone,
} from './ip.ts'

const addresses: { name: string; text: string; shown: string | undefined }[] = [
  { name: 'IPv4', text: '192.0.2.1', shown: '192.0.2.1' },
  {
    name: 'IPv6 is shown as RFC 5952 says',
    text: '2001:DB8:0:0:1:0:0:1',
    shown: '2001:db8::1:0:0:1',
  },
  {
    name: 'one zero group is not compressed',
    text: '2001:db8:0:1:1:1:1:1',
    shown: '2001:db8:0:1:1:1:1:1',
  },
  { name: 'the unspecified address', text: '::', shown: '::' },
  { name: 'an IPv4-mapped address is IPv4', text: '::ffff:192.0.2.1', shown: '192.0.2.1' },
  {
    name: 'embedded IPv4 elsewhere stays IPv6',
    text: '64:ff9b::192.0.2.1',
    shown: '64:ff9b::c000:201',
  },
  { name: 'three parts are refused', text: '192.0.2', shown: undefined },
  { name: 'leading zeros are refused', text: '192.0.2.01', shown: undefined },
  { name: 'hexadecimal parts are refused', text: '0xc0.0.2.1', shown: undefined },
  { name: 'a bare number is refused', text: '1', shown: undefined },
  { name: 'a zone is refused', text: 'fe80::1%eth0', shown: undefined },
  { name: 'brackets are refused', text: '[::1]', shown: undefined },
  { name: 'blanks are refused', text: ' 192.0.2.1', shown: undefined },
  { name: 'the empty text is refused', text: '', shown: undefined },
]
for (const c of addresses) {
  test(`parseIp: ${c.name}`, () => {
    const address = parseIp(c.text)
    assert.equal(address && ipToText(address.bytes), c.shown)
    assert.equal(address?.family, c.shown === undefined ? undefined : c.shown.includes(':') ? 6 : 4)
  })
}

test('withoutZone: cuts the zone only', () => {
  assert.equal(withoutZone('fe80::1%eth0'), 'fe80::1')
  assert.equal(withoutZone('192.0.2.1'), '192.0.2.1')
})

const prefixes: { name: string; text: string; shown: string | undefined }[] = [
  { name: 'host bits are cleared', text: '192.0.2.77/28', shown: '192.0.2.64/28' },
  { name: 'zero bits', text: '192.0.2.1/0', shown: '0.0.0.0/0' },
  { name: 'all bits', text: '2001:db8::1/128', shown: '2001:db8::1/128' },
  { name: 'bits inside a byte', text: '2001:dbf::/29', shown: '2001:db8::/29' },
  { name: 'an IPv4-mapped prefix is IPv4', text: '::ffff:192.0.2.0/120', shown: '192.0.2.0/24' },
  {
    name: 'an IPv4-mapped prefix wider than the mapping is refused',
    text: '::ffff:192.0.2.0/64',
    shown: undefined,
  },
  { name: 'too many bits', text: '192.0.2.0/33', shown: undefined },
  { name: 'leading zeros', text: '192.0.2.0/024', shown: undefined },
  { name: 'no bits', text: '192.0.2.0/', shown: undefined },
  { name: 'no slash', text: '192.0.2.0', shown: undefined },
  { name: 'no address', text: '/24', shown: undefined },
]
for (const c of prefixes) {
  test(`parseCidr: ${c.name}`, () => {
    const prefix = parseCidr(c.text)
    assert.equal(prefix && `${ipToText(prefix.bytes)}/${prefix.bits}`, c.shown)
  })
}

const NIBBLES = `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa.`
const reverses: { name: string; qname: string; address: string | undefined }[] = [
  { name: 'IPv4', qname: '4.2.0.192.in-addr.arpa.', address: '192.0.2.4' },
  { name: 'IPv6', qname: NIBBLES, address: '2001:db8::1' },
  { name: 'a name below an address is not one', qname: `1.${NIBBLES}`, address: undefined },
  { name: 'too few IPv4 labels', qname: '2.0.192.in-addr.arpa.', address: undefined },
  { name: 'too few nibbles', qname: NIBBLES.slice(2), address: undefined },
  { name: 'a label that is no nibble', qname: NIBBLES.replace('b', 'g'), address: undefined },
  { name: 'a part over 255', qname: '256.2.0.192.in-addr.arpa.', address: undefined },
  { name: 'an IPv6 address below in-addr.arpa', qname: '::1.in-addr.arpa.', address: undefined },
  {
    name: 'a mapped address below in-addr.arpa',
    qname: '1.2.0.::ffff:192.in-addr.arpa.',
    address: undefined,
  },
  { name: 'a leading zero', qname: '04.2.0.192.in-addr.arpa.', address: undefined },
  { name: 'the apex', qname: 'in-addr.arpa.', address: undefined },
  { name: 'any other name', qname: 'example.org.', address: undefined },
]
for (const c of reverses)
  test(`reverseNameToIp: ${c.name}`, () => assert.equal(reverseNameToIp(c.qname), c.address))

test('reverseNamesOf: every name that stands for an address', () => {
  for (const text of ['192.0.2.4', '2001:db8::1']) {
    const names = reverseNamesOf(parseIp(text)?.bytes ?? assert.fail(text))
    assert.deepEqual(new Set(names.map(name => reverseNameToIp(nameToText(name)))), new Set([text]))
    assert.equal(new Set(names.map(nameToText)).size, text.includes(':') ? 1 : 2)
  }
})

const set = (...texts: string[]): CidrSet =>
  new CidrSet(texts.map(parseCidr).filter((prefix): prefix is IpPrefix => prefix !== undefined))
const membership: { name: string; prefixes: string[]; inside: string[]; outside: string[] }[] = [
  {
    name: 'first and last address',
    prefixes: ['192.0.2.64/28'],
    inside: ['192.0.2.64', '192.0.2.79'],
    outside: ['192.0.2.63', '192.0.2.80'],
  },
  {
    name: 'nested prefixes in any order',
    prefixes: ['192.0.2.0/25', '192.0.2.0/24', '192.0.2.128/32', '198.51.100.0/24'],
    inside: ['192.0.2.1', '192.0.2.200', '198.51.100.255'],
    outside: ['192.0.1.255', '192.0.3.0', '198.51.101.0'],
  },
  {
    name: 'families are apart',
    prefixes: ['::/0'],
    inside: ['2001:db8::1', '::'],
    outside: ['192.0.2.1', '::ffff:192.0.2.1'],
  },
  {
    name: 'all of IPv4',
    prefixes: ['0.0.0.0/0'],
    inside: ['0.0.0.0', '255.255.255.255', '::ffff:192.0.2.1'],
    outside: ['::1'],
  },
  {
    name: 'IPv6',
    prefixes: ['2001:db8::/29'],
    inside: ['2001:db8::', '2001:dbf:ffff::'],
    outside: ['2001:dc0::', '2001:db7::'],
  },
  { name: 'empty', prefixes: [], inside: [], outside: ['192.0.2.1', '::1'] },
]
for (const c of membership) {
  test(`CidrSet: ${c.name}`, () => {
    const cidrs = set(...c.prefixes)
    const has = (text: string): boolean | undefined => {
      const address = parseIp(text)
      return address && cidrs.has(address)
    }
    for (const text of c.inside) assert.equal(has(text), true, text)
    for (const text of c.outside) assert.equal(has(text), false, text)
  })
}

test('CidrSet: agrees with comparing bits, for all 256 addresses of a small world', () => {
  const texts = [
    '192.0.2.3/32',
    '192.0.2.16/30',
    '192.0.2.17/32',
    '192.0.2.128/26',
    '192.0.2.130/31',
    '192.0.2.255/32',
  ]
  const cidrs = set(...texts)
  for (let last = 0; last < 256; last++) {
    const expected = texts.some(text => {
      const [first, bits] = [Number(text.split(/[./]/)[3]), Number(text.split('/')[1])]
      return last >> (32 - bits) === first >> (32 - bits)
    })
    assert.equal(
      cidrs.has({ bytes: Uint8Array.of(192, 0, 2, last), family: 4 }),
      expected,
      String(last),
    )
  }
})

const clients = [
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['::ffff:192.0.2.1', '192.0.2.1', true],
  ['2001:db8::1', '2001:db8::ffff:0:0:1', true],
  ['2001:db8::1', '2001:db8:0:1::1', false],
  ['fe80::1%eth0', 'fe80::2%eth0', true],
] as const
for (const [one, other, isSame] of clients)
  test(`${one} and ${other} are ${isSame ? 'one client' : 'two clients'}`, () =>
    assert.equal(clientKey(one) === clientKey(other), isSame))
