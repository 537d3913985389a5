import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WordList } from './word-list.ts'

for (const count of [0, 1, 64, 65, 10_000]) {
  test(`a list of ${count} words gives them back, the last one first, and can be filled again`, () => {
    const list = new WordList()
    for (let round = 1; round <= 2; round++) {
      for (let word = 1; word <= count; word++) list.push(round * word)
      assert.equal(list.length, count)
      for (let word = count; word >= 1; word--) assert.equal(list.pop(), round * word)
      assert.deepEqual([list.length, list.pop()], [0, 0])
    }
  })
}
