import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, NOBODY, readerOf, SEED } from '../../test/fakes/records-world.ts'
import { keysOf } from './keys.ts'
import type { RecordsMap } from './map.ts'
import { RecordsMemory } from './records-memory.ts'

const newMap = (): RecordsMap => new RecordsMemory(1 << 20, NOBODY, SEED).newMap()
const text = (key: Uint8Array): string => Buffer.from(key).toString('latin1')
const keys = (map: RecordsMap, kind: number): string[] =>
  Array.from(keysOf(readerOf(map.ref), kind), text).sort()

test('keysOf: those of a kind, of every length, none that is gone', () => {
  const map = newMap()
  assert.deepEqual(keys(map, 1), [])
  for (const [kind, key] of [
    [1, 'a'],
    [1, 'abcde'],
    [2, 'abcd'],
    [1, 'gone'],
    [1, ''],
  ] as const)
    map.put(kind, bytesOf(key), bytesOf('value'))
  map.remove(1, bytesOf('gone'))
  map.put(1, bytesOf('a'), bytesOf('another value'))
  assert.deepEqual([keys(map, 1), keys(map, 2), keys(map, 3)], [['', 'a', 'abcde'], ['abcd'], []])
})

test('keysOf: of a table that has grown, copies', () => {
  const map = newMap()
  const names = Array.from({ length: 500 }, (_, k) => `name ${1000 + k}`)
  for (const name of names) map.put(7, bytesOf(name), bytesOf(name))
  const found = keysOf(readerOf(map.ref), 7)
  for (const name of names) map.remove(7, bytesOf(name))
  assert.deepEqual(Array.from(found, text).sort(), names)
  assert.deepEqual(keys(map, 7), [])
})

test('keysOf: of a map that has been dropped, none', () => {
  const map = newMap()
  map.put(1, bytesOf('a'), bytesOf('value'))
  map.drop()
  assert.deepEqual(keys(map, 1), [])
})
