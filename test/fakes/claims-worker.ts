// Of claims.torture.test.ts: claims few keys in a tiny table, waits for those that others hold.

import { CLAIM_HELD, Claims } from '../../src/memory/claims.ts'
import { Tokens, work } from './crew.ts'

export interface ClaimsWorld {
  readonly words: Int32Array
  readonly table: number
  readonly entries: number
  readonly keys: number
}

/** Longer than any test: who is not woken makes the test fail by its time-out. */
const FOREVER_MS = 100_000

await work<ClaimsWorld>((me, { words, table, entries, keys }, below) => {
  const claims = new Claims(words, table, entries, me + 1)
  return () => {
    const key = below(keys)
    const ticket = claims.claim(key & 3, key)
    if (ticket === CLAIM_HELD && below(8) === 0)
      return claims.wait(key & 3, key, FOREVER_MS).then(() => true)
    if (ticket < 0) return true
    const tokens = new Tokens(words, key, 1)
    const token = tokens.take(me)
    if (token >= 0) tokens.give(token)
    claims.release(ticket)
    return token >= 0
  }
})
