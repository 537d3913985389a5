import assert from 'node:assert/strict'
import test from 'node:test'
import { LineSplitter } from './line-splitter.ts'
import { ITEM_LIMIT_BYTES } from './list-splitter.ts'

for (const chunkSize of [1, 2, 5, 1000])
  test(`lines come out whole, in chunks of ${chunkSize} bytes, and the last one only with its end`, () => {
    const lines: string[] = []
    const splitter = new LineSplitter(line => lines.push(line))
    const bytes = Buffer.from('{"a":1}\n\n{"ü":"例"}\n{"cut')
    for (let offset = 0; offset < bytes.length; offset += chunkSize)
      splitter.push(bytes.subarray(offset, offset + chunkSize))
    assert.deepEqual(lines, ['{"a":1}', '', '{"ü":"例"}'])
  })

test('a line beyond the limit is refused while it comes', () => {
  const splitter = new LineSplitter(() => assert.fail('no line is whole'))
  const chunk = Buffer.alloc(1024 * 1024, 0x61)
  let pushed = 0
  assert.throws(() => {
    for (; pushed < 2 * ITEM_LIMIT_BYTES; pushed += chunk.length) splitter.push(chunk)
  }, /larger than/)
  assert.ok(pushed <= ITEM_LIMIT_BYTES)
})

test('many lines together may be longer than one may', () => {
  let count = 0
  const splitter = new LineSplitter(() => void count++)
  const chunk = Buffer.from(`${'a'.repeat(1023)}\n`.repeat(1024))
  for (let mebibytes = 0; mebibytes < 10; mebibytes++) splitter.push(chunk)
  assert.equal(count, 10_240)
})
