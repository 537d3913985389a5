import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  followsPreferredSyntax,
  isDomainName,
  isReverseZone,
  normalizeZone,
  splitZoneAndPort,
  zonesFromArgsOrBlock,
} from './zones.ts'

const zones: { rule: string; text: string; zones: string[] | undefined }[] = [
  { rule: 'the root', text: '.', zones: ['.'] },
  { rule: 'a name is qualified', text: 'example.org', zones: ['example.org.'] },
  { rule: 'a name is lower-cased', text: 'EXAMPLE.Org.', zones: ['example.org.'] },
  { rule: 'only ASCII is lower-cased', text: 'É.org', zones: ['É.org.'] },
  { rule: 'port and scheme are dropped', text: 'tls://example.org:853', zones: ['example.org.'] },
  { rule: 'an unknown scheme stays', text: 'foo://a.org', zones: ['foo://a.org.'] },
  { rule: 'text that is no port stays', text: 'a.org:dns', zones: ['a.org:dns.'] },
  { rule: 'an address without mask is a name', text: '192.0.2.1', zones: ['192.0.2.1.'] },
  { rule: 'an escaped final dot is no end', text: 'a\\.', zones: ['a\\..'] },
  { rule: 'an escaped backslash before the final dot', text: 'a\\\\.', zones: ['a\\\\.'] },
  { rule: '/8', text: '10.0.0.0/8', zones: ['10.in-addr.arpa.'] },
  { rule: '/15', text: '10.0.0.0/15', zones: ['0.10.in-addr.arpa.', '1.10.in-addr.arpa.'] },
  { rule: '/16 with host bits', text: '10.1.2.3/16', zones: ['1.10.in-addr.arpa.'] },
  {
    rule: '/15 with host bits',
    text: '10.3.2.1/15',
    zones: ['2.10.in-addr.arpa.', '3.10.in-addr.arpa.'],
  },
  { rule: '/24 and a port', text: '192.0.2.0/24:1053', zones: ['2.0.192.in-addr.arpa.'] },
  { rule: '/32', text: '192.0.2.1/32', zones: ['1.2.0.192.in-addr.arpa.'] },
  { rule: '/0', text: '0.0.0.0/0', zones: ['in-addr.arpa.'] },
  { rule: 'IPv6 /32', text: '2001:db8::/32', zones: ['8.b.d.0.1.0.0.2.ip6.arpa.'] },
  { rule: 'IPv6 in upper case', text: '2001:DB8::/32', zones: ['8.b.d.0.1.0.0.2.ip6.arpa.'] },
  { rule: 'IPv6 and a port', text: '2001:db8::/32:53', zones: ['8.b.d.0.1.0.0.2.ip6.arpa.'] },
  {
    rule: 'IPv6 /29',
    text: '2001:db8::/29',
    zones: ['8', '9', 'a', 'b', 'c', 'd', 'e', 'f'].map(
      nibble => `${nibble}.b.d.0.1.0.0.2.ip6.arpa.`,
    ),
  },
  {
    rule: 'IPv6 with an IPv4 tail',
    text: '64:ff9b::192.0.2.0/120',
    zones: ['2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa.'],
  },
  { rule: 'a mask too long is a name', text: '192.0.2.0/33', zones: ['192.0.2.0/33.'] },
  { rule: 'an octet too large is a name', text: '192.0.2.256/24', zones: ['192.0.2.256/24.'] },
  { rule: 'nothing', text: '', zones: undefined },
  { rule: 'a lone port', text: ':53', zones: undefined },
  { rule: 'two dots', text: 'a..org', zones: undefined },
  { rule: 'a leading dot', text: '.org', zones: undefined },
  { rule: 'a label of 64 bytes', text: `${'a'.repeat(64)}.org`, zones: undefined },
  { rule: 'a final colon', text: 'a.org:', zones: undefined },
  { rule: '::1/128', text: '::1/128', zones: undefined },
]

for (const { rule, text, zones: expected } of zones)
  test(`normalizeZone: ${rule}`, () => {
    assert.deepEqual(normalizeZone(text), expected)
  })

test('normalizeZone: /27 gives 32 zones, /25 gives 128', () => {
  const all = normalizeZone('192.0.2.32/27')
  assert.equal(all?.length, 32)
  assert.equal(all?.[0], '32.2.0.192.in-addr.arpa.')
  assert.equal(all?.[31], '63.2.0.192.in-addr.arpa.')
  const half = normalizeZone('192.168.1.128/25')
  assert.equal(half?.length, 128)
  assert.equal(half?.[0], '128.1.168.192.in-addr.arpa.')
  assert.equal(half?.[127], '255.1.168.192.in-addr.arpa.')
})

const errors: { text: string; error: string }[] = [
  { text: '', error: 'zone is not a valid domain name: ' },
  { text: 'a.org:', error: 'expecting data after last colon: "a.org:"' },
  { text: 'a..org', error: 'zone is not a valid domain name: a..org' },
  { text: 'a..org:53', error: 'zone is not a valid domain name: a..org' },
  { text: 'a'.repeat(256), error: 'specified zone is too long: 256 > 255' },
  { text: 'é'.repeat(128), error: 'specified zone is too long: 256 > 255' },
  { text: '::1/128', error: 'invalid CIDR ::1/128' },
  { text: '0:0::/32', error: 'invalid CIDR 0:0::/32' },
]

for (const { text, error } of errors)
  test(`zone error: ${error.slice(0, 60)}`, () => {
    assert.deepEqual(splitZoneAndPort(text), { error })
  })

const names: { text: string; ok: boolean }[] = [
  { text: '.', ok: true },
  { text: 'a', ok: true },
  { text: `${'a'.repeat(63)}.`, ok: true },
  { text: 'é'.repeat(31), ok: true },
  { text: 'é'.repeat(32), ok: false },
  { text: '😀'.repeat(15), ok: true },
  { text: '😀'.repeat(16), ok: false },
  { text: `${`${'a'.repeat(49)}.`.repeat(5)}${'a'.repeat(3)}`, ok: true },
  { text: `${`${'a'.repeat(49)}.`.repeat(5)}${'a'.repeat(4)}`, ok: false },
  { text: '\\000.org', ok: true },
  { text: '\\255', ok: true },
  { text: '\\256', ok: false },
  { text: '\\25', ok: false },
  { text: '\\', ok: false },
  { text: '\\.', ok: true },
  { text: '..', ok: false },
  { text: '', ok: false },
]

for (const { text, ok } of names)
  test(`isDomainName: ${text.slice(0, 20)} (${text.length})`, () =>
    assert.equal(isDomainName(text), ok))

test('zone arguments: those that are no zones are skipped, none gives the zones of the block', () => {
  assert.deepEqual(zonesFromArgsOrBlock(['A.org', 'b..org', '10.0.0.0/15'], ['.']), [
    'a.org.',
    '0.10.in-addr.arpa.',
    '1.10.in-addr.arpa.',
  ])
  assert.deepEqual(zonesFromArgsOrBlock([], ['x.', 'y.']), ['x.', 'y.'])
  assert.deepEqual(zonesFromArgsOrBlock(['b..org'], ['x.']), [])
})

test('reverse zones lie below the two trees', () => {
  assert.ok(isReverseZone('10.in-addr.arpa.'))
  assert.ok(isReverseZone('8.b.d.0.ip6.arpa.'))
  assert.equal(isReverseZone('in-addr.arpa.'), false)
  assert.equal(isReverseZone('xin-addr.arpa.'), false)
  assert.equal(isReverseZone('example.org.'), false)
})

test('preferred syntax: root, reverse zones, labels that start with a letter', () => {
  for (const zone of ['.', '10.in-addr.arpa.', 'example.org.', 'a-b.c1.'])
    assert.ok(followsPreferredSyntax(zone), zone)
  for (const zone of [
    '_foo.',
    '1.example.com.',
    'a-.org.',
    'a.org,b.org.',
    'foo://a.org.',
    'in_addr.',
  ]) {
    assert.equal(followsPreferredSyntax(zone), false, zone)
  }
})
