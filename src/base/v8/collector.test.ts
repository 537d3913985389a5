import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passingBytes } from './collector.ts'

const MESSAGE_BYTES = 60_000

/** Bytes of typed arrays that are not collected, at most, while `count` messages become garbage. */
const mostHeld = (count: number, passing: (bytes: number) => void): number => {
  let most = 0
  for (let n = 0; n < count; n++) {
    new Uint8Array(MESSAGE_BYTES).fill(n)
    passing(MESSAGE_BYTES)
    if (n % 50 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers)
  }
  return most
}

test('the garbage of long messages is collected before it is much', () => {
  const MIB = 1024 * 1024
  const most = mostHeld(3000, passingBytes)
  assert.ok(most < 16 * MIB, `${most / MIB} MiB of ${(3000 * MESSAGE_BYTES) / MIB}`)
})
