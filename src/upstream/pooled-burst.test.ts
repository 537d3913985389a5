// Many replies that come at once, over the engine's pooled sockets.

import assert from 'node:assert/strict'
import test from 'node:test'
import { answerTo } from '../../test/fakes/fake-upstream.ts'
import { LIMIT, relayed, setup } from '../../test/support/pooled-clients.ts'

/** Some 4,000 bytes. */
const FULL = Array.from({ length: 245 }, (_, n) => `example.org. 300 IN A 192.0.2.${n}`)
const withIdOf = (query: Uint8Array, reply: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(reply)
  copy.set(query.subarray(0, 2))
  return copy
}

const HELD = 8000
const PORTION = 100
test(`${HELD} replies that come at once all arrive`, { ...LIMIT, timeout: 60_000 }, async t => {
  const full = answerTo(relayed().template, { answer: FULL })
  const held: (() => void)[] = []
  const portion = { left: 0, arrived: () => {} }
  const { client, upstream } = await setup(t, asked => {
    held.push(() => asked.send(withIdOf(asked.bytes, full)))
    if (--portion.left === 0) portion.arrived()
  })
  const exchanges: Promise<Uint8Array>[] = []
  // The upstream's own buffer must hold the questions, so they come in portions.
  while (held.length < HELD) {
    const arrived = new Promise<void>(resolve =>
      Object.assign(portion, { left: PORTION, arrived: resolve }),
    )
    for (let k = 0; k < PORTION; k++)
      exchanges.push(client.exchange(upstream.endpoint, relayed(), 30_000))
    await arrived
  }
  for (const send of held) send()
  const replies = await Promise.all(exchanges)
  assert.deepEqual([replies.length, new Set(replies.map(reply => reply.length)).size], [HELD, 1])
})
