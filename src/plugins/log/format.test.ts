import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, replyTo } from '../../../test/support/plugin-harness.ts'
import { Metadata } from '../../chain/offers/metadata.ts'
import { COMMON_FORMAT } from './common-format.ts'
import { compileFormat, type Event, formatSeconds } from './format.ts'

const request = query('Example.ORG.', 'A', {
  id: 29008,
  udpSize: 4096,
  client: { address: '::1', port: 50759, family: 6 },
  local: { address: '192.0.2.53', port: 53, family: 4 },
})
const reply = replyTo(request, { ra: true, ad: true, answer: ['example.org. 30 IN A 192.0.2.1'] })
const event: Event = { query: request, reply, durationMs: 37.990251 }
/** Header, question (12 + 13 + 4), an answer with its name written out. */
const REPLY_SIZE = 12 + 17 + 13 + 14

const formats = [
  {
    name: 'the common format',
    format: COMMON_FORMAT,
    expected: `[::1]:50759 - 29008 "A IN example.org. udp 40 false 4096" NOERROR qr,rd,ra,ad ${REPLY_SIZE} 0.037990251s`,
  },
  { name: 'local address and opcode', format: '{local} {>opcode}', expected: '192.0.2.53 0' },
  { name: 'an unknown placeholder stays', format: '{x} {Type} {type}', expected: '{x} {Type} A' },
  { name: 'metadata is unset', format: '{/kubernetes/namespace}|{/}', expected: '-|-' },
  { name: 'of nested braces the inner ones count', format: '{ {type} }', expected: '{ A }' },
  { name: 'lone braces stay', format: '} {type} {', expected: '} A {' },
  { name: 'text only', format: 'x', expected: 'x' },
  { name: 'nothing', format: '', expected: '' },
  {
    name: 'no text between placeholders',
    format: '{type}{class}{name}',
    expected: 'AINexample.org.',
  },
]
for (const c of formats)
  test(`format: ${c.name}`, () => assert.equal(compileFormat(c.format)(event), c.expected))

test('format: metadata as it was collected', () => {
  const asked = query('example.org.')
  asked.metadata = new Metadata(asked, [(_, set) => set('a/b/c', () => 'told')])
  asked.metadata.set('a/empty', () => '')
  const line = compileFormat('{/a/b/c}|{/a/empty}|{/a/none}|{/}')
  assert.equal(line({ ...event, query: asked }), 'told||-|-')
})

const requests = [
  {
    name: 'unknown type and class by number',
    request: query('example.org.', 'TYPE65280', { class: 42 }),
    format: '{type} {class}',
    expected: 'TYPE65280 CLASS42',
  },
  {
    name: 'TCP has no size limit',
    request: query('example.org.', 'A', { transport: 'tcp' }),
    format: '{proto} {>bufsize}',
    expected: 'tcp 65535',
  },
  {
    name: 'without OPT',
    request: query('example.org.'),
    format: '{>do} {>bufsize}',
    expected: 'false 512',
  },
  {
    name: 'a size below 512 counts as 512',
    request: query('example.org.', 'A', { udpSize: 100 }),
    format: '{>bufsize}',
    expected: '512',
  },
  {
    name: 'DO',
    request: query('example.org.', 'A', { do: true }),
    format: '{>do}',
    expected: 'true',
  },
  {
    name: 'IPv4 without brackets',
    request: query('example.org.', 'A', { client: '192.0.2.7' }),
    format: '{remote}',
    expected: '192.0.2.7',
  },
  {
    name: 'a name that would forge a line',
    request: query(String.raw`a\010b\"c.example.org.`),
    format: '{name}',
    expected: String.raw`a\010b\"c.example.org.`,
  },
]
for (const c of requests) {
  test(`format: ${c.name}`, () =>
    assert.equal(compileFormat(c.format)({ ...event, query: c.request }), c.expected))
}

test('format: what a reply gives is - if there is none, and its size 0', () => {
  assert.equal(compileFormat('{rcode} {>rflags} {rsize}')({ ...event, reply: undefined }), '- - 0')
})

test('format: an rcode without a name is a number; all flags', () => {
  const odd = replyTo(query('example.org.', 'A', { rd: true, cd: true }), {
    rcode: 12,
    aa: true,
    tc: true,
    ra: true,
    ad: true,
  })
  assert.equal(
    compileFormat('{rcode} {>rflags}')({ ...event, reply: odd }),
    '12 qr,aa,tc,rd,ra,ad,cd',
  )
})

const durations = [
  [0, '0s'],
  [0.000001, '0.000000001s'],
  [0.5, '0.0005s'],
  [37.990251, '0.037990251s'],
  [1000, '1s'],
  [1500, '1.5s'],
  [123_456_789.000001, '123456.789000001s'],
  [-5, '0s'],
] as const
for (const [ms, expected] of durations)
  test(`formatSeconds: ${ms} ms`, () => assert.equal(formatSeconds(ms), expected))
