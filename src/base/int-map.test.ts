import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IntMap } from './int-map.ts'

test('IntMap does what Map does, over many insertions, replacements and deletions', () => {
  const map = new IntMap<number>()
  const model = new Map<number, number>()
  let state = 1
  const draw = (count: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % count
  }
  for (let n = 0; n < 50_000; n++) {
    // Few keys, some of more than 32 bits, so that they meet and chains form.
    const key = draw(300) * (draw(2) === 0 ? 1 : 0x1_0000_0001)
    if (draw(5) < (n % 10_000 < 5000 ? 3 : 1)) {
      map.set(key, n)
      model.set(key, n)
    } else assert.equal(map.delete(key), model.delete(key))
    const other = draw(300)
    assert.equal(map.get(other), model.get(other))
    assert.equal(map.has(key), model.has(key))
    assert.equal(map.size, model.size)
  }
  assert.deepEqual(map.values().sort(), [...model.values()].sort())
})

test('keys of 53 bits are told apart', () => {
  const map = new IntMap<string>()
  map.set(Number.MAX_SAFE_INTEGER, 'largest')
  map.set(Number.MAX_SAFE_INTEGER - 1, 'next')
  map.set(0, 'zero')
  assert.deepEqual(
    [map.get(Number.MAX_SAFE_INTEGER), map.get(Number.MAX_SAFE_INTEGER - 1), map.get(0)],
    ['largest', 'next', 'zero'],
  )
  assert.equal(map.get(1), undefined)
})
