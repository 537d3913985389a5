import assert from 'node:assert/strict'
import test from 'node:test'
import { wire } from '../../test/fakes/raw-message.ts'
import * as rdata from './rdata.ts'

for (const [text, hex] of [
  ['192.0.2.1', 'c0000201'],
  ['0.0.0.0', '00000000'],
  ['255.255.255.255', 'ffffffff'],
] as const) {
  test(`rdataA: ${text}`, () => assert.equal(rdata.rdataA(text).toHex(), hex))
}
for (const text of ['', '192.0.2', '192.0.2.256', '192.0.2.01', '2001:db8::1', ' 192.0.2.1']) {
  test(`rdataA: refuses '${text}'`, () =>
    assert.throws(() => rdata.rdataA(text), new RangeError(`not an IPv4 address: ${text}`)))
}

for (const [text, hex] of [
  ['2001:db8::1', '20010db8000000000000000000000001'],
  ['::', '00000000000000000000000000000000'],
  ['::1', '00000000000000000000000000000001'],
  ['2001:db8::', '20010db8000000000000000000000000'],
  ['2001:DB8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
  ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
  ['1::2:0:0:3', '00010000000000000002000000000003'],
] as const) {
  test(`rdataAaaa: ${text}`, () => assert.equal(rdata.rdataAaaa(text).toHex(), hex))
}
for (const text of ['', '192.0.2.1', '2001:db8::1::2', 'fe80::1%eth0', '2001:db8:::1', '12345::']) {
  test(`rdataAaaa: refuses '${text}'`, () =>
    assert.throws(() => rdata.rdataAaaa(text), new RangeError(`not an IPv6 address: ${text}`)))
}

test('rdataName: is a copy of the name', () => {
  const name = wire('example.org')
  const copy = rdata.rdataName(name)
  assert.deepEqual(copy, name)
  assert.notEqual(copy.buffer, name.buffer)
})

test('rdataMx: preference and exchange', () =>
  assert.equal(rdata.rdataMx(10, wire('a')).toHex(), '000a016100'))

test('rdataSrv: priority, weight, port and target', () => {
  assert.equal(rdata.rdataSrv(1, 65535, 8080, wire('a')).toHex(), '0001ffff1f90016100')
})

test('rdataStrings: each text a character-string of its UTF-8 bytes', () => {
  assert.equal(rdata.rdataStrings('ab', '', 'é', Uint8Array.of(255)).toHex(), '0261620002c3a901ff')
  assert.equal(rdata.rdataStrings('a'.repeat(255)).length, 256)
})

test('rdataStrings: refuses a text of more than 255 bytes', () => {
  const expected = new RangeError('a character-string of 256 bytes is too long')
  assert.throws(() => rdata.rdataStrings('é'.repeat(128)), expected)
})

test('rdataSoa: names, then five 32-bit numbers', () => {
  const soa = rdata.rdataSoa({
    mname: wire('ns'),
    rname: wire('m'),
    serial: 0xffffffff,
    refreshSeconds: 7200,
    retrySeconds: 1800,
    expireSeconds: 86400,
    minimumSeconds: 5,
  })
  assert.equal(soa.toHex(), '026e7300016d00ffffffff00001c20000007080001518000000005')
})
