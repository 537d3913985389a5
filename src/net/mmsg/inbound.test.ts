// A batch of datagrams in shared memory: what lies where, and what is found of it after the death
// of the shard that received it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Datagram, FakeLibc, numberedDatagram } from '../../../test/fakes/fake-libc.ts'
import { datagramAt, shown } from '../../../test/fakes/loopback.ts'
import { MAX_UDP_QUERY_BYTES } from '../engine.ts'
import { Inbound } from './inbound.ts'
import {
  BATCH,
  datagramSequence,
  makeInboundMemory,
  SLOT_BYTES,
  unanswered,
} from './inbound-layout.ts'
import { recipientOf, senderOf } from './peers.ts'

const FD = 5

const setUp = (waiting: readonly Datagram[], wantsControl = false) => {
  const fake = new FakeLibc()
  const memory = makeInboundMemory()
  const inbound = new Inbound(fake.libc, memory)
  fake.waiting = [...waiting]
  return { fake, memory, inbound, count: inbound.receive(FD, wantsControl) }
}

const many = (count: number, local?: number): Datagram[] =>
  Array.from({ length: count }, (_, n) => numberedDatagram(n, local))
const seenIn = (inbound: Inbound, count: number): string[] =>
  Array.from({ length: count }, (_, n) => datagramAt(inbound, n).toHex())

test('a batch holds at most 64 datagrams, each with its sender; the rest waits', () => {
  const { inbound, count } = setUp(many(BATCH + 3))
  assert.equal(count, BATCH)
  for (let n = 0; n < count; n++) {
    assert.equal(datagramAt(inbound, n).toHex(), numberedDatagram(n).payload.toHex())
    assert.deepEqual(shown(senderOf(inbound, n)), {
      address: `192.0.2.${(20_000 + n) & 0xff}`,
      port: 20_000 + n,
      family: 4,
    })
    assert.equal(recipientOf(inbound, n, 53), undefined)
  }
  assert.equal(inbound.receive(FD, false), 3)
  assert.equal(datagramAt(inbound, 2).toHex(), numberedDatagram(BATCH + 2).payload.toHex())
})

test('every datagram begins at a word, and none reaches into the next', () => {
  const { inbound } = setUp([])
  for (let n = 0; n < BATCH; n++) assert.equal(inbound.offsetOf(n) % 4, 0)
  assert.equal(inbound.offsetOf(1) - inbound.offsetOf(0), SLOT_BYTES)
  assert.ok(inbound.offsetOf(BATCH - 1) + SLOT_BYTES <= inbound.bytes.length)
})

test('the address that was asked is there if it is wanted, and not from an earlier batch', () => {
  const { fake, inbound } = setUp(many(2, 9), true)
  assert.deepEqual(shown(recipientOf(inbound, 1, 53)), {
    address: '198.51.100.9',
    port: 53,
    family: 4,
  })
  fake.waiting = many(2, 9)
  inbound.receive(FD, false)
  assert.equal(recipientOf(inbound, 1, 53), undefined)
  fake.waiting = many(2)
  inbound.receive(FD, true)
  assert.equal(recipientOf(inbound, 1, 53), undefined)
})

test('nothing waits: -1, and nothing is left behind', () => {
  const { inbound, count, memory } = setUp([])
  assert.deepEqual([count, inbound.leftCount, unanswered(memory)], [-1, 0, undefined])
})

for (const [what, length, shown] of [
  ['the longest', MAX_UDP_QUERY_BYTES, MAX_UDP_QUERY_BYTES],
  ['one byte more', MAX_UDP_QUERY_BYTES + 1, MAX_UDP_QUERY_BYTES + 1],
  ['the longest of UDP', 65_507, MAX_UDP_QUERY_BYTES + 4],
  ['an empty one', 0, 0],
] as const)
  test(`a datagram of ${length} bytes, ${what}, shows as ${shown}`, () => {
    const large = { payload: new Uint8Array(length).fill(0xcc), port: 20_000 }
    const { inbound } = setUp([large, numberedDatagram(1)])
    assert.equal(inbound.lengthOf(0), shown)
    assert.equal(datagramAt(inbound, 1).toHex(), numberedDatagram(1).payload.toHex())
  })

test('what a dead shard left is found by its successor, senders and all', () => {
  const { memory } = setUp(many(5, 9), true)
  const successor = new Inbound(new FakeLibc().libc, memory)
  assert.deepEqual([successor.leftCount, successor.leftFd], [5, FD])
  assert.deepEqual(
    seenIn(successor, 5),
    many(5).map(({ payload }) => payload.toHex()),
  )
  assert.equal(senderOf(successor, 4).port, 20_004)
  assert.equal(recipientOf(successor, 4, 53)?.address, '198.51.100.9')
})

test('the successor receives where its predecessor did', () => {
  const { memory } = setUp(many(5))
  const fake = new FakeLibc()
  const successor = new Inbound(fake.libc, memory)
  successor.finish()
  fake.waiting = many(3)
  assert.equal(successor.receive(FD, false), 3)
  assert.deepEqual(
    seenIn(successor, 3),
    many(3).map(({ payload }) => payload.toHex()),
  )
})

test('a batch that is finished leaves nothing', () => {
  const { inbound, memory } = setUp(many(5))
  inbound.at(3)
  inbound.finish()
  assert.deepEqual([inbound.leftCount, unanswered(memory)], [0, undefined])
  assert.equal(new Inbound(new FakeLibc().libc, memory).leftCount, 0)
})

test('the datagram being answered is told, whatever its length', () => {
  const long = { payload: new Uint8Array(9000).fill(7), port: 1 }
  const { inbound, memory } = setUp([...many(3), long])
  for (let n = 0; n < 3; n++) {
    inbound.at(n)
    assert.equal(unanswered(memory)?.toHex(), numberedDatagram(n).payload.toHex())
  }
  inbound.at(3)
  assert.equal(unanswered(memory)?.length, MAX_UDP_QUERY_BYTES)
  assert.equal(unanswered(makeInboundMemory()), undefined)
})

test('a state that makes no sense is no batch', () => {
  const { memory } = setUp(many(3))
  const words = new Int32Array(memory)
  for (const count of [-1, BATCH + 1, 2 ** 31 - 1]) {
    words[0] = count
    assert.equal(new Inbound(new FakeLibc().libc, memory).leftCount, 0)
  }
  words[0] = 3
  for (const current of [-1, BATCH, 2 ** 31 - 1]) {
    words[2] = current
    assert.equal(unanswered(memory), undefined)
  }
})

test('turning to a datagram, also to the same one again, changes the sequence number', () => {
  const { inbound } = setUp(many(2))
  const seen = [0, 0, 1, -1].map(index => {
    inbound.at(index)
    return datagramSequence(inbound.words)
  })
  assert.deepEqual(seen, [1, 2, 3, 4])
})
