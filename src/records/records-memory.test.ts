import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, NOBODY, SEED } from '../../test/fakes/records-world.ts'
import { MIN_RECORDS_BYTES } from './layout.ts'
import { RecordsMemory } from './records-memory.ts'

for (const bytes of [
  0,
  -1,
  MIN_RECORDS_BYTES - 1,
  2 ** 31 + 1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
]) {
  test(`a records memory of ${bytes} bytes is refused`, () => {
    assert.throws(
      () => new RecordsMemory(bytes, NOBODY, SEED),
      new RegExp(`^RangeError: records memory of ${bytes} bytes is not between`),
    )
  })
}

test('a size that is no multiple of a word is used as far as words go', () => {
  const memory = new RecordsMemory(MIN_RECORDS_BYTES + 3, NOBODY, SEED)
  assert.deepEqual([memory.capacityBytes, memory.usedBytes], [MIN_RECORDS_BYTES, 0])
  const map = memory.newMap()
  let key = 0
  while (map.put(1, Uint8Array.of(++key >> 8, key), new Uint8Array(4096)) !== 'full');
  assert.ok(
    memory.usedBytes > MIN_RECORDS_BYTES * 0.7 && memory.usedBytes <= memory.capacityBytes,
    String(memory.usedBytes),
  )
})

test('what maps use is counted, and comes back when they are dropped', () => {
  const memory = new RecordsMemory(MIN_RECORDS_BYTES, NOBODY, SEED)
  const map = memory.newMap()
  const empty = memory.usedBytes
  map.put(1, bytesOf('key'), new Uint8Array(1000))
  assert.ok(memory.usedBytes >= empty + 1000)
  map.remove(1, bytesOf('key'))
  assert.equal(memory.usedBytes, empty)
  map.drop()
  assert.equal(memory.usedBytes, 0)
})

test('maps come and go forever in one memory', () => {
  const memory = new RecordsMemory(MIN_RECORDS_BYTES, NOBODY, SEED)
  for (let round = 0; round < 200; round++) {
    const map = memory.newMap()
    for (let n = 0; n < 500; n++)
      assert.equal(map.put(1, bytesOf(`key ${n}`), bytesOf('value')), 'changed')
    map.drop()
  }
  assert.equal(memory.usedBytes, 0)
})

test('a map that does not fit any more is refused', () => {
  const memory = new RecordsMemory(MIN_RECORDS_BYTES, NOBODY, SEED)
  const make = () => {
    for (;;) memory.newMap()
  }
  assert.throws(make, /^RangeError: the records memory is full/)
})
