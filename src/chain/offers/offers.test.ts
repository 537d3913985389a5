import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXTERNAL_CHANGES, EXTERNAL_SERVICES } from './external-services.ts'
import { COLLECTOR, METADATA } from './metadata.ts'
import { type OfferKind, Offers, offerKind } from './offers.ts'
import { SEARCH_PATHS } from './search-paths.ts'

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

const unfit: readonly (readonly [kind: OfferKind<unknown>, value: unknown, text: string])[] = [
  [METADATA, 'x', `the offer 'metadata' is 'x', and no function`],
  [COLLECTOR, {}, `the offer 'metadata-collector' is an object, and no function`],
  [SEARCH_PATHS, null, `the offer 'search-paths' is null, and no object`],
  [SEARCH_PATHS, { of() {} }, `the offer 'search-paths' has no function 'concerns'`],
  [EXTERNAL_SERVICES, { find() {} }, `the offer 'external-services' has no function 'ownersOf'`],
  [EXTERNAL_CHANGES, 5, `the offer 'external-changes' is 5, and no function`],
  [undefined as never, 5, 'an offer has no kind'],
]
for (const [kind, value, text] of unfit)
  test(`a value that does not fit its kind is refused: ${text}`, () => {
    const offers = new Offers()
    assert.throws(() => offers.offer(kind, value as never), { name: 'TypeError', message: text })
    if (kind !== undefined) assert.deepEqual(offers.offered(kind), [])
  })

test('a kind that is made anew is judged as the one of its name', () => {
  const offers = new Offers()
  assert.throws(() => offers.offer({ name: 'metadata' }, 'x'), /is 'x', and no function/)
})
