// Malformed input: whatever bytes come in, reading them ends, throws nothing and stays inside the
// message.

import assert from 'node:assert/strict'
import test from 'node:test'
import {
  bytesOf,
  fields,
  message,
  QUESTION,
  seeded,
  u16,
  wire,
} from '../../test/fakes/raw-message.ts'
import { forEachOption, readEdns } from './edns.ts'
import { type MessageLayout, readLayout } from './layout.ts'
import { readQuestion } from './question.ts'
import { MessageWriter } from './writer.ts'

const SEED = message(
  { qd: 1, an: 3, ns: 1, ar: 2 },
  QUESTION,
  'c00c',
  fields(5, bytesOf('0161c00c')),
  '0161c00c',
  fields(1, [192, 0, 2, 1]),
  'c00c',
  fields(35, bytesOf('00000000', '0175', '00', '00', 'c00c')),
  'c014',
  fields(6, bytesOf('026e73c00c', 'c00c', '00'.repeat(20))),
  wire('txt.example.org'),
  fields(16, bytesOf('0361626300')),
  bytesOf([0], u16(41), u16(1232), '00008000', u16(9), '000a0001ff', '000c0000'),
)

const checkRecords = (bytes: Uint8Array, layout: MessageLayout): void => {
  let at = layout.questionEnd
  for (let i = 0; i < layout.count; i++) {
    assert.equal(layout.ownerOffset(i), at)
    at = layout.rdataOffset(i) + layout.rdataLength(i)
    assert.ok(layout.ttlOffset(i) + 6 === layout.rdataOffset(i) && at <= bytes.length)
  }
  assert.equal(layout.end, at)
}

const copy = (bytes: Uint8Array, layout: MessageLayout, compress: boolean): Uint8Array => {
  const out = new MessageWriter()
  out.compress = compress
  out.header(0, 0)
  for (let i = 0; i < layout.count; i++)
    assert.equal(out.copyRecord(layout.sectionOf(i), bytes, layout, i), true)
  return out.finish()
}

/** All that may be done with bytes from the network; returns whether they were a message. */
const exercise = (bytes: Uint8Array): boolean => {
  const question = readQuestion(bytes)
  if (question !== undefined) assert.ok(question.end <= bytes.length && question.name.endsWith('.'))
  const layout = readLayout(bytes)
  if (layout === undefined) return false
  checkRecords(bytes, layout)
  const edns = readEdns(bytes, layout)
  if (edns !== undefined && edns !== 'malformed')
    forEachOption(bytes, edns, (_code, data) => assert.ok(data.length <= bytes.length))
  const plain = copy(bytes, layout, false)
  assert.equal(plain.length, layout.uncompressedLength - layout.questionEnd + 12)
  const small = copy(bytes, layout, true)
  const again = readLayout(small)
  assert.ok(again)
  assert.deepEqual(copy(small, again, false), plain)
  return true
}

test('malformed input: the seed itself is read', () => assert.equal(exercise(SEED), true))

test('malformed input: 20,000 mutations of a message', () => {
  const random = seeded(7)
  let read = 0
  for (let round = 0; round < 20_000; round++) {
    const bytes = SEED.slice(0, random(8) === 0 ? random(SEED.length) : SEED.length)
    for (let k = random(4); k >= 0 && bytes.length > 0; k--) {
      const at = random(bytes.length)
      bytes[at] = [random(256), 0, 255, 0xc0, 0x3f, bytes[at]! ^ (1 << random(8))][random(6)]!
    }
    if (exercise(bytes)) read++
  }
  assert.ok(read > 1000 && read < 19_000, `${read} were read`)
})

test('malformed input: 5,000 messages of random bytes', () => {
  const random = seeded(8)
  for (let round = 0; round < 5000; round++) {
    const bytes = Uint8Array.from({ length: random(200) }, () =>
      random(3) === 0 ? 0 : random(256),
    )
    for (let at = 4; at < 12 && at < bytes.length; at++) bytes[at] = at % 2 === 0 ? 0 : random(3)
    exercise(bytes)
  }
})
