import assert from 'node:assert/strict'
import test from 'node:test'
import { FrameReader, frame } from './frame-reader.ts'

const messages = [Uint8Array.of(1, 2, 3), new Uint8Array(0), new Uint8Array(300).fill(7), Uint8Array.of(9)]
const stream = Uint8Array.from(messages.flatMap(message => [...frame(message)]))

for (const size of [1, 2, 3, 5, 299, 1000]) {
  test(`a stream cut into ${size}-byte segments gives the messages that were framed`, () => {
    const reader = new FrameReader()
    const read: Uint8Array[] = []
    for (let at = 0; at < stream.length; at += size) {
      reader.push(stream.subarray(at, at + size), message => {
        read.push(message)
        return true
      })
    }
    assert.deepEqual(read, messages)
    assert.ok(reader.isIdle)
  })
}

test('a reader that holds part of a message is not idle', () => {
  for (const part of [[0], [0, 3], [0, 3, 1]]) {
    const reader = new FrameReader()
    reader.push(Uint8Array.from(part), () => true)
    assert.equal(reader.isIdle, false)
  }
})

test('a callee that says false is given no more', () => {
  let calls = 0
  new FrameReader().push(stream, () => {
    calls += 1
    return false
  })
  assert.equal(calls, 1)
})

test('the length is big endian over the whole 16 bits', () => {
  assert.deepEqual([...frame(new Uint8Array(0x1234)).subarray(0, 2)], [0x12, 0x34])
  assert.equal(frame(new Uint8Array(0xffff)).length, 0x10001)
})
