import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Offers, offerKind } from './offers.ts'

const NUMBERS = offerKind<number>('numbers')

test('what is offered reaches who has asked before, in the order it came', () => {
  const offers = new Offers()
  const taken = offers.offered(NUMBERS)
  offers.offer(NUMBERS, 1)
  offers.offer(offerKind<string>('texts'), 'x')
  offers.offer(NUMBERS, 2)
  assert.deepEqual(taken, [1, 2])
  assert.deepEqual(offers.offered(offerKind('nobody-offers')), [])
})

test('a kind is known by its name, whoever has made it', () => {
  const offers = new Offers()
  offers.offer(NUMBERS, 1)
  assert.deepEqual(offers.offered(offerKind<number>('numbers')), [1])
})

test('a plugin that offers without end is told, whatever the kinds', () => {
  assert.throws(() => {
    const offers = new Offers()
    for (;;) offers.offer(NUMBERS, 1)
  }, /^RangeError: more than 1000 offers in one block, 'numbers' the last$/)
  assert.throws(() => {
    const offers = new Offers()
    for (let k = 0; ; k++) offers.offer(offerKind(`kind-${k}`), 1)
  }, /^RangeError: more than 1000 offers in one block, 'kind-1000' the last$/)
})
