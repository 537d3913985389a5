// Replies made to cost as much as they can: what becomes of each, and how many steps over labels,
// pointers and tables its whole life takes, from the upstream's bytes to the client's. No clock:
// the micro benches say how long they take.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLAG_TC, getFlags, MASK_RCODE } from '../src/wire/header.ts'
import { LABEL_BUDGET, readLayout } from '../src/wire/layout.ts'
import { RCODE_SERVFAIL } from '../src/wire/rcodes.ts'
import { steps } from '../src/wire/work.ts'
import { MessageWriter } from '../src/wire/writer.ts'
import { bombLife } from './support/bomb-life.ts'
import { bombs, throughTtl } from './support/bombs.ts'
import type { QueryOptions } from './support/messages.ts'

/**
 * A message is read whole a few times, and written anew a few times; none of it may cost more than
 * this.
 */
const LIFE_STEPS = 6 * LABEL_BUDGET

const CLIENTS: readonly (readonly [name: string, options: QueryOptions])[] = [
  ['over TCP', { transport: 'tcp', udpSize: 1232, do: true }],
  ['over UDP with room for all', { transport: 'udp', udpSize: 65_535, do: true }],
  ['over UDP without EDNS', { transport: 'udp' }],
]

const stepsOf = (run: () => void): number => {
  const before = steps[0]!
  run()
  return steps[0]! - before
}

const life = await bombLife()
for (const { name, bytes, fate } of bombs()) {
  for (const [client, options] of CLIENTS) {
    test(`a bomb ${client}: ${name}: ${fate}`, () => {
      life.expire()
      let first: Uint8Array | undefined
      let again: Uint8Array | undefined
      const missSteps = stepsOf(() => {
        first = life.ask(bytes, options)
      })
      const hitSteps = stepsOf(() => {
        again = life.ask(undefined, options)
      })
      assert.ok(
        missSteps < LIFE_STEPS && hitSteps < LIFE_STEPS,
        `${missSteps} and ${hitSteps} steps`,
      )
      assert.ok(first !== undefined && again !== undefined && readLayout(first) !== undefined)
      const isFailure = (reply: Uint8Array): boolean =>
        (getFlags(reply, 0) & MASK_RCODE) === RCODE_SERVFAIL
      const isError = name === 'an error without a question'
      assert.deepEqual(
        [isFailure(first), isFailure(again)],
        [isError || fate === 'refused', isError || fate !== 'kept'],
      )
    })
  }
}

test('names that lead through a TTL, which the cache changes, cost no more than others, and end in no defect', () => {
  life.expire()
  const client: QueryOptions = { transport: 'udp', udpSize: 65_535 }
  const spent = stepsOf(() => {
    const first = life.ask(throughTtl(), client)
    assert.ok(first !== undefined && (getFlags(first, 0) & FLAG_TC) !== 0)
    const again = life.ask(undefined, client)
    assert.equal(again && getFlags(again, 0) & MASK_RCODE, RCODE_SERVFAIL)
  })
  assert.ok(spent < 10_000, `${spent} steps`)
})

test('MessageWriter: a record copied after the message has changed is left out when its owner leads nowhere', () => {
  const bytes = throughTtl()
  const layout = readLayout(bytes) ?? assert.fail()
  bytes[layout.ttlOffset(0) + 3] = 5
  const writer = new MessageWriter()
  writer.compress = true
  writer.header(1, 0x8180)
  const isCopied = Array.from({ length: 4 }, (_, index) =>
    writer.copyRecord(0, bytes, layout, index),
  )
  assert.deepEqual(isCopied, [true, true, false, false])
  assert.equal(readLayout(writer.finish())?.count, 2)
})
