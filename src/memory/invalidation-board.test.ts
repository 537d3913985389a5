import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CHANGE_SLOTS,
  changeSlotOf,
  hasChangedSince,
  type InvalidationBoard,
  markAllChanged,
  markChange,
  markWholeChanged,
} from './invalidation-board.ts'

const OFFSET = 7
const newBoard = (): InvalidationBoard => ({
  words: new Int32Array(new SharedArrayBuffer(4 * (CHANGE_SLOTS + 2 * OFFSET))),
  offset: OFFSET,
})

for (const { name, markedSeconds, askedSeconds, hasChanged } of [
  { name: 'asked before the change', markedSeconds: 10, askedSeconds: 9, hasChanged: true },
  {
    name: 'asked in the second of the change',
    markedSeconds: 10,
    askedSeconds: 10,
    hasChanged: true,
  },
  { name: 'asked in the second after it', markedSeconds: 10, askedSeconds: 11, hasChanged: false },
  { name: 'in the first second there is', markedSeconds: 0, askedSeconds: 0, hasChanged: true },
]) {
  test(`hasChangedSince: ${name}`, () => {
    const board = newBoard()
    markChange(board, 5, markedSeconds)
    assert.equal(hasChangedSince(board, 5, askedSeconds), hasChanged)
    assert.equal(hasChangedSince(board, 6, askedSeconds), false, 'another group')
  })
}

test('what was never marked has not changed', () => {
  const board = newBoard()
  for (const seconds of [0, 1, 2 ** 31 - 2]) assert.equal(hasChangedSince(board, 1, seconds), false)
})

test('a later mark counts', () => {
  const board = newBoard()
  markChange(board, 5, 10)
  markChange(board, 5, 20)
  assert.deepEqual([hasChangedSince(board, 5, 20), hasChangedSince(board, 5, 21)], [true, false])
})

test('markAllChanged: every group but 0, and no word beside the board', () => {
  const board = newBoard()
  markAllChanged(board, 10)
  const marked = [...board.words].flatMap((word, index) => (word === 0 ? [] : [index]))
  assert.deepEqual(
    [marked.length, marked[0], marked.at(-1)],
    [CHANGE_SLOTS - 1, OFFSET + 1, OFFSET + CHANGE_SLOTS - 1],
  )
  assert.equal(hasChangedSince(board, 0, 0), false)
})

test('markWholeChanged: the groups of whole zones, and no others', () => {
  const board = newBoard()
  markWholeChanged(board, 10)
  for (const isWhole of [true, false])
    for (let n = 0; n < 1000; n++)
      assert.equal(
        hasChangedSince(board, changeSlotOf(nameOf(n), 0, nameOf(n).length, isWhole), 10),
        isWhole,
      )
  const marked = [...board.words].flatMap((word, index) => (word === 0 ? [] : [index]))
  assert.deepEqual([marked.length, marked.at(-1)], [CHANGE_SLOTS / 2, OFFSET + CHANGE_SLOTS - 1])
})

const nameOf = (n: number): Uint8Array =>
  Buffer.from(`\x05xxxxx\x04n${String(n).padStart(3, '0')}\x03svc\0`, 'latin1')

for (const isWhole of [true, false])
  test(`changeSlotOf: of the bytes from start to end, never group 0, and spread (${isWhole ? 'whole' : 'single'})`, () => {
    const slots = Array.from({ length: 1000 }, (_, n) =>
      changeSlotOf(nameOf(n), 6, nameOf(n).length, isWhole),
    )
    assert.ok(slots.every(slot => slot >= 1 && slot < CHANGE_SLOTS))
    assert.ok(new Set(slots).size > 900, `${new Set(slots).size} groups for 1000 names`)
    const other = nameOf(1).fill(0x79, 1, 6)
    assert.equal(changeSlotOf(other, 6, other.length, isWhole), slots[1])
  })
