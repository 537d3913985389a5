import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joined, type V2Parts, v2Header } from '../../../test/support/proxy-headers.ts'
import { ipToText } from '../../base/ip.ts'
import { BAD, NO_HEADER, ProxyHeader, SHORT } from './header.ts'
import { messageIn, readV2 } from './v2.ts'

const MESSAGE = Uint8Array.from({ length: 20 }, (_, k) => k)

interface Read {
  readonly length: number
  readonly source?: string
  readonly destination?: string
}

/** As it stands behind other bytes, and as it stands alone. */
const read = (bytes: Uint8Array, isDatagram = true): Read => {
  const found = [0, 3].map(at => {
    const header = new ProxyHeader()
    const whole = joined(new Uint8Array(at), bytes)
    const length = readV2(whole, at, whole.length, isDatagram, header)
    const shown = ({ ip, port }: ProxyHeader['source']) => `${ipToText(ip.bytes)} ${port}`
    if (length <= 0 || header.isLocal) return { length }
    return { length, source: shown(header.source), destination: shown(header.destination) }
  })
  assert.deepEqual(found[1], found[0])
  return found[0]!
}

const V4 = { source: '192.0.2.1 40000', destination: '192.0.2.53 53' }
const V6 = { source: '2001:db8::1 40000', destination: '2001:db8::53 53' }
const MOST = 4096

const cases: readonly {
  readonly name: string
  readonly parts?: V2Parts
  readonly isStream?: true
  readonly read: Read | number
}[] = [
  { name: 'IPv4', read: { length: 28, ...V4 } },
  { name: 'IPv6', parts: { source: '2001:db8::1' }, read: { length: 52, ...V6 } },
  {
    name: 'IPv4 written as IPv6',
    parts: { source: '::ffff:192.0.2.1', destination: '::ffff:192.0.2.53' },
    read: { length: 52, ...V4 },
  },
  { name: 'a connection', parts: { protocol: 1 }, isStream: true, read: { length: 28, ...V4 } },
  { name: 'further fields', parts: { fields: new Uint8Array(7) }, read: { length: 35, ...V4 } },
  {
    name: 'a further field that says it is longer than the header',
    parts: { fields: Uint8Array.of(4, 255, 255) },
    read: { length: 31, ...V4 },
  },
  {
    name: 'port 0',
    parts: { sourcePort: 0 },
    read: { length: 28, ...V4, source: '192.0.2.1 0' },
  },
  { name: 'LOCAL', parts: { command: 0 }, read: { length: 28 } },
  {
    name: 'LOCAL with what is no family',
    parts: { command: 0, family: 9, protocol: 9 },
    read: { length: 28 },
  },
  { name: 'LOCAL without addresses', parts: { command: 0, length: 0 }, read: { length: 16 } },
  { name: 'an unspecified family', parts: { family: 0, protocol: 0 }, read: { length: 28 } },
  { name: 'an unspecified protocol', parts: { protocol: 0 }, read: { length: 28 } },
  { name: 'a Unix socket', parts: { family: 3 }, read: { length: 28 } },
  { name: 'version 1', parts: { version: 1 }, read: BAD },
  { name: 'version 3', parts: { version: 3 }, read: BAD },
  { name: 'command 2', parts: { command: 2 }, read: BAD },
  { name: 'family 4', parts: { family: 4 }, read: BAD },
  { name: 'protocol 3', parts: { protocol: 3 }, read: BAD },
  { name: 'a connection, over UDP', parts: { protocol: 1 }, read: BAD },
  { name: 'a datagram, over TCP', isStream: true, read: BAD },
  { name: 'IPv4 of no bytes', parts: { length: 0 }, read: BAD },
  { name: 'IPv4 of 11 bytes', parts: { length: 11 }, read: BAD },
  { name: 'IPv6 of 35 bytes', parts: { source: '2001:db8::1', length: 35 }, read: BAD },
  {
    name: 'IPv4 of 13 bytes',
    parts: { length: 13 },
    read: { length: 29, ...V4 },
  },
  {
    name: `${MOST} bytes`,
    parts: { fields: new Uint8Array(MOST - 12) },
    read: { length: 16 + MOST, ...V4 },
  },
  { name: `more than ${MOST} bytes`, parts: { fields: new Uint8Array(MOST - 11) }, read: BAD },
  { name: 'the longest length', parts: { length: 65_535 }, read: BAD },
  { name: 'more than there is', parts: { length: 100 }, read: SHORT },
]
for (const c of cases)
  test(`read: ${c.name}`, () => {
    const bytes = joined(v2Header(c.parts), MESSAGE)
    const expected = typeof c.read === 'number' ? { length: c.read } : c.read
    assert.deepEqual(read(bytes, c.isStream !== true), expected)
  })

test('a header that is not whole', () => {
  const whole = v2Header()
  for (let length = 0; length < whole.length; length++)
    assert.equal(read(whole.subarray(0, length)).length, SHORT, `${length} bytes`)
  assert.equal(read(whole).length, whole.length)
})

test('bytes that are no header', () => {
  const whole = v2Header()
  for (let at = 0; at < 12; at++) {
    const bytes = whole.slice()
    bytes[at]! ^= 1
    assert.equal(read(bytes).length, NO_HEADER, `byte ${at}`)
  }
  assert.equal(read(MESSAGE).length, NO_HEADER)
})

test('the message of a datagram', () => {
  assert.deepEqual(messageIn(joined(v2Header(), MESSAGE)), MESSAGE)
  assert.deepEqual(messageIn(MESSAGE), MESSAGE)
  const bad = joined(v2Header({ version: 1 }), MESSAGE)
  assert.deepEqual(messageIn(bad), bad)
})
