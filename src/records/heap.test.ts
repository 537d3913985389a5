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

/** A heap of 1 MiB words, whose memory the system takes as it does: it reads as zero then. */
const releasing = (quiescence: Quiescence = NOBODY) => {
  const words = new Int32Array(1 << 20).fill(-1)
  const heap = new RecordsHeap(words, 16, words.length, quiescence)
  const dropped: [at: number, words: number][] = []
  const release = (): [at: number, words: number][] => {
    heap.release((at, count) => {
      dropped.push([at, count])
      words.fill(0, at, at + count)
    })
    return dropped.splice(0)
  }
  return { heap, words, release }
}
const LARGE = 1 << 17

test('what is within a large free block is released once, and again only when it has grown', () => {
  const { heap, release } = releasing()
  const [one, , , other] = [heap.take(LARGE), heap.take(LARGE), heap.take(LARGE), heap.take(LARGE)]
  heap.take(4)
  assert.deepEqual(release(), [], 'all of it is in use')
  heap.undo(one, LARGE)
  heap.undo(other, LARGE)
  const within = (at: number, words: number) => [at + 4, words - 5]
  assert.deepEqual(release(), [within(other, LARGE), within(one, LARGE)])
  assert.deepEqual(release(), [])
  heap.undo(one + LARGE, LARGE)
  assert.deepEqual(release(), [within(one, 2 * LARGE)])
})

test('a released block can be taken in parts, which are whole, and the rest is not released again', () => {
  const { heap, words, release } = releasing()
  heap.undo(heap.take(4 * LARGE), 4 * LARGE)
  release()
  const parts = [heap.take(LARGE), heap.take(16), heap.take(LARGE)]
  for (const at of parts) words.fill(-1, at, at + 16)
  heap.undo(heap.take(LARGE / 2), LARGE / 2)
  assert.equal(new Set(parts).size, 3)
  assert.deepEqual(
    release().map(([, count]) => count < LARGE * 2),
    [true],
    'what came back lies beside what is left',
  )
})

test('nothing that rests is released', () => {
  const readers = new Readers(1)
  const { heap, release } = releasing(readers)
  const [at, last] = [heap.take(LARGE), heap.take(4)]
  heap.giveBack(at, LARGE)
  assert.deepEqual(release(), [])
  readers.beatAll()
  heap.giveBack(last, 4)
  assert.deepEqual(release(), [[at + 4, LARGE - 5]])
})

test('nothing is released for little that has become free, and no small blocks', () => {
  const { heap, release } = releasing()
  heap.undo(heap.take(4096), 4096)
  assert.deepEqual(release(), [])
  const small = Array.from({ length: 256 }, () => [heap.take(1024), heap.take(4)])
  for (const [block = 0] of small) heap.undo(block, 1024)
  assert.ok(release().every(([, count]) => count > 2000))
})

test('a heap that releases what is free gives out whole blocks, whatever comes and goes', () => {
  const readers = new Readers(1)
  const { heap, words, release } = releasing(readers)
  const below = generator(14)
  const held: { readonly at: number; readonly size: number; readonly mark: number }[] = []
  let released = 0
  for (let round = 1; round < 4000; round++) {
    const size = blockWords(1 + below(below(4) === 0 ? 40_000 : 60))
    const at = heap.take(size)
    if (at !== 0) {
      words.fill(round, at, at + size)
      held.push({ at, size, mark: round })
    }
    // Waves: nearly all goes, and then much comes.
    for (let n = round % 500 < 250 ? 0 : 3; n > 0 && held.length > 0; n--) {
      const [gone] = held.splice(below(held.length), 1)
      if (gone === undefined) continue
      assert.ok(words.subarray(gone.at, gone.at + gone.size).every(word => word === gone.mark))
      heap.giveBack(gone.at, gone.size)
    }
    if (below(10) === 0) readers.beatAll()
    if (below(20) === 0) released += release().length
  }
  for (const { at, size, mark } of held)
    assert.ok(words.subarray(at, at + size).every(word => word === mark))
  assert.ok(released > 100, `${released}`)
})
