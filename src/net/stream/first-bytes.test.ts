import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LONGEST_FIRST_RECORD, recordLength } from './first-bytes.ts'

const text = (characters: string): number[] => [...Buffer.from(characters)]

const cases: { name: string; bytes: number[]; expected: ReturnType<typeof recordLength> }[] = [
  { name: 'nothing', bytes: [], expected: 'short' },
  { name: 'the type alone', bytes: [0x16], expected: 'short' },
  { name: 'half a header', bytes: [0x16, 3, 1, 0], expected: 'short' },
  { name: 'a header', bytes: [0x16, 3, 1, 1, 2], expected: 263 },
  { name: 'a ClientHello', bytes: [0x16, 3, 1, 0, 200, 1, 0], expected: 205 },
  { name: 'of TLS 1.2, as some clients say', bytes: [0x16, 3, 3, 0, 200, 1], expected: 205 },
  { name: 'another handshake message', bytes: [0x16, 3, 3, 0, 200, 2], expected: 'not-tls' },
  { name: 'an empty record', bytes: [0x16, 3, 1, 0, 0], expected: 'not-tls' },
  { name: 'a record of one byte', bytes: [0x16, 3, 1, 0, 1, 1], expected: 6 },
  { name: 'the longest', bytes: [0x16, 3, 1, 0x40, 0], expected: LONGEST_FIRST_RECORD },
  { name: 'a longer one', bytes: [0x16, 3, 1, 0x40, 1], expected: 'not-tls' },
  { name: 'version 2.0 of the record', bytes: [0x16, 2, 0, 0, 9], expected: 'not-tls' },
  { name: 'SSL 2.0', bytes: [0x80, 0x2e, 1, 0, 2], expected: 'not-tls' },
  { name: 'application data', bytes: [0x17, 3, 3, 0, 9], expected: 'not-tls' },
  { name: 'an alert', bytes: [0x15], expected: 'not-tls' },
  { name: 'HTTP', bytes: text('GET / HTTP/1.1\r\n'), expected: 'not-tls' },
  { name: 'its first byte', bytes: text('G'), expected: 'not-tls' },
  { name: 'DNS in clear text', bytes: [0, 29, 0, 1, 1, 0], expected: 'not-tls' },
  { name: 'a zero', bytes: [0], expected: 'not-tls' },
]
for (const { name, bytes, expected } of cases)
  test(`the first bytes: ${name}`, () =>
    assert.equal(recordLength(Uint8Array.from(bytes)), expected))
