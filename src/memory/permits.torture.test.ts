import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCrew, Tokens } from '../../test/fakes/crew.ts'
import type { PermitsWorld } from '../../test/fakes/permits-worker.ts'
import { Permits, permitWords, sweepPermits } from './permits.ts'

const SHARDS = 3
const LIMIT = 4
const ROWS = 16

test('Permits: with workers terminated at the limit, never more than the limit, and none lost', async () => {
  const words = new Int32Array(new SharedArrayBuffer((ROWS + permitWords(SHARDS)) * 4))
  const data: PermitsWorld = { words, rows: ROWS, shards: SHARDS, limit: LIMIT }
  const tokens = new Tokens(words, 0, LIMIT)
  const onExit = (me: number) => {
    tokens.bury(me)
    sweepPermits(words, ROWS, SHARDS, me)
  }
  const worker = new URL('../../test/fakes/permits-worker.ts', import.meta.url)
  assert.equal(
    await runCrew({
      worker,
      size: SHARDS,
      kills: 20,
      operationsPerKill: 4000,
      seed: 1,
      data,
      onExit,
    }),
    0,
  )
  const permits = new Permits(words, ROWS, SHARDS, 0, LIMIT)
  assert.equal(permits.inUse, 0)
  for (let n = 0; n < LIMIT; n++) assert.equal(permits.tryAcquire(), true)
  assert.equal(permits.tryAcquire(), false)
})
