// Of records.torture.test.ts: looks keys up for as long as it is told to, and counts values that
// are not whole.

import { workerData } from 'node:worker_threads'
import { beat } from '../../src/memory/heartbeat.ts'
import { RecordKey } from '../../src/records/reader.ts'
import { generator } from './crew.ts'
import { isWhole, keyBytes, readerOf } from './records-world.ts'
import { FOUND, MISSED, type ReaderWorld, STARTED, STOP, VIOLATIONS } from './torture-words.ts'

const BATCH = 32
const KIND = 1

const { ref, control, beats, me, keys, isHolding } = workerData as ReaderWorld
const reader = readerOf(ref)
const key = new RecordKey()
const names = Array.from({ length: keys }, (_, n) => keyBytes(n))
const below = generator(me + 1)

const find = (n: number): number => {
  const bytes = names[n] ?? new Uint8Array(0)
  return reader.find(KIND, key.set(bytes, 0, bytes.length))
}

const check = (entry: number, n: number): void => {
  const at = reader.valueAt(entry)
  const length = reader.valueBytes(entry)
  if (at + length > reader.bytes.length || !isWhole(reader.bytes, at, length, n))
    Atomics.add(control, VIOLATIONS, 1)
}

const held = isHolding ? find(0) : 0
Atomics.add(control, STARTED, 1)
Atomics.notify(control, STARTED)
while (Atomics.load(control, STOP) === 0) {
  for (let look = 0; look < BATCH; look++) {
    const n = below(keys)
    const entry = isHolding ? held : find(n)
    if (entry !== 0) check(entry, isHolding ? 0 : n)
    Atomics.add(control, entry === 0 ? MISSED : FOUND, 1)
  }
  if (!isHolding) beat(beats, 0, me)
}
