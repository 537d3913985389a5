import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generator } from '../../test/fakes/crew.ts'
import { bytesOf, lookUp, NOBODY, Readers, readerOf, SEED } from '../../test/fakes/records-world.ts'
import type { RecordsDraft } from './draft.ts'
import { type Quiescence, RecordsHeap } from './heap.ts'
import { RecordsMap } from './map.ts'
import { keyBytesOf } from './table.ts'

interface World {
  readonly heap: RecordsHeap
  readonly map: RecordsMap
}

const worldOf = (words = 1 << 18, quiescence: Quiescence = NOBODY): World => {
  const buffer = new SharedArrayBuffer(words * 4)
  const heap = new RecordsHeap(new Int32Array(buffer), 16, words, quiescence)
  return { heap, map: new RecordsMap(buffer, heap, SEED) }
}

/** Runs what can be interrupted to its end. */
const finish = (steps: Iterable<void>): number => [...steps].length

/** Adds items to a key's value, at its end or at its beginning; false if there is no room. */
const addTo = (draft: RecordsDraft, key: string, item: string, isFirst = false): boolean => {
  const bytes = bytesOf(key)
  draft.key.set(bytes, 0, bytes.length)
  if (draft.isCrowded) finish(draft.grow())
  if (!draft.find(1)) return draft.add(bytesOf(item), item.length)
  return draft.insert(isFirst ? 0 : draft.valueBytes, bytesOf(item), item.length)
}

/** Keys that differ, in order. */
const seal = (draft: RecordsDraft): string[] => {
  const changed: string[] = []
  const onChange = (entry: number): void =>
    void changed.push(
      Buffer.from(
        draft.bytes.slice(4 * (entry + 3), 4 * (entry + 3) + keyBytesOf(draft.words, entry)),
      ).toString(),
    )
  finish(draft.seal(onChange))
  return changed.sort()
}

const fill = (draft: RecordsDraft, text: string): void => {
  for (const pair of text.split(' ').filter(word => word !== '')) {
    const [key = '', item = ''] = pair.split('=')
    assert.equal(addTo(draft, key, item), true)
  }
}

const versions: {
  readonly name: string
  readonly before: string
  readonly after: string
  readonly changed: readonly string[]
}[] = [
  { name: 'nothing', before: 'a=1 b=2', after: 'b=2 a=1', changed: [] },
  {
    name: 'nothing, with items of one key apart',
    before: 'a=1 a=2 b=1',
    after: 'a=1 b=1 a=2',
    changed: [],
  },
  { name: 'a key that comes', before: 'a=1', after: 'a=1 b=2', changed: ['b'] },
  { name: 'a key that goes', before: 'a=1 b=2', after: 'a=1', changed: ['b'] },
  { name: 'another value', before: 'a=1 b=2', after: 'a=1 b=3', changed: ['b'] },
  { name: 'an item more', before: 'a=1 b=2', after: 'a=1 a=2 b=2', changed: ['a'] },
  { name: 'an item less', before: 'a=1 a=2 b=2', after: 'a=1 b=2', changed: ['a'] },
  { name: 'the order of items', before: 'a=1 a=2', after: 'a=2 a=1', changed: ['a'] },
  { name: 'everything comes', before: '', after: 'a=1 b=2', changed: ['a', 'b'] },
  { name: 'everything goes', before: 'a=1 b=2', after: '', changed: ['a', 'b'] },
]
for (const { name, before, after, changed } of versions) {
  test(`what a draft says has changed: ${name}`, () => {
    const { heap, map } = worldOf()
    for (const text of [before, after]) {
      const draft = map.draft()
      fill(draft, text)
      const found = seal(draft)
      if (text === after) assert.deepEqual(found, changed)
      map.show(draft)
    }
    const once = worldOf()
    const draft = once.map.draft()
    fill(draft, after)
    seal(draft)
    once.map.show(draft)
    assert.equal(heap.usedWords, once.heap.usedWords, 'what has gone takes no room')
  })
}

test('readers see the map as it was until the draft is shown, and then all of it', () => {
  const { map } = worldOf()
  const reader = readerOf(map.ref)
  const seen = (): (string | undefined)[] =>
    ['a', 'b', 'c'].map(key => {
      const value = lookUp(reader, 1, bytesOf(key))
      return value && Buffer.from(value).toString()
    })
  map.put(1, bytesOf('a'), bytesOf('1'))
  map.put(1, bytesOf('b'), bytesOf('2'))
  const draft = map.draft()
  fill(draft, 'b=2 b=3 c=4')
  assert.deepEqual(seen(), ['1', '2', undefined])
  assert.deepEqual(seal(draft), ['a', 'b', 'c'])
  assert.deepEqual(seen(), ['1', '2', undefined])
  map.show(draft)
  assert.deepEqual(seen(), [undefined, '23', '4'])
  assert.equal(map.put(1, bytesOf('a'), bytesOf('5')), 'changed')
  assert.deepEqual(seen(), ['5', '23', '4'])
})

test('items go where they are put', () => {
  const { map } = worldOf()
  const draft = map.draft()
  for (const [n, item] of ['bb', 'a', 'ccccc', ''].entries()) addTo(draft, 'key', item, n === 1)
  seal(draft)
  map.show(draft)
  assert.equal(Buffer.from(map.get(1, bytesOf('key')) ?? []).toString(), 'abbccccc')
})

for (const stage of ['as it is made', 'sealed'] as const) {
  test(`a draft that is discarded, ${stage}, gives back what is its own and leaves the map as it was`, () => {
    const { heap, map } = worldOf()
    for (let n = 0; n < 100; n++) map.put(1, bytesOf(`key ${n}`), bytesOf('v'))
    const before = heap.usedWords
    const draft = map.draft()
    for (let n = 50; n < 200; n++)
      assert.equal(addTo(draft, `key ${n}`, n % 3 === 0 ? 'v' : 'other'), true)
    for (let n = 60; n < 70; n++) assert.equal(addTo(draft, `key ${n}`, 'more'), true)
    if (stage === 'sealed') seal(draft)
    draft.discard()
    assert.deepEqual([heap.usedWords, map.entries], [before, 100])
    for (let n = 0; n < 100; n++)
      assert.equal(Buffer.from(map.get(1, bytesOf(`key ${n}`)) ?? []).toString(), 'v')
  })
}

test('what is the same in both versions takes no more room', () => {
  const { heap, map } = worldOf()
  for (let n = 0; n < 1000; n++) map.put(1, bytesOf(`key ${n}`), bytesOf('value'))
  const before = heap.usedWords
  const draft = map.draft()
  for (let n = 0; n < 1000; n++) addTo(draft, `key ${n}`, 'value')
  assert.ok(heap.usedWords < before + 3000, 'only a table')
})

test('without room for an item or a table, all that was there stays', () => {
  const { heap, map } = worldOf(1 << 12)
  map.put(1, bytesOf('key 0'), bytesOf('kept'))
  const before = heap.usedWords
  const draft = map.draft()
  let count = 0
  while (addTo(draft, `new ${count}`, 'v')) count++
  assert.ok(count > 100, `${count} entries`)
  assert.equal(addTo(draft, 'new 0', 'x'.repeat(4000)), false)
  draft.discard()
  assert.equal(heap.usedWords, before)
  assert.equal(Buffer.from(map.get(1, bytesOf('key 0')) ?? []).toString(), 'kept')
  const again = map.draft()
  fill(again, 'a=1')
  seal(again)
  map.show(again)
  assert.equal(map.entries, 1)
})

test('no room for a draft at all is told at once', () => {
  const { map } = worldOf(16 + 16 + 20 + 4)
  assert.throws(() => map.draft(), /records memory is full/)
})

test('long drafts are made in steps', () => {
  const { map } = worldOf(1 << 20)
  const first = map.draft()
  for (let n = 0; n < 20_000; n++) addTo(first, `key ${n}`, 'v')
  assert.ok(finish(first.seal(() => {})) >= 4)
  map.show(first)
  const second = map.draft()
  assert.ok(finish(second.seal(() => {})) >= 4)
  map.show(second)
  assert.equal(map.entries, 0)
})

test('version after version, a map is as a Map is, with readers that come round now and then', () => {
  const readers = new Readers(2)
  const { heap, map } = worldOf(1 << 15, readers)
  const reader = readerOf(map.ref)
  const below = generator(21)
  let model = new Map<string, string>()
  let [full, shown] = [0, 0]
  for (let round = 0; round < 300; round++) {
    const next = new Map<string, string>()
    const draft = map.draft()
    let hasRoom = true
    for (let n = below(600); n > 0 && hasRoom; n--) {
      const key = `key ${below(300)}`
      const item = `${below(8) === 0 ? 'x'.repeat(below(40)) : ''}${below(3)}`
      const isFirst = below(2) === 0
      hasRoom = addTo(draft, key, item, isFirst)
      const value = next.get(key) ?? ''
      next.set(key, isFirst ? item + value : value + item)
      if (below(100) === 0) readers.beatAll()
    }
    const isUnwanted = below(5) === 0
    if (!hasRoom) full++
    if (hasRoom) {
      const differing = [...new Set([...model.keys(), ...next.keys()])].filter(
        key => model.get(key) !== next.get(key),
      )
      assert.deepEqual(seal(draft), differing.sort())
    }
    if (!hasRoom || isUnwanted) draft.discard()
    else {
      map.show(draft)
      model = next
      shown++
    }
    assert.equal(map.entries, model.size)
    for (let n = 0; n < 300; n++) {
      const value = lookUp(reader, 1, bytesOf(`key ${n}`))
      assert.equal(value && Buffer.from(value).toString(), model.get(`key ${n}`))
    }
    readers.beatAll()
  }
  assert.ok(shown > 100, `${shown} shown, ${full} full`)
  map.drop()
  assert.equal(heap.usedWords, 0)
})
