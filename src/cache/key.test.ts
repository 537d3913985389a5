import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheKey } from './key.ts'

const SEED = [1, 2] as const
const name = (text: string) => Buffer.from(text, 'latin1')
const fields = (qtype: number, qclass: number, dnssecOk: boolean, cd: boolean, qname: string) => {
  const key = new CacheKey(SEED).set(qtype, qclass, dnssecOk, cd, name(qname))
  return {
    text: Buffer.from(key.bytes.subarray(0, key.length)).toString('hex'),
    hash: `${key.hashLow} ${key.hashHigh}`,
  }
}

const base = [1, 1, false, false, '\x01a\x00'] as const
const others = [
  { name: 'type', key: fields(28, 1, false, false, '\x01a\x00') },
  { name: 'high byte of the type', key: fields(257, 1, false, false, '\x01a\x00') },
  { name: 'class', key: fields(1, 3, false, false, '\x01a\x00') },
  { name: 'DO', key: fields(1, 1, true, false, '\x01a\x00') },
  { name: 'CD', key: fields(1, 1, false, true, '\x01a\x00') },
  { name: 'name', key: fields(1, 1, false, false, '\x01b\x00') },
  { name: 'length of the name', key: fields(1, 1, false, false, '\x00') },
]
for (const { name: what, key } of others) {
  test(`CacheKey: another ${what} makes another key and another hash`, () => {
    assert.notEqual(key.text, fields(...base).text)
    assert.notEqual(key.hash, fields(...base).hash)
  })
}

test('CacheKey: is the question as on the wire and a byte of flags', () => {
  assert.equal(fields(28, 255, true, true, '\x01a\x00').text, '016100001c00ff03')
})

test('CacheKey: a reused key is as good as a new one', () => {
  const key = new CacheKey(SEED)
  key.set(65535, 65535, true, true, new Uint8Array(255).fill(255))
  const { hashLow, hashHigh } = key
  for (const qname of ['', '\x00', '\x01a\x00', '\x02ab\x00', '\x03abc\x00', '\x04abcd\x00']) {
    key.set(1, 1, false, false, name(qname))
    const fresh = new CacheKey(SEED).set(1, 1, false, false, name(qname))
    const words = (key.length + 3) >> 2
    assert.deepEqual(
      key.words.subarray(0, words),
      fresh.words.subarray(0, words),
      `${qname.length}`,
    )
    assert.deepEqual(
      [key.hashLow, key.hashHigh, key.length],
      [fresh.hashLow, fresh.hashHigh, fresh.length],
    )
  }
  key.set(65535, 65535, true, true, new Uint8Array(255).fill(255))
  assert.deepEqual([key.hashLow, key.hashHigh, key.length], [hashLow, hashHigh, 260])
})

test('CacheKey: refuses a name of more than 255 bytes', () => {
  assert.throws(() => new CacheKey(SEED).set(1, 1, false, false, new Uint8Array(256)), {
    name: 'RangeError',
    message: 'name of 256 bytes',
  })
})

test('CacheKey: another seed makes another hash', () => {
  const [one, two] = [new CacheKey([1, 2]), new CacheKey([1, 3])].map(key =>
    key.set(1, 1, false, false, name('\x00')),
  )
  assert.notEqual(one?.hashLow, two?.hashLow)
  assert.notEqual(one?.hashHigh, two?.hashHigh)
})
