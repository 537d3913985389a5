import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generator } from '../../test/fakes/crew.ts'
import { NOBODY, Readers } from '../../test/fakes/records-world.ts'
import { blockWords } from './free-blocks.ts'
import { type Quiescence, RecordsHeap } from './heap.ts'

const heapOf = (first: number, limit: number, quiescence: Quiescence): RecordsHeap =>
  new RecordsHeap(new Int32Array(limit), first, limit, quiescence)

for (const [words, size] of [
  [1, 4],
  [4, 4],
  [5, 8],
  [63, 64],
  [64, 64],
  [65, 80],
  [80, 80],
  [81, 96],
  [128, 128],
  [129, 160],
  [1000, 1024],
  [1025, 1280],
  [1 << 20, 1 << 20],
] as const) {
  test(`blockWords: ${words} words lie in a block of ${size}`, () =>
    assert.equal(blockWords(words), size))
}

test('blockWords: never less than asked for, never a quarter more but for the smallest, and a size is its own size', () => {
  for (let words = 1; words < 5000; words++) {
    const size = blockWords(words)
    assert.ok(size >= words && size <= Math.max(words + 3, words * 1.25), `${words}: ${size}`)
    assert.equal(blockWords(size), size)
  }
})

test('a heap has its room and no more, and says 0 beyond it', () => {
  const heap = heapOf(16, 116, NOBODY)
  const taken = [heap.take(50), heap.take(40), heap.take(8), heap.take(9), heap.take(4)]
  assert.deepEqual(taken, [16, 68, 108, 0, 0])
  assert.equal(heap.usedWords, 52 + 40 + 8)
})

test('a block is used again only when every reader has come round since it was given back', () => {
  const readers = new Readers(2)
  const heap = heapOf(16, 24, readers)
  const first = heap.take(8)
  heap.giveBack(first, 8)
  assert.equal(heap.usedWords, 0)
  assert.equal(heap.take(8), 0, 'nobody has come round')
  readers.beat(0)
  assert.equal(heap.take(8), 0, 'one reader has not come round')
  readers.beat(0)
  assert.equal(heap.take(8), 0, 'the same one again is no other')
  readers.beat(1)
  assert.equal(heap.take(8), first)
})

test('a block given back while others rest waits for a mark of its own', () => {
  const readers = new Readers(1)
  const heap = heapOf(16, 32, readers)
  const [one, two] = [heap.take(8), heap.take(8)]
  heap.giveBack(one, 8)
  assert.equal(heap.take(8), 0)
  heap.giveBack(two, 8)
  readers.beat(0)
  assert.equal(heap.take(8), one)
  assert.equal(heap.take(8), 0)
  readers.beat(0)
  assert.equal(heap.take(8), two)
})

test('a reader that never comes round keeps every block, however often others do', () => {
  const readers = new Readers(3)
  const heap = heapOf(16, 16 + 64, readers)
  for (let n = 0; n < 8; n++) heap.giveBack(heap.take(8), 8)
  for (let n = 0; n < 100; n++) {
    readers.beat(n % 2)
    assert.equal(heap.take(8), 0)
  }
})

test('what no reader could reach may be taken again at once', () => {
  const heap = heapOf(16, 24, new Readers(1))
  const block = heap.take(8)
  heap.undo(block, 8)
  assert.deepEqual([heap.usedWords, heap.take(8)], [0, block])
})

test('many blocks are given back in turns, or at once when there is no other room, and rest as all others do', async () => {
  const readers = new Readers(1)
  const count = 10_000
  const heap = heapOf(16, 16 + 4 * count, readers)
  const blocks = Array.from({ length: count }, () => [heap.take(4), 4] as const)
  heap.giveBackAll(blocks.values())
  assert.ok(heap.usedWords > 0 && heap.usedWords < 4 * count, 'some of them')
  assert.equal(heap.take(4), 0, 'nobody has come round')
  assert.equal(heap.usedWords, 0)
  let taken = 0
  for (let round = 0; round < 3; round++) {
    readers.beat(0)
    while (heap.take(4) !== 0) taken++
  }
  assert.equal(taken, count)

  const other = heapOf(16, 16 + 4 * count, NOBODY)
  other.giveBackAll(Array.from({ length: count }, () => [other.take(4), 4] as const).values())
  while (other.usedWords > 0) await new Promise(setImmediate)
})

test('random use: no two blocks that are in use or at rest share a word', () => {
  const [first, limit] = [16, 16 + 4000]
  const below = generator(5)
  const readers = new Readers(2)
  const heap = heapOf(first, limit, readers)
  const owner = new Uint8Array(limit)
  const used: { readonly at: number; readonly words: number }[] = []
  let failed = 0
  let reused = 0
  const seen = new Set<number>()
  for (let step = 0; step < 20_000; step++) {
    if (below(4) === 0) readers.beat(below(2))
    const words = 1 + below(below(10) === 0 ? 300 : 30)
    if (below(2) === 0 || used.length === 0) {
      const at = heap.take(words)
      if (at === 0) failed++
      else {
        if (seen.has(at)) reused++
        seen.add(at)
        assert.ok(at >= first && at + blockWords(words) <= limit)
        const block = owner.subarray(at, at + blockWords(words))
        assert.ok(
          block.every(taken => taken === 0),
          `a word of ${at} belongs to two`,
        )
        block.fill(1)
        used.push({ at, words })
      }
    } else {
      const [block] = used.splice(below(used.length), 1)
      if (block === undefined) continue
      heap.giveBack(block.at, block.words)
      owner.fill(0, block.at, block.at + blockWords(block.words))
    }
    assert.equal(
      heap.usedWords,
      used.reduce((sum, block) => sum + blockWords(block.words), 0),
    )
  }
  assert.ok(reused > 1000 && failed > 50, `${reused} used again, ${failed} times full`)
})
