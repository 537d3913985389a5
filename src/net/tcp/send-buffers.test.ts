import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SendBuffers } from './send-buffers.ts'

const sizes: [bytes: number, size: number][] = [
  [1, 4096],
  [4096, 4096],
  [4097, 8192],
  [65_537, 131_072],
  [131_072, 131_072],
  [131_073, 262_144],
  [262_144, 262_144],
  [262_145, 262_145],
]

for (const [bytes, size] of sizes) {
  test(`${bytes} bytes get a buffer of ${size}`, () =>
    assert.equal(new SendBuffers().take(bytes).length, size))
}

test('a buffer that was given back is the next one of its class, and of no other', () => {
  const buffers = new SendBuffers()
  const buffer = buffers.take(60_000)
  assert.notEqual(buffers.take(60_000), buffer)
  buffers.give(buffer)
  assert.notEqual(buffers.take(30_000), buffer)
  assert.equal(buffers.take(50_000), buffer)
  assert.notEqual(buffers.take(50_000), buffer)
})

test('half a MiB is kept, whatever is given back', () => {
  const buffers = new SendBuffers()
  const given = Array.from({ length: 40 }, () => buffers.take(60_000))
  for (const buffer of given) buffers.give(buffer)
  const again = Array.from({ length: 40 }, () => buffers.take(60_000))
  assert.equal(again.filter(buffer => given.includes(buffer)).length, 8)
})

test('what is longer than all classes is not kept', () => {
  const buffers = new SendBuffers()
  const buffer = buffers.take(300_000)
  buffers.give(buffer)
  assert.notEqual(buffers.take(300_000), buffer)
})
