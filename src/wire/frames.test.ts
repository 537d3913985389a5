import assert from 'node:assert/strict'
import test from 'node:test'
import { FrameReader, frame } from './frames.ts'

const messages = [
  Uint8Array.of(1, 2, 3),
  new Uint8Array(0),
  new Uint8Array(300).fill(7),
  Uint8Array.of(9),
  new Uint8Array(65535).fill(5),
]
const stream = Uint8Array.from(messages.flatMap(message => [...frame(message)]))

for (const size of [1, 2, 3, 5, 299, 1000, 4096, 100_000]) {
  test(`a stream cut into ${size}-byte segments gives the messages that were framed`, () => {
    const reader = new FrameReader()
    const read: Uint8Array[] = []
    for (let at = 0; at < stream.length; at += size)
      read.push(...reader.all(stream.slice(at, at + size)))
    assert.deepEqual(read, messages)
    assert.ok(reader.isIdle)
    assert.equal(reader.heldBytes, 0)
  })

  test(`the same from one buffer that is used for each of its ${size}-byte segments, whenever messages are taken`, () => {
    for (const isLate of [false, true]) {
      const reader = new FrameReader()
      const lent = new Uint8Array(size)
      const read: Uint8Array[] = []
      const take = () => {
        for (let message = reader.next(); message !== undefined; message = reader.next())
          read.push(message)
      }
      for (let at = 0; at < stream.length; at += size) {
        const part = stream.subarray(at, at + size)
        lent.set(part)
        reader.push(lent.subarray(0, part.length))
        if (!isLate) take()
        reader.keep()
        lent.fill(255)
        if (isLate) take()
      }
      assert.deepEqual(read, messages)
    }
  })
}

test('hasWhole says whether next has something, at every cut', () => {
  const short = stream.subarray(0, 320)
  for (let cut = 0; cut <= short.length; cut++) {
    const reader = new FrameReader()
    for (const part of [short.slice(0, cut), short.slice(cut)]) {
      reader.push(part)
      for (;;) {
        const { hasWhole } = reader
        assert.equal(reader.next() !== undefined, hasWhole)
        if (!hasWhole) break
      }
    }
  }
})

test('a reader that holds part of a message is not idle', () => {
  for (const part of [[0], [0, 3], [0, 3, 1]]) {
    const reader = new FrameReader()
    assert.deepEqual([...reader.all(Uint8Array.from(part))], [])
    assert.equal(reader.isIdle, false)
  }
})

test('an announced length reserves nothing: what is held follows what has come', () => {
  const reader = new FrameReader()
  const one = Uint8Array.of(1)
  for (const byte of [255, 255])
    for (const _ of reader.all(Uint8Array.of(byte))) assert.fail('no message has come')
  assert.equal(reader.heldBytes, 0)
  for (let count = 1; count < 65535; count++) {
    reader.push(one)
    reader.keep()
    assert.ok(reader.heldBytes >= count, `${reader.heldBytes} for ${count}`)
    assert.ok(reader.heldBytes <= Math.max(512, 2 * count), `${reader.heldBytes} for ${count}`)
  }
  assert.equal([...reader.all(one)][0]?.length, 65535)
  assert.equal(reader.heldBytes, 0)
})

test('the length is big endian over the whole 16 bits', () => {
  assert.deepEqual([...frame(new Uint8Array(0x1234)).subarray(0, 2)], [0x12, 0x34])
  assert.equal(frame(new Uint8Array(0xffff)).length, 0x10001)
})
