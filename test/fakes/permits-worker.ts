// Of permits.torture.test.ts: takes and gives back permits at the limit.

import { Permits } from '../../src/memory/permits.ts'
import { Tokens, work } from './crew.ts'

export interface PermitsWorld {
  readonly words: Int32Array
  readonly rows: number
  readonly shards: number
  readonly limit: number
}

await work<PermitsWorld>((me, { words, rows, shards, limit }, below) => {
  const permits = new Permits(words, rows, shards, me, limit)
  const tokens = new Tokens(words, 0, limit)
  return () => {
    const held: number[] = []
    for (let n = 1 + below(3); n > 0; n--) if (permits.tryAcquire()) held.push(tokens.take(me))
    const isWell = !held.includes(-1)
    for (const token of held) {
      if (token >= 0) tokens.give(token)
      permits.release()
    }
    return isWell
  }
})
