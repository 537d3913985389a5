import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, replyTo, show } from './messages.ts'
import { recordFromText } from './zone-text.ts'

const RECORDS = [
  'example.org. 300 IN A 192.0.2.1',
  'Example.ORG. 0 IN AAAA 2001:db8::1',
  'example.org. 4294967295 IN NS ns.example.net.',
  'www.example.org. 5 IN CNAME example.org.',
  '1.2.0.192.in-addr.arpa. 5 IN PTR example.org.',
  'example.org. 5 IN DNAME example.net.',
  'example.org. 5 IN MX 10 mx.example.org.',
  'example.org. 5 IN SOA ns.example.org. admin.example.org. 4294967295 1 2 3 4',
  '_dns._udp.example.org. 5 IN SRV 1 2 53 ns.example.org.',
  'example.org. 5 IN TXT "one two" "" "quote \\" backslash \\\\ zero \\000"',
  'example.org. 5 CH TXT "x"',
  'example.org. 8482 IN HINFO "ANY obsoleted" "See RFC 8482"',
  'example.org. 5 IN CAA 0 issue "ca.example.net"',
  'example.org. 5 IN DS 1 13 2 00FF',
  'example.org. 5 IN DNSKEY 256 3 13 AQID',
  'example.org. 5 IN RRSIG A 13 2 300 20961002070640 20650124052000 1 example.org. AQID',
  'example.org. 5 IN NAPTR 100 50 "s" "SIP+D2U" "" _sip._udp.example.org.',
  'example.org. 5 IN NSEC a.example.org. A NS SOA RRSIG NSEC CAA TYPE65280',
  'example.org. 5 IN TYPE65280 \\# 2 beef',
  'example.org. 5 IN NULL \\# 0',
]
for (const record of RECORDS) {
  test(`a record survives the way to wire form, compressed, and back: ${record}`, () => {
    assert.deepEqual(show(replyTo(query('example.org.'), { answer: [record] })).answer, [record])
  })
}

test('times of an RRSIG may be written as dates', () => {
  const { rdata } = recordFromText(
    'example.org. 5 IN RRSIG A 13 2 300 20300101000000 19700101000001 1 example.org. AQID',
  )
  assert.deepEqual(
    rdata,
    recordFromText('example.org. 5 IN RRSIG A 13 2 300 1893456000 1 1 example.org. AQID').rdata,
  )
})

test('names in the data of a newer type are written out', () => {
  const name = '076578616d706c65036f726700'
  const record = 'example.org. 5 IN KX 10 example.org.'
  assert.deepEqual(show(replyTo(query('example.org.'), { answer: [record] })).answer, [record])
  const header = '000081000000000100000000'
  const compressed = Uint8Array.fromHex(`${header}${name}00240001000000050004000ac00c`)
  assert.deepEqual(show(compressed).answer, [record])
})

for (const text of [
  'example.org. 300 IN A',
  'example.org. soon IN A 192.0.2.1',
  'example.org. 5 XX A 192.0.2.1',
  'example.org. 5 IN A 192.0.2',
  'a..b. 5 IN A 192.0.2.1',
  'example.org. 5 IN NULL x',
]) {
  test(`a mistake in the text throws: ${text}`, () => assert.throws(() => recordFromText(text)))
}

test('show tells header, question, sections and OPT apart', () => {
  const request = query('Example.org.', 'MX', {
    id: 7,
    cd: true,
    do: true,
    options: [{ code: 10, data: '0011' }],
  })
  assert.equal(request.do, true)
  assert.equal(request.edns?.udpSize, 1232)
  const reply = replyTo(request, {
    rcode: 'NXDOMAIN',
    aa: true,
    ra: true,
    answer: ['example.org. 1 IN A 192.0.2.1'],
    authority: ['example.org. 2 IN NS ns.example.org.'],
    additional: ['ns.example.org. 3 IN A 192.0.2.2'],
    opt: { udpSize: 4096, do: true, options: [{ code: 3, data: 'ff' }] },
  })
  assert.deepEqual(show(reply), {
    id: 7,
    opcode: 0,
    rcode: 'NXDOMAIN',
    flags: 'qr aa rd ra cd',
    question: 'Example.org. IN MX',
    answer: ['example.org. 1 IN A 192.0.2.1'],
    authority: ['example.org. 2 IN NS ns.example.org.'],
    additional: ['ns.example.org. 3 IN A 192.0.2.2'],
    edns: { udpSize: 4096, do: true, version: 0, options: [{ code: 3, data: 'ff' }] },
  })
})

test('an rcode above 15 is shown whole', () => {
  assert.equal(
    show(replyTo(query('example.org.'), { rcode: 'BADCOOKIE', opt: {} })).rcode,
    'BADCOOKIE',
  )
})
