import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, lookUp, NOBODY, readerOf, SEED } from '../../test/fakes/records-world.ts'
import { KeyedHash } from '../memory/keyed-hash.ts'
import { hashOfKey, RecordKey, RecordsReader } from './reader.ts'
import { RecordsMemory } from './records-memory.ts'

const newMap = () => new RecordsMemory(1 << 20, NOBODY, SEED).newMap()

test('a reader sees what was put before and after it was made, and what became of it', () => {
  const map = newMap()
  map.put(1, bytesOf('before'), bytesOf('1'))
  const reader = readerOf(map.ref)
  map.put(1, bytesOf('after'), bytesOf('2'))
  map.put(1, bytesOf('before'), bytesOf('3'))
  assert.deepEqual(
    ['before', 'after', 'never'].map(key => lookUp(reader, 1, bytesOf(key))),
    [bytesOf('3'), bytesOf('2'), undefined],
  )
  assert.deepEqual(
    [lookUp(reader, 2, bytesOf('after')), reader.entries, map.entries],
    [undefined, 2, 2],
  )
  map.remove(1, bytesOf('after'))
  assert.deepEqual([lookUp(reader, 1, bytesOf('after')), reader.entries], [undefined, 1])
})

test('the value begins at a multiple of four, whatever the length of the key', () => {
  const map = newMap()
  const reader = readerOf(map.ref)
  for (let length = 0; length < 20; length++) {
    const key = new Uint8Array(length).fill(7)
    map.put(3, key, bytesOf('value'))
    const entry = reader.find(3, new RecordKey().set(key, 0, length))
    assert.ok(entry > 0)
    assert.deepEqual([reader.valueAt(entry) % 4, reader.valueBytes(entry)], [0, 5])
    assert.deepEqual(
      reader.bytes.slice(reader.valueAt(entry), reader.valueAt(entry) + 5),
      bytesOf('value'),
    )
  }
})

test('a key may be used again for a shorter one, and taken out of the middle of a message', () => {
  const map = newMap()
  map.put(1, bytesOf('ab'), bytesOf('short'))
  const reader = readerOf(map.ref)
  const key = new RecordKey().set(bytesOf('abcdefgh'), 0, 8)
  assert.equal(reader.find(1, key), 0)
  assert.notEqual(reader.find(1, key.set(bytesOf('xxabyy'), 2, 2)), 0)
})

test('two maps in one memory do not see each other', () => {
  const memory = new RecordsMemory(1 << 20, NOBODY, SEED)
  const [one, two] = [memory.newMap(), memory.newMap()]
  one.put(1, bytesOf('a'), bytesOf('1'))
  one.setNote(0, 7)
  assert.equal(lookUp(readerOf(two.ref), 1, bytesOf('a')), undefined)
  assert.deepEqual([two.entries, two.note(0)], [0, 0])
})

test('a reader with another seed finds nothing: the hash is keyed', () => {
  const map = newMap()
  for (let n = 0; n < 50; n++) map.put(1, bytesOf(`key ${n}`), bytesOf('v'))
  const reader = new RecordsReader(map.ref, [1, 1])
  const found = Array.from({ length: 50 }, (_, n) => lookUp(reader, 1, bytesOf(`key ${n}`))).filter(
    value => value !== undefined,
  )
  assert.equal(found.length, 0)
})

test('hashOfKey: kind, bytes and length all count', () => {
  const hash = new KeyedHash(SEED)
  const keys = ['', 'a', 'b', 'ab', 'a\0', 'abcd', 'abcd\0'].map(text =>
    new RecordKey().set(bytesOf(text), 0, text.length),
  )
  const hashes = new Set([1, 2].flatMap(kind => keys.map(key => hashOfKey(hash, kind, key))))
  assert.equal(hashes.size, 14)
})
