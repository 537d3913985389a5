import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClaimsWorld } from '../../test/fakes/claims-worker.ts'
import { runCrew, Tokens } from '../../test/fakes/crew.ts'
import { CLAIM_WORDS, countClaims, sweepClaims } from './claims.ts'

const SHARDS = 3
const ENTRIES = 8
const KEYS = 6
const TABLE = 16

test('Claims: with workers terminated in mid-claim, one holder per key, nobody waits for ever, and no claim is stuck', async () => {
  const words = new Int32Array(new SharedArrayBuffer((TABLE + ENTRIES * CLAIM_WORDS) * 4))
  const data: ClaimsWorld = { words, table: TABLE, entries: ENTRIES, keys: KEYS }
  const tokens = new Tokens(words, 0, KEYS)
  const onExit = (me: number) => {
    tokens.bury(me)
    sweepClaims(words, TABLE, ENTRIES, me + 1)
  }
  const worker = new URL('../../test/fakes/claims-worker.ts', import.meta.url)
  assert.equal(
    await runCrew({
      worker,
      size: SHARDS,
      kills: 20,
      operationsPerKill: 4000,
      seed: 2,
      data,
      onExit,
    }),
    0,
  )
  assert.equal(countClaims(words, TABLE, ENTRIES), 0)
})
