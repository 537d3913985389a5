import assert from 'node:assert/strict'
import test from 'node:test'
import * as header from './header.ts'

const accessors = [
  { name: 'id', get: header.getId, set: header.setId, at: 0 },
  { name: 'flags', get: header.getFlags, set: header.setFlags, at: 2 },
  { name: 'qdcount', get: header.getQdcount, set: header.setQdcount, at: 4 },
  { name: 'ancount', get: header.getAncount, set: header.setAncount, at: 6 },
  { name: 'nscount', get: header.getNscount, set: header.setNscount, at: 8 },
  { name: 'arcount', get: header.getArcount, set: header.setArcount, at: 10 },
]
for (const c of accessors) {
  test(`header: ${c.name} is a big-endian word at byte ${c.at} of the message`, () => {
    const bytes = new Uint8Array(20)
    c.set(bytes, 5, 0xfedc)
    assert.equal(bytes.toHex(), `${'00'.repeat(5 + c.at)}fedc${'00'.repeat(13 - c.at)}`)
    assert.equal(c.get(bytes, 5), 0xfedc)
  })
}

for (const value of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
  test(`header: ${value} survives as a 32-bit word and is never negative`, () => {
    const bytes = new Uint8Array(6)
    header.setU32(bytes, 1, value)
    assert.equal(header.getU32(bytes, 1), value)
    assert.deepEqual([bytes[0], bytes[5]], [0, 0])
  })
}

test('header: the opcode is bits 11 to 14 of the flags', () => {
  assert.equal(header.opcodeOf(0xffff), 15)
  assert.equal(header.opcodeOf(0x2800 | header.FLAG_QR | 0x07ff), header.OPCODE_UPDATE)
  assert.equal(header.opcodeOf(0x8180), header.OPCODE_QUERY)
})

test('header: the masks and flags cover the word, each bit once', () => {
  const {
    FLAG_QR,
    FLAG_AA,
    FLAG_TC,
    FLAG_RD,
    FLAG_RA,
    FLAG_Z,
    FLAG_AD,
    FLAG_CD,
    MASK_OPCODE,
    MASK_RCODE,
  } = header
  const parts = [
    FLAG_QR,
    MASK_OPCODE,
    FLAG_AA,
    FLAG_TC,
    FLAG_RD,
    FLAG_RA,
    FLAG_Z,
    FLAG_AD,
    FLAG_CD,
    MASK_RCODE,
  ]
  assert.equal(
    parts.reduce((sum, part) => sum + part, 0),
    0xffff,
  )
})
