import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Death, interleave } from '../../test/fakes/interleave.ts'
import { CLAIM_WORDS, Claims, countClaims, sweepClaims } from './claims.ts'

const ENTRIES = 8

function world() {
  const words = new Int32Array(new SharedArrayBuffer(ENTRIES * CLAIM_WORDS * 4))
  const [one, two, third] = [
    new Claims(words, 0, ENTRIES, 1),
    new Claims(words, 0, ENTRIES, 2),
    new Claims(words, 0, ENTRIES, 3),
  ]
  return { words, one, two, third, held: () => countClaims(words, 0, ENTRIES) }
}

for (const { name, blocks, frees } of [
  { name: 'on an empty table', blocks: 0, frees: 0 },
  { name: 'while the first place becomes free', blocks: 1, frees: 1 },
  { name: 'while one of three taken places becomes free', blocks: 3, frees: 1 },
]) {
  test(`Claims.claim: of two claimants of a key one holds it, ${name}`, () => {
    const count = interleave(() => {
      const { one, two, third, held } = world()
      const blockers = Array.from({ length: blocks }, (_, n) => third.claim(0, 100 + n))
      const tickets: number[] = []
      return {
        operation: () => tickets.push(one.claim(0, 1)),
        meanwhile: () => {
          for (const ticket of blockers.slice(0, frees)) third.release(ticket)
          tickets.push(two.claim(0, 1))
        },
        check: n => {
          assert.equal(
            tickets.filter(ticket => ticket >= 0).length,
            1,
            `before access ${n}: ${tickets}`,
          )
          assert.equal(held(), 1 + blocks - frees)
        },
      }
    })
    assert.ok(count > 10, `${count}`)
  })
}

test('Claims.claim: another claimant, there just before, that takes its last step while it is looked at is seen', () => {
  interleave(() => {
    const { words, one } = world()
    const tentative = 0x102
    // The other has its place, its hash comes later.
    words[0] = tentative
    let ticket = -1
    let isOtherHeld = false
    return {
      operation: () => {
        const { compareExchange } = Atomics
        Atomics.compareExchange = ((...given: Parameters<typeof compareExchange>) => {
          Atomics.compareExchange = compareExchange
          words.set([0, 1], 1)
          return compareExchange(...given)
        }) as typeof compareExchange
        ticket = one.claim(0, 1)
      },
      meanwhile: () => {
        if (words[2] === 1)
          isOtherHeld = Atomics.compareExchange(words, 0, tentative, 2) === tentative
      },
      check: n =>
        assert.equal(ticket >= 0 && isOtherHeld, false, `before access ${n}: both hold the key`),
    }
  })
})

test('sweepClaims: a claimant that dies at any step leaves no claim behind', () => {
  interleave(() => {
    const { words, one, two, held } = world()
    return {
      operation: () => one.release(one.claim(0, 1)),
      meanwhile: () => {
        throw new Death()
      },
      check: n => {
        sweepClaims(words, 0, ENTRIES, 1)
        assert.equal(held(), 0, `before access ${n}`)
        assert.ok(two.claim(0, 1) >= 0)
      },
    }
  })
})
