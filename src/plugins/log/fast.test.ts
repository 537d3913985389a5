import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  fakeClock,
  fakeServe,
  options,
  type QueryOptions,
  query,
  type ReplyOptions,
  replyTo,
} from '../../../test/support/plugin-harness.ts'
import { ipToText, parseIp } from '../../base/ip.ts'
import { CacheKey } from '../../cache/key.ts'
import { FastQuery } from '../../chain/query/fast-query.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import { LogSink } from '../../log/log.ts'
import { typeToText } from '../../wire/rrtypes.ts'
import { log } from './index.ts'
import { putDecimal, putIpv4, putIpv6 } from './line-bytes.ts'
import { serveTo } from './serve.ts'
import { TypeBytes } from './type-bytes.ts'

const fast = new FastQuery(new CacheKey([1, 2]))

/** A query and its answer as the fast path has them; the same object each time. */
const fastQuery = (request: Query, reply: Reply): FastQuery => {
  const { question, client, edns } = request
  const address = parseIp(client.address)
  assert.ok(address !== undefined)
  fast.at = 8
  fast.bytes = new Uint8Array(fast.at + request.bytes.length)
  fast.bytes.set(request.bytes, fast.at)
  fast.length = request.bytes.length
  fast.outAt = 4
  fast.out = new Uint8Array(fast.outAt + reply.bytes.length)
  fast.out.set(reply.bytes, fast.outAt)
  fast.replyLength = reply.bytes.length
  fast.plainLength = reply.layout.uncompressedLength
  fast.address = address
  fast.family = address.family
  fast.clientPort = client.port
  fast.receivedMs = request.receivedMs
  fast.flags = request.flags
  fast.qtype = question.type
  fast.name.length = question.folded.length
  fast.key.set(question.type, question.class, request.do, false, question.folded)
  fast.hasEdns = edns !== undefined
  fast.udpSize = edns?.udpSize ?? 0
  fast.do = request.do
  return fast
}

const setUp = (text = 'log') => {
  const output = { text: '', lines: (): string[] => output.text.split('\n').slice(0, -1) }
  const sink = new LogSink((bytes, offset, length) => {
    output.text += Buffer.from(bytes.subarray(offset, offset + length)).toString('latin1')
    return length
  })
  const clock = fakeClock()
  const stage = serveTo(options(log, text), fakeServe({ clock }), sink)
  const slow = (request: Query, reply: Reply): void => void stage.wrap(() => reply)(request)
  const done = (request: Query, reply: Reply): void => {
    if (stage.concerns?.(request) ?? true) stage.fast?.done?.(fastQuery(request, reply))
  }
  const batchSent = (elapsedMs: number): void => stage.fast?.batchSent?.(elapsedMs)
  return { output, sink, clock, stage, slow, done, batchSent }
}

const anyByte = (first: number): string =>
  `${Array.from({ length: 60 }, (_, k) => `\\${String((first + k) % 256).padStart(3, '0')}`).join('')}.example.org.`
const client = (address: string, port = 50759) =>
  ({ address, port, family: address.includes(':') ? 6 : 4 }) as const

const cases: {
  name: string
  qname?: string
  type?: string
  query?: QueryOptions
  reply?: ReplyOptions
}[] = [
  { name: 'a plain query' },
  { name: 'an IPv4 client', query: { client: client('255.0.19.8', 1) } },
  { name: 'an IPv6 client', query: { client: client('2001:db8::1', 65535) } },
  { name: 'a loopback client', query: { client: client('::1', 80) } },
  { name: 'an id of zero', query: { id: 0 } },
  { name: 'the largest id', query: { id: 65535 } },
  { name: 'mixed case', qname: 'WwW.eXample.ORG.' },
  { name: 'the root', qname: '.', type: 'NS' },
  { name: 'AAAA', type: 'AAAA' },
  { name: 'a type with a long name', type: 'NSEC3PARAM' },
  { name: 'a type without a name', type: 'TYPE65280' },
  { name: 'the last type', type: 'TYPE65535' },
  { name: 'DO', query: { do: true } },
  { name: 'EDNS without DO', query: { udpSize: 4096 } },
  { name: 'a size below 512', query: { udpSize: 100 } },
  { name: 'the largest size', query: { udpSize: 65535 } },
  { name: 'options', query: { options: [{ code: 10, data: '0102030405060708' }] } },
  { name: 'an answer', reply: { aa: true, answer: ['example.org. 30 IN A 192.0.2.1'] } },
  {
    name: 'a large answer',
    query: { udpSize: 65535 },
    reply: { answer: Array.from({ length: 200 }, (_, n) => `example.org. 30 IN A 192.0.2.${n}`) },
  },
  { name: 'NXDOMAIN', reply: { rcode: 'NXDOMAIN', ra: true } },
  { name: 'an rcode without a name', reply: { rcode: 12 } },
  { name: 'all flags', query: { cd: true }, reply: { aa: true, tc: true, ra: true, ad: true } },
  { name: 'few flags', query: { rd: false } },
  { name: 'escapes', qname: String.raw`a\.b\ c\"d\\e\@f\(g\)h\;i'j\000k\255l.example.org.` },
  {
    name: 'a label that looks like lengths',
    qname: String.raw`\003\001\063\005.\001.\002\000.org.`,
  },
  { name: 'the longest name', qname: `${Array(4).fill(String.raw`\200`.repeat(62)).join('.')}.a.` },
  ...[0, 60, 120, 180, 240].map(first => ({
    name: `bytes from ${first} on`,
    qname: anyByte(first),
  })),
]
for (const c of cases) {
  test(`fast log writes the line of the slow path: ${c.name}`, () => {
    const { output, sink, clock, slow, done, batchSent } = setUp()
    const request = query(c.qname ?? 'example.org.', c.type ?? 'A', {
      receivedMs: clock.ms(),
      ...c.query,
    })
    const reply = replyTo(request, c.reply)
    clock.advance(1.5)
    slow(request, reply)
    done(request, reply)
    batchSent(1.5)
    sink.flushSync()
    const [expected, actual, ...more] = output.lines()
    assert.equal(actual, expected)
    assert.match(actual ?? '', /^\[INFO\] [\x20-\x7e]+ 0\.0015s$/)
    assert.deepEqual(more, [])
  })
}

const scopes = [
  { text: 'log example.org', qname: 'A.example.org.', isLogged: true },
  { text: 'log example.org', qname: 'badexample.org.', isLogged: false },
  { text: 'log example.net a.example.org', qname: 'a.example.org.', isLogged: true },
  { text: 'log example.net a.example.org', qname: 'example.org.', isLogged: false },
  { text: 'log a.example.org\nlog example.net', qname: 'www.example.net.', isLogged: true },
  { text: String.raw`log \101xample.org`, qname: 'www.example.org.', isLogged: true },
  { text: 'log a..b', qname: 'a.b.', isLogged: false },
]
for (const c of scopes) {
  test(`fast log: ${JSON.stringify(c.text)} for ${c.qname}`, () => {
    const { output, sink, done, batchSent } = setUp(c.text)
    const request = query(c.qname)
    done(request, replyTo(request))
    batchSent(1)
    sink.flushSync()
    assert.equal(output.lines().length, c.isLogged ? 1 : 0)
  })
}

const offers = [
  { text: 'log', isOffered: true },
  { text: 'log . {common}', isOffered: true },
  { text: 'log a b {\nclass all\n}\nlog', isOffered: true },
  { text: 'log . "{remote}"', isOffered: false },
  { text: 'log . {combined}', isOffered: false },
  { text: 'log {\nclass error\n}', isOffered: false },
  { text: 'log a {\nclass denial\n}\nlog', isOffered: false },
  { text: 'log a..b', isOffered: true },
]
for (const c of offers) {
  test(`fast log: ${c.isOffered ? '' : 'not '}for ${JSON.stringify(c.text)}`, () => {
    assert.equal(setUp(c.text).stage.fast !== undefined, c.isOffered)
  })
}

/** What tells lines apart. */
const ends = (lines: readonly string[]): (string | undefined)[] =>
  lines.map(line => /IN (\w+)\..* (\S+)$/.exec(line)?.slice(1).join(' '))

test('fast log: the lines of a batch have one duration, and keep their order with those of the slow path', () => {
  const { output, sink, clock, slow, done, batchSent } = setUp()
  const pass = (path: typeof slow, name: string): void => {
    const request = query(`${name}.example.org.`, 'A', { receivedMs: 0 })
    path(request, replyTo(request))
  }
  clock.advance(2 - clock.ms())
  for (const name of ['a', 'bb', 'ccc']) pass(done, name)
  batchSent(5)
  pass(done, 'd')
  clock.advance(1)
  pass(slow, 'e')
  pass(done, 'f')
  assert.equal(output.text, '')
  batchSent(7.25)
  batchSent(9)
  sink.flushSync()
  const expected = ['a 0.005s', 'bb 0.005s', 'ccc 0.005s', 'd 0.003s', 'e 0.003s', 'f 0.00725s']
  assert.deepEqual(ends(output.lines()), expected)
})

test('fast log: a batch of any size, with the longest lines and durations', () => {
  const { output, sink, clock, done, batchSent } = setUp()
  const long = Array(3).fill(String.raw`\200`.repeat(61)).join('.')
  const elapsedMs = 86_400_000.000001
  const started = clock.ms()
  clock.advance(elapsedMs)
  for (let n = 0; n < 5000; n++) {
    const request = query(`n${n}.${n % 1500 < 100 ? `${long}.` : ''}`, 'A', { receivedMs: started })
    done(request, replyTo(request))
  }
  batchSent(elapsedMs)
  sink.flushSync()
  const lines = output.lines()
  assert.deepEqual(
    ends(lines).filter((end, n) => !end?.startsWith(`n${n} 86400`)),
    [],
  )
  assert.equal(lines.length, 5000)
})

test('line bytes: numbers', () => {
  const out = new Uint8Array(16)
  for (const value of [
    0,
    1,
    9,
    10,
    99,
    100,
    255,
    999,
    1000,
    9999,
    10_000,
    65_535,
    99_999,
    100_000,
    2 ** 31 - 1,
  ]) {
    assert.equal(
      Buffer.from(out.subarray(0, putDecimal(out, 0, value))).toString('latin1'),
      String(value),
    )
  }
})

test('line bytes: addresses are written as ipToText writes them', () => {
  const out = new Uint8Array(48)
  const text = (end: number): string => Buffer.from(out.subarray(0, end)).toString('latin1')
  for (let zeros = 0; zeros < 256; zeros++) {
    for (const value of [0x1, 0x20, 0x345, 0xabcd]) {
      const address = new Uint8Array(16)
      for (let k = 0; k < 8; k++) {
        if ((zeros >> k) & 1) continue
        address[2 * k] = value >> 8
        address[2 * k + 1] = value
      }
      assert.equal(text(putIpv6(out, 0, address)), ipToText(address))
    }
  }
  for (let byte = 0; byte < 256; byte++) {
    const address = Uint8Array.of(byte, 255 - byte, 0, byte >> 1)
    assert.equal(text(putIpv4(out, 0, address)), ipToText(address))
  }
})

test('type bytes: every type, twice', () => {
  const types = new TypeBytes()
  const out = new Uint8Array(16)
  for (let type = 0; type < 0x20000; type++) {
    const end = types.put(out, 0, type & 0xffff)
    assert.equal(Buffer.from(out.subarray(0, end)).toString('latin1'), typeToText(type & 0xffff))
  }
})
