import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, replyTo } from '../../test/support/messages.ts'
import type { MessageLayout } from '../wire/layout.ts'
import { edit } from './edit.ts'
import { Reply } from './reply.ts'

/** The reply with a layout that counts how often it is asked. */
const counted = (reply: Reply): { reply: Reply; lookUps: () => number } => {
  let lookUps = 0
  const layout = new Proxy(reply.layout, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        lookUps++
        return value.apply(target, args) as unknown
      }
    },
  })
  return { reply: new Reply(reply.bytes, layout as MessageLayout), lookUps: () => lookUps }
}

const sizes: readonly { addresses: number; owner: string; most: number }[] = [
  { addresses: 2, owner: 'www.example.org.', most: 16 },
  { addresses: 2, owner: `${'x'.repeat(60)}.${'y'.repeat(60)}.example.org.`, most: 16 },
  { addresses: 2000, owner: 'www.example.org.', most: 8 * 2000 },
]
for (const { addresses, owner, most } of sizes) {
  test(`edit: order: ${addresses} addresses of ${owner} take ${most} look-ups at most`, () => {
    const answer = Array.from(
      { length: addresses },
      (_, n) => `${owner} 60 IN A 10.0.${n >> 8}.${n & 255}`,
    )
    const { reply, lookUps } = counted(replyTo(query(owner), { answer }))
    const backwards = Array.from(answer, (_, n) => addresses - 1 - n)
    const turned = edit(reply, { order: backwards })
    assert.ok(lookUps() <= most, `${lookUps()} look-ups`)
    const { layout, bytes } = turned
    assert.deepEqual(
      backwards.map(index => bytes[layout.rdataOffset(index) + 3]),
      answer.map((_, n) => n & 255),
    )
  })
}
