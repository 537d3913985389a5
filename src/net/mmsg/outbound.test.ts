// Replies on their way out, with a scripted kernel: who gets which, in what order, and what becomes
// of those that cannot be sent.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeLibc, numberedDatagram, type SendResult } from '../../../test/fakes/fake-libc.ts'
import { C } from './abi.ts'
import { Inbound } from './inbound.ts'
import { BATCH, makeInboundMemory } from './inbound-layout.ts'
import { destinationOf, OUT_BYTES, Outbound } from './outbound.ts'

const FD = 7
const OTHER_FD = 8
const EPERM = 1

interface Setting {
  readonly queries?: number
  /** Whether the socket is a wildcard's. */
  readonly hasControl?: boolean
  readonly script?: SendResult[]
}

const setUp = ({ queries = 3, hasControl = false, script = [] }: Setting = {}) => {
  const fake = new FakeLibc()
  const unsent = { full: 0, refused: 0 }
  const inbound = new Inbound(fake.libc, makeInboundMemory())
  const outbound = new Outbound(fake.libc, {
    full: () => unsent.full++,
    refused: () => unsent.refused++,
  })
  fake.waiting = Array.from({ length: queries }, (_, n) =>
    numberedDatagram(n, hasControl ? n : undefined),
  )
  assert.equal(inbound.receive(FD, hasControl), queries)
  fake.script = script
  outbound.begin(FD)
  /** Answers query `index` with its own bytes, as the fast path does. */
  const take = (index: number): void => {
    const start = inbound.offsetOf(index)
    const length = inbound.lengthOf(index)
    outbound.bytes.set(inbound.bytes.subarray(start, start + length), outbound.at)
    outbound.take(length, inbound, index, hasControl)
  }
  const put = (index: number, reply: Uint8Array, fd = FD): void =>
    outbound.put(fd, reply, destinationOf(inbound, index, hasControl))
  return { fake, unsent, inbound, outbound, take, put }
}

/**
 * The queries whose replies went out, by number; each must have gone to its own client, from the
 * address that was asked.
 */
const answered = (fake: FakeLibc, hasControl = false): number[] =>
  fake.sent.map(({ fd, port, payload, local }) => {
    const n = port - 20_000
    assert.deepEqual(
      [fd, payload.toHex(), local],
      [FD, numberedDatagram(n).payload.toHex(), hasControl ? n : undefined],
    )
    return n
  })

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
const failed = (errno: number): SendResult => ({ errno })

test('replies go out together, in order, each to its client', () => {
  for (const hasControl of [false, true]) {
    const { fake, outbound, take } = setUp({ queries: 20, hasControl })
    for (const n of upTo(20)) take(n)
    assert.deepEqual(fake.calls, [])
    outbound.flush()
    assert.deepEqual([fake.calls, answered(fake, hasControl)], [[20], upTo(20)])
    outbound.flush()
    assert.deepEqual(fake.calls, [20])
  }
})

test('queries without a reply shift nothing', () => {
  const { fake, outbound, take } = setUp({ queries: 12, hasControl: true })
  const some = [1, 2, 5, 8, 11]
  for (const n of some) take(n)
  outbound.flush()
  assert.deepEqual(answered(fake, true), some)
})

test('a reply from a wildcard socket is followed by one that has no address to come from', () => {
  const { fake, outbound, take, inbound } = setUp({ queries: 2, hasControl: true })
  take(0)
  outbound.flush()
  outbound.bytes.set([9], outbound.at)
  outbound.take(1, inbound, 1, false)
  outbound.flush()
  assert.deepEqual(
    fake.sent.map(({ local }) => local),
    [0, undefined],
  )
})

test('64 replies go out by themselves', () => {
  const { fake, outbound, take } = setUp({ queries: BATCH })
  for (const n of upTo(BATCH)) take(n)
  assert.deepEqual([fake.calls, outbound.at], [[64], 0])
  for (const n of [3, 1]) take(n)
  outbound.flush()
  assert.deepEqual(
    [fake.calls, answered(fake)],
    [
      [64, 2],
      [...upTo(BATCH), 3, 1],
    ],
  )
})

const FAILURES: readonly {
  readonly what: string
  readonly script: SendResult[]
  readonly calls: readonly number[]
  readonly answered: readonly number[]
  readonly full?: number
  readonly refused?: number
  readonly waits?: number
}[] = [
  {
    what: 'a call that sends some is followed by one for the rest',
    script: [2, 1],
    calls: [5, 3, 2],
    answered: upTo(5),
  },
  {
    what: 'an interrupted call is made again, as often as it takes',
    script: [failed(C.EINTR), 1, ...Array.from({ length: 9 }, () => failed(C.EINTR))],
    calls: [5, 5, ...Array.from({ length: 10 }, () => 4)],
    answered: upTo(5),
  },
  {
    what: 'a full socket is waited for',
    script: [1, failed(C.EAGAIN), failed(C.ENOBUFS), failed(C.EAGAIN)],
    calls: [5, 4, 4, 4, 4],
    answered: upTo(5),
    waits: 3,
  },
  {
    what: 'a socket that stays full costs the reply, and no more waiting',
    script: [
      1,
      failed(C.EAGAIN),
      failed(C.EAGAIN),
      failed(C.EAGAIN),
      failed(C.EAGAIN),
      failed(C.EAGAIN),
      1,
    ],
    calls: [5, 4, 4, 4, 4, 3, 2, 1],
    answered: [0, 3, 4],
    full: 2,
    waits: 3,
  },
  {
    what: 'a reply that is refused costs no other',
    script: [failed(EPERM), 2, failed(EPERM)],
    calls: [5, 4, 2, 1],
    answered: [1, 2, 4],
    refused: 2,
  },
  {
    what: 'all may be refused',
    script: upTo(5).map(() => failed(EPERM)),
    calls: [5, 4, 3, 2, 1],
    answered: [],
    refused: 5,
  },
]

for (const {
  what,
  script,
  calls,
  answered: expected,
  full = 0,
  refused = 0,
  waits = 0,
} of FAILURES)
  test(what, () => {
    const { fake, unsent, outbound, take } = setUp({ queries: 5, script: [...script] })
    for (const n of upTo(5)) take(n)
    outbound.flush()
    assert.deepEqual(fake.calls, calls)
    assert.deepEqual(answered(fake), expected)
    assert.deepEqual(unsent, { full, refused })
    assert.deepEqual(fake.polled, Array(waits).fill(FD))
    assert.equal(outbound.at, 0)
  })

test('a reply from elsewhere is copied, and sent with the next flush', () => {
  const { fake, outbound, take, put } = setUp({ queries: 3, hasControl: true })
  take(0)
  const reply = numberedDatagram(2).payload.slice()
  put(2, reply)
  reply.fill(0)
  take(1)
  assert.deepEqual(fake.calls, [])
  outbound.flush()
  assert.deepEqual([fake.calls, answered(fake, true)], [[3], [0, 2, 1]])
})

test('a destination outlives its batch', () => {
  const { fake, outbound, inbound } = setUp({ queries: 3, hasControl: true })
  const kept = upTo(3).map(n => destinationOf(inbound, n, true))
  fake.waiting = upTo(3).map(n => numberedDatagram(100 + n, 100 + n))
  inbound.receive(FD, true)
  for (const [n, to] of kept.entries()) outbound.put(FD, numberedDatagram(n).payload, to)
  outbound.flush()
  assert.deepEqual(answered(fake, true), upTo(3))
})

for (const size of [OUT_BYTES, OUT_BYTES + 1, 65_535])
  test(`a reply of ${size} bytes`, () => {
    const { fake, outbound, take, put } = setUp({ queries: 4, hasControl: true })
    const reply = new Uint8Array(size + 2).fill(0xab).subarray(1, size + 1)
    take(0)
    put(1, reply)
    // What is too large for the batch goes alone, behind what was there before.
    assert.deepEqual(fake.calls, size > OUT_BYTES ? [1, 1] : [])
    take(2)
    take(3)
    outbound.flush()
    assert.deepEqual(fake.calls, size > OUT_BYTES ? [1, 1, 2] : [4])
    const [large] = fake.sent.splice(1, 1)
    assert.deepEqual([large?.port, large?.local, large?.payload.length], [20_001, 1, size])
    assert.ok(large?.payload.every(byte => byte === 0xab))
    assert.deepEqual(answered(fake, true), [0, 2, 3])
  })

test('replies of another socket send those that are there first', () => {
  const { fake, outbound, take, put } = setUp({ queries: 3 })
  take(0)
  take(1)
  put(2, Uint8Array.of(1), OTHER_FD)
  assert.deepEqual([fake.calls, answered(fake)], [[2], [0, 1]])
  outbound.begin(FD)
  assert.deepEqual(
    fake.sent.map(({ fd, port }) => [fd, port]),
    [
      [FD, 20_000],
      [FD, 20_001],
      [OTHER_FD, 20_002],
    ],
  )
})
