import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generator } from '../../test/fakes/crew.ts'
import { bytesOf, lookUp, NOBODY, Readers, readerOf, SEED } from '../../test/fakes/records-world.ts'
import { RecordsHeap } from './heap.ts'
import { HEADER_WORDS, MAX_KEY_BYTES, MIN_BUCKETS, NOTES } from './layout.ts'
import { type PutOutcome, RecordsMap } from './map.ts'

interface World {
  readonly heap: RecordsHeap
  readonly map: RecordsMap
}

const worldOf = (words = 1 << 18, quiescence = NOBODY): World => {
  const buffer = new SharedArrayBuffer(words * 4)
  const heap = new RecordsHeap(new Int32Array(buffer), 16, words, quiescence)
  return { heap, map: new RecordsMap(buffer, heap, SEED) }
}

const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString()

test('a map holds what was put: the kind is part of the key, and lengths may be anything', () => {
  const { map } = worldOf()
  const keys = ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'x'.repeat(MAX_KEY_BYTES)]
  for (const kind of [0, 1, 127])
    for (const key of keys)
      assert.equal(map.put(kind, bytesOf(key), bytesOf(`${kind}${key}`)), 'changed')
  for (const kind of [0, 1, 127])
    for (const key of keys) assert.equal(textOf(map.get(kind, bytesOf(key))), `${kind}${key}`)
  assert.deepEqual(
    [map.entries, map.get(2, bytesOf('a')), map.get(1, bytesOf('b'))],
    [21, undefined, undefined],
  )
})

test('values of every length come back as they were', () => {
  const { map } = worldOf()
  for (let length = 0; length < 40; length++) {
    const value = Uint8Array.from({ length }, (_, k) => 255 - k)
    map.put(1, bytesOf('key'), value)
    assert.deepEqual(map.get(1, bytesOf('key')), value)
  }
})

const puts: {
  readonly name: string
  readonly values: readonly string[]
  readonly gives: readonly PutOutcome[]
}[] = [
  { name: 'the same value is no change', values: ['a', 'a'], gives: ['changed', 'same'] },
  {
    name: 'an empty value is one',
    values: ['', '', 'a', ''],
    gives: ['changed', 'same', 'changed', 'changed'],
  },
  {
    name: 'another of the same length',
    values: ['ab', 'ac', 'ab'],
    gives: ['changed', 'changed', 'changed'],
  },
  {
    name: 'a longer one with the same beginning',
    values: ['abcd', 'abcde', 'abcd'],
    gives: ['changed', 'changed', 'changed'],
  },
]
for (const { name, values, gives } of puts) {
  test(`put: ${name}`, () => {
    const { map } = worldOf()
    assert.deepEqual(
      values.map(value => map.put(1, bytesOf('key'), bytesOf(value))),
      gives,
    )
    assert.deepEqual([map.entries, textOf(map.get(1, bytesOf('key')))], [1, values.at(-1)])
  })
}

test('put and get copy', () => {
  const { map } = worldOf()
  const [key, value] = [bytesOf('key'), bytesOf('value')]
  map.put(1, key, value)
  key.fill(0)
  value.fill(0)
  map.get(1, bytesOf('key'))?.fill(0)
  assert.equal(textOf(map.get(1, bytesOf('key'))), 'value')
})

test('keys that are too long, and kinds that are none, are a mistake of the caller', () => {
  const { map } = worldOf()
  assert.throws(() => map.put(1, new Uint8Array(MAX_KEY_BYTES + 1), bytesOf('')), RangeError)
  assert.throws(() => map.put(128, bytesOf('a'), bytesOf('')), RangeError)
  assert.equal(map.entries, 0)
})

test('remove: once', () => {
  const { map } = worldOf()
  map.put(1, bytesOf('a'), bytesOf('x'))
  assert.deepEqual(
    [map.remove(2, bytesOf('a')), map.remove(1, bytesOf('a')), map.remove(1, bytesOf('a'))],
    [false, true, false],
  )
  assert.deepEqual([map.entries, map.get(1, bytesOf('a'))], [0, undefined])
})

test('a map grows as it fills', () => {
  const { map } = worldOf()
  const reader = readerOf(map.ref)
  for (let n = 0; n < 3000; n++) map.put(1, bytesOf(`key ${n}`), bytesOf(`value ${n}`))
  assert.equal(map.entries, 3000)
  for (let n = 0; n < 3000; n++)
    assert.equal(textOf(lookUp(reader, 1, bytesOf(`key ${n}`))), `value ${n}`)
})

test('keys that come and go forever need no more room, and searches end', () => {
  const { heap, map } = worldOf(1 << 12)
  for (let n = 0; n < 20_000; n++) {
    assert.equal(map.put(1, bytesOf(`key ${n}`), bytesOf('v')), 'changed')
    assert.equal(map.remove(1, bytesOf(`key ${n}`)), true)
    assert.equal(map.get(1, bytesOf('never')), undefined)
  }
  assert.equal(map.entries, 0)
  assert.ok(heap.usedWords <= HEADER_WORDS + 4 * MIN_BUCKETS, `${heap.usedWords} words`)
})

test('a full memory: nothing changes, what is there stays, and room that is given back is used', () => {
  const { map } = worldOf(1 << 10)
  let count = 0
  while (map.put(1, bytesOf(`key ${count}`), new Uint8Array(40).fill(count)) !== 'full') count++
  assert.ok(count > 20, `${count} entries`)
  assert.equal(map.put(1, bytesOf('key 0'), new Uint8Array(41)), 'full')
  assert.equal(map.put(1, bytesOf('key 0'), new Uint8Array(40)), 'same')
  assert.equal(map.entries, count)
  for (let n = 0; n < count; n++)
    assert.deepEqual(map.get(1, bytesOf(`key ${n}`)), new Uint8Array(40).fill(n))
  map.remove(1, bytesOf('key 0'))
  const outcomes = Array.from({ length: 3 }, () => map.put(1, bytesOf('key x'), new Uint8Array(40)))
  assert.ok(outcomes.includes('changed'), outcomes.join())
  assert.equal(map.entries, count)
})

test('with no room for a larger table the smaller one is filled almost whole, and searches end', () => {
  const words = 16 + HEADER_WORDS + 20 + MIN_BUCKETS * 4 + 8
  const { map } = worldOf(words)
  let count = 0
  while (map.put(1, Uint8Array.of(count), new Uint8Array(0)) !== 'full') count++
  assert.ok(count > MIN_BUCKETS / 2 && count < MIN_BUCKETS, `${count} entries`)
  assert.equal(map.get(1, bytesOf('never')), undefined)
  for (let n = 0; n < count; n++) assert.equal(map.get(1, Uint8Array.of(n))?.length, 0)
})

test('no room for a map at all is told at once', () => {
  const buffer = new SharedArrayBuffer(160)
  const heap = new RecordsHeap(new Int32Array(buffer), 16, 40, NOBODY)
  assert.throws(() => new RecordsMap(buffer, heap, SEED), /records memory is full/)
})

test('notes are words of the owner, 0 at first', () => {
  const { map } = worldOf()
  const reader = readerOf(map.ref)
  for (let note = 0; note < NOTES; note++)
    assert.deepEqual([map.note(note), reader.note(note)], [0, 0])
  for (let note = 0; note < NOTES; note++) map.setNote(note, -1 - note)
  for (let note = 0; note < NOTES; note++)
    assert.deepEqual([map.note(note), reader.note(note)], [-1 - note, -1 - note])
  map.put(1, bytesOf('a'), bytesOf('b'))
  assert.equal(textOf(map.get(1, bytesOf('a'))), 'b')
})

test('a map that is dropped gives everything back, and readers find nothing', () => {
  const { heap, map } = worldOf()
  const other = new RecordsMap(map.ref.buffer, heap, SEED)
  const before = heap.usedWords
  const third = new RecordsMap(map.ref.buffer, heap, SEED)
  for (let n = 0; n < 500; n++) third.put(1, bytesOf(`key ${n}`), bytesOf('value'))
  third.remove(1, bytesOf('key 7'))
  const reader = readerOf(third.ref)
  third.drop()
  assert.equal(heap.usedWords, before)
  third.drop()
  assert.equal(heap.usedWords, before)
  assert.equal(lookUp(reader, 1, bytesOf('key 1')), undefined)
  for (const kept of [map, other]) assert.equal(kept.put(1, bytesOf('a'), bytesOf('b')), 'changed')
})

for (const [name, seed, quiescence] of [
  ['nobody reads', 11, () => NOBODY],
  ['readers come round now and then', 12, () => new Readers(2)],
] as const) {
  test(`a map is as a Map is, whatever is done to it, while ${name}`, () => {
    const readers = quiescence()
    const { map } = worldOf(1 << 15, readers)
    const reader = readerOf(map.ref)
    const model = new Map<string, string>()
    const below = generator(seed)
    let full = 0
    for (let step = 0; step < 30_000; step++) {
      if (readers instanceof Readers && below(20) === 0) readers.beatAll()
      const [kind, key] = [1 + below(2), `key ${below(step % 5000 < 2500 ? 900 : 30)}`]
      const modelKey = `${kind} ${key}`
      const value = 'v'.repeat(below(8)) + below(3)
      if (below(5) < 3) {
        const outcome = map.put(kind, bytesOf(key), bytesOf(value))
        if (outcome === 'full') full++
        else assert.equal(outcome, model.get(modelKey) === value ? 'same' : 'changed')
        if (outcome !== 'full') model.set(modelKey, value)
      } else assert.equal(map.remove(kind, bytesOf(key)), model.delete(modelKey))
      assert.equal(textOf(lookUp(reader, kind, bytesOf(key))), model.get(modelKey))
      assert.equal(map.entries, model.size)
    }
    for (const [key, value] of model)
      assert.equal(textOf(map.get(Number(key[0]), bytesOf(key.slice(2)))), value)
    assert.ok(full < 15_000, `${full} times full`)
  })
}
