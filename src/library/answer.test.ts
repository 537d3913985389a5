import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { query, replyTo, show } from '../../test/support/plugin-harness.ts'
import type { MessageRecord } from '../chain/message.ts'
import { Reply } from '../chain/reply/reply.ts'
import { type Answer, answer, edit, errorReply, record } from './answer.ts'
import type { RecordInput } from './record-data.ts'

const dnsPacket = createRequire(import.meta.url)('dns-packet')
const asked = query('Example.org.', 'TXT', { udpSize: 1232 })

test('answer: nothing is NOERROR, with the question and RD', () => {
  const { rcode, flags, question, answer: answers } = show(answer(asked))
  assert.deepEqual(
    [rcode, flags, question, answers],
    ['NOERROR', 'qr rd', 'Example.org. IN TXT', []],
  )
})

test('answer: flags, an rcode by name or number, and the three sections', () => {
  const reply = answer(asked, {
    rcode: 'NXDOMAIN',
    aa: true,
    ra: true,
    answers: ['example.org. 60 IN TXT "a"'],
    authorities: [{ name: 'example.org', type: 'NS', ttl: 5, data: 'ns.example.org' }],
    additionals: [record('ns.example.org. 7 IN A 192.0.2.1')],
  })
  const shown = show(reply)
  assert.deepEqual([shown.rcode, shown.flags], ['NXDOMAIN', 'qr aa rd ra'])
  assert.deepEqual(shown.answer, ['example.org. 60 IN TXT "a"'])
  assert.deepEqual(shown.authority, ['example.org. 5 IN NS ns.example.org.'])
  assert.deepEqual(shown.additional, ['ns.example.org. 7 IN A 192.0.2.1'])
  assert.equal(answer(asked, { rcode: 23 }).rcode, 23)
  assert.equal(answer(asked, { rcode: 'BADCOOKIE' }).rcode, 23)
})

const bytes = Uint8Array.of(1, 2, 3, 250)
const buffer = Buffer.from(bytes)

/** Each of dns-packet's kinds of data, and what the record is in a zone file. */
const KINDS: readonly (readonly [MessageRecord, string])[] = [
  [{ name: 'a', type: 'A', data: '192.0.2.1' }, 'A 192.0.2.1'],
  [{ name: 'a', type: 'AAAA', data: '2001:db8::1' }, 'AAAA 2001:db8::1'],
  [{ name: 'a', type: 'CNAME', data: 'b.example' }, 'CNAME b.example.'],
  [{ name: 'a', type: 'DNAME', data: 'b.example' }, 'DNAME b.example.'],
  [{ name: 'a', type: 'NS', data: 'b.example' }, 'NS b.example.'],
  [{ name: 'a', type: 'PTR', data: 'b.example' }, 'PTR b.example.'],
  [{ name: 'a', type: 'TXT', data: 'one' }, 'TXT "one"'],
  [{ name: 'a', type: 'TXT', data: ['one', Buffer.from('two')] }, 'TXT "one" "two"'],
  [{ name: 'a', type: 'MX', data: { preference: 5, exchange: 'b.example' } }, 'MX 5 b.example.'],
  [{ name: 'a', type: 'MX', data: { exchange: 'b' } }, 'MX 0 b.'],
  [
    { name: 'a', type: 'SRV', data: { priority: 1, weight: 2, port: 3, target: 'b.example' } },
    'SRV 1 2 3 b.example.',
  ],
  [
    {
      name: 'a',
      type: 'SOA',
      data: {
        mname: 'ns.b',
        rname: 'a\\.b.c',
        serial: 1,
        refresh: 2,
        retry: 3,
        expire: 4,
        minimum: 5,
      },
    },
    'SOA ns.b. a\\.b.c. 1 2 3 4 5',
  ],
  [
    { name: 'a', type: 'CAA', data: { flags: 0, tag: 'issue', value: 'ca.example' } },
    'CAA 0 issue "ca.example"',
  ],
  [
    { name: 'a', type: 'CAA', data: { issuerCritical: true, tag: 'issue', value: ';' } },
    'CAA 128 issue ";"',
  ],
  [
    {
      name: 'a',
      type: 'NAPTR',
      data: {
        order: 1,
        preference: 2,
        flags: 'u',
        services: 'E2U+sip',
        regexp: '!^.*$!sip:a@b!',
        replacement: '.',
      },
    },
    'NAPTR 1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" .',
  ],
  [{ name: 'a', type: 'HINFO', data: { cpu: 'x', os: 'y' } }, 'HINFO "x" "y"'],
  [{ name: 'a', type: 'RP', data: { mbox: 'a.b', txt: 'c.d' } }, 'RP a.b. c.d.'],
  [
    { name: 'a', type: 'DS', data: { keyTag: 7, algorithm: 8, digestType: 2, digest: buffer } },
    'DS 7 8 2 010203FA',
  ],
  [
    { name: 'a', type: 'DNSKEY', data: { flags: 257, algorithm: 8, key: buffer } },
    'DNSKEY 257 3 8 AQID+g==',
  ],
  [
    { name: 'a', type: 'SSHFP', data: { algorithm: 1, hash: 1, fingerprint: 'ab'.repeat(20) } },
    `SSHFP 1 1 ${'AB'.repeat(20)}`,
  ],
  [
    {
      name: 'a',
      type: 'TLSA',
      data: { usage: 3, selector: 1, matchingType: 0, certificate: buffer },
    },
    'TLSA 3 1 0 010203fa',
  ],
  [
    {
      name: 'a',
      type: 'RRSIG',
      data: {
        typeCovered: 'TXT',
        algorithm: 8,
        labels: 1,
        originalTTL: 60,
        expiration: 1_700_000_000,
        inception: 1_600_000_000,
        keyTag: 9,
        signersName: 'a',
        signature: buffer,
      },
    },
    'RRSIG TXT 8 1 60 20231114221320 20200913122640 9 a. AQID+g==',
  ],
  [
    { name: 'a', type: 'NSEC', data: { nextDomain: 'b', rrtypes: ['A', 'CAA', 'RRSIG'] } },
    'NSEC b. A RRSIG CAA',
  ],
  [
    {
      name: 'a',
      type: 'NSEC3',
      data: {
        algorithm: 1,
        flags: 0,
        iterations: 5,
        salt: buffer,
        nextDomain: Buffer.alloc(20, 0x41),
        rrtypes: ['A'],
      },
    },
    `NSEC3 1 0 5 010203FA ${'850K2GA1'.repeat(4)} A`,
  ],
  [{ name: 'a', type: 'NULL', data: buffer }, 'NULL \\# 4 010203fa'],
]

for (const [input, text] of KINDS)
  test(`a record as an object: ${text}`, () => {
    const of = { ...input, ttl: 60 } as MessageRecord
    const reply = answer(asked, { answers: [of] })
    assert.deepEqual(show(reply).answer, [`a. 60 IN ${text}`])
    // The bytes are dns-packet's, and what was read may be written again.
    const theirs = dnsPacket.encode({ answers: [structuredCloneOf(of)] })
    const [first] = new Reply(theirs).message.answers
    assert.deepEqual(reply.message.answers, [first])
    assert.deepEqual(answer(asked, { answers: reply.message.answers }).bytes, reply.bytes)
  })

/** With Buffers: dns-packet writes into what it is given. */
const structuredCloneOf = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (Array.isArray(value)) return value.map(structuredCloneOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, structuredCloneOf(of)]))
}

const WRITTEN: readonly (readonly [RecordInput, string])[] = [
  ['www.example.org. 60 IN A 192.0.2.1', 'www.example.org. 60 IN A 192.0.2.1'],
  ['www.example.org. A 192.0.2.1', 'www.example.org. 0 IN A 192.0.2.1'],
  [{ name: 'a', type: 'A', data: '192.0.2.1' }, 'a. 0 IN A 192.0.2.1'],
  [
    { name: 'a', type: 'MX', ttl: 5, data: '10 mail.example.org.' },
    'a. 5 IN MX 10 mail.example.org.',
  ],
  [{ name: 'a', type: 'HTTPS', data: '1 . alpn=h2' }, 'a. 0 IN HTTPS 1 . alpn="h2"'],
  [{ name: 'a', type: 'TYPE65280', data: bytes }, 'a. 0 IN TYPE65280 \\# 4 010203fa'],
  [{ name: 'a', class: 'CH', type: 'TXT', data: Buffer.from('AAAA') }, 'a. 0 CH TXT "AAAA"'],
]
for (const [input, text] of WRITTEN)
  test(`a record as it is written: ${text}`, () =>
    assert.deepEqual(show(answer(asked, { answers: [input] })).answer, [text]))

const A = { name: 'a', type: 'A', data: '192.0.2.1' }
const WRONG: readonly (readonly [unknown, string])[] = [
  [5, '5 is no object'],
  [{ answer: [] }, "answer: there is no such field: did you mean 'answers'?"],
  [{ rcode: 'NXDOMAN' }, "rcode: 'NXDOMAN' is no rcode: a name, or 0 to 4095"],
  [{ rcode: 4096 }, 'rcode: 4096 is no rcode: a name, or 0 to 4095'],
  [{ aa: 1 }, 'aa: 1 is neither true nor false'],
  [{ answers: A }, 'answers: an object is no list'],
  [{ answers: [undefined] }, 'answers[0]: undefined is no record'],
  [{ answers: new Array(1) }, 'answers[0]: undefined is no record'],
  [{ answers: [A, 'x'] }, "answers[1]: 'x' is no line of a zone file: a record type is missing"],
  [
    { answers: [{ ...A, tttl: 1 }] },
    "answers[0].tttl: there is no such field: did you mean 'ttl'?",
  ],
  [{ answers: [{ ...A, name: 'a..b' }] }, "answers[0].name: 'a..b' is no name"],
  [{ answers: [{ ...A, name: 5 }] }, 'answers[0].name: 5 is no name'],
  [{ answers: [{ ...A, type: 'AA' }] }, "answers[0].type: 'AA' is no type"],
  [{ answers: [{ ...A, type: 'ANY' }] }, "answers[0].type: 'ANY' is not a type that records have"],
  [
    { additionals: [{ name: '.', type: 'OPT', data: '' }] },
    'additionals[0].type: the OPT record is given by `opt`, beside the records',
  ],
  [{ answers: [{ ...A, class: 'XX' }] }, "answers[0].class: 'XX' is no class"],
  [{ answers: [{ ...A, ttl: -1 }] }, 'answers[0].ttl: -1 must be seconds, 0 to 4294967295'],
  [{ answers: [{ ...A, data: 'b' }] }, "answers[0].data: 'b' is no IPv4 address"],
  [{ answers: [{ ...A, type: 'AAAA' }] }, "answers[0].data: '192.0.2.1' is no IPv6 address"],
  [{ answers: [{ ...A, type: 'NS', data: {} }] }, 'answers[0].data: an object is no name'],
  [
    { authorities: [{ ...A, type: 'MX', data: { exchange: 5 } }] },
    'authorities[0].data.exchange: 5 is no name',
  ],
  [
    { answers: [{ ...A, type: 'MX', data: { exchange: 'a', prefrence: 5 } }] },
    "answers[0].data.prefrence: there is no such field: did you mean 'preference'?",
  ],
  [
    { answers: [{ ...A, type: 'SRV', data: { port: 70_000, target: 'a' } }] },
    'answers[0].data.port: 70000 must be a whole number, 0 to 65535',
  ],
  [{ answers: [{ ...A, type: 'MX', data: '10' }] }, 'answers[0].data: a name is missing'],
  [
    { answers: [{ ...A, type: 'TXT', data: [] }] },
    'answers[0].data: a TXT record has one string at least',
  ],
  [
    { answers: [{ ...A, type: 'TXT', data: ['a', 'b'.repeat(256)] }] },
    'answers[0].data[1]: a string of 256 bytes: it has 255 at most',
  ],
  [
    { answers: [{ ...A, type: 'TXT', data: 5 }] },
    'answers[0].data: 5 is neither a string nor bytes',
  ],
  [
    { answers: [{ ...A, type: 'LOC', data: 5 }] },
    'answers[0].data: 5 is neither bytes nor a text as in a zone file',
  ],
  [
    { answers: [{ ...A, type: 'NS', data: bytes }] },
    'answers[0].data: the bytes are no data of type NS',
  ],
  [
    { answers: [{ ...A, type: 'SSHFP', data: { algorithm: 1, hash: 1, fingerprint: 'x' } }] },
    "answers[0].data.fingerprint: 'x' is not in hex digits",
  ],
  [
    { answers: [{ ...A, type: 'NSEC', data: { nextDomain: 'a', rrtypes: ['A', 'B'] } }] },
    "answers[0].data.rrtypes[1]: 'B' is no type",
  ],
  [{ answers: [{ owner: 'a' }] }, 'answers[0].owner: it is no name in bytes'],
  [{ answers: [{ ...record('a. A 192.0.2.1'), type: 'A' }] }, "answers[0].type: 'A' is no type"],
  [
    { answers: [{ ...record('a. A 192.0.2.1'), ttlSeconds: '5' }] },
    "answers[0].ttlSeconds: '5' must be seconds, 0 to 4294967295",
  ],
  [{ answers: [{ ...record('a. A 192.0.2.1'), rdata: 'b' }] }, 'answers[0].rdata: it is no bytes'],
]
for (const [parts, message] of WRONG)
  test(`answer throws a TypeError: ${message}`, () =>
    assert.throws(() => answer(asked, parts as Answer), {
      name: 'TypeError',
      message: `answer: ${message}`,
    }))

test('what is no query, or no reply, is named', () => {
  const reply = errorReply(asked, 'REFUSED')
  const wrong = 'an object is no query'
  assert.throws(() => answer(reply as never), { name: 'TypeError', message: `answer: ${wrong}` })
  assert.throws(() => errorReply({} as never, 5), { message: `errorReply: ${wrong}` })
  assert.throws(() => edit(asked as never, {}), { message: 'edit: an object is no reply' })
  assert.throws(() => record('x'), /^TypeError: record: 'x' is no line of a zone file: /)
})

test('errorReply: an rcode and no records', () =>
  assert.equal(show(errorReply(asked, 'REFUSED')).rcode, 'REFUSED'))

test('edit: an rcode by its name, and no other fields than it has', () => {
  const reply = replyTo(asked, { answer: ['a. 5 IN A 192.0.2.1'] })
  const changed = edit(reply, { rcode: 'NXDOMAIN', ttl: 60 })
  assert.deepEqual(
    [show(changed).rcode, show(changed).answer],
    ['NXDOMAIN', ['a. 60 IN A 192.0.2.1']],
  )
  assert.equal(edit(reply, {}), reply)
  assert.throws(() => edit(reply, { ttls: 5 } as never), {
    name: 'TypeError',
    message: "edit: ttls: there is no such field: did you mean 'ttl'?",
  })
})
