import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Waiting } from '../chain/query/query.ts'
import { ByteBudget, budgetWords, DATAGRAM, STREAM } from '../memory/byte-budget.ts'
import { peerOf, underWayBytes } from './engine.ts'
import { WaitingRoom } from './waiting-room.ts'

const MIB = 1024 * 1024
const QUERY_BYTES = 50

const make = (limitBytes = 8 * MIB, seed = 1) => {
  const budget = new ByteBudget(new Int32Array(budgetWords(1)), 0, 1, 0, limitBytes)
  let refused = 0
  const room = new WaitingRoom(budget, [seed, 2], () => refused++)
  /** As many queries as find room, `most` at most. */
  const fill = (address: string, most: number): Waiting[] => {
    const waiting: Waiting[] = []
    while (waiting.length < most) {
      const query = room.admit(peerOf(address, 1000), QUERY_BYTES)
      if (!query.tryWait()) break
      waiting.push(query)
    }
    return waiting
  }
  const ask = (address: string): boolean => fill(address, 1).length === 1
  return { budget, room, fill, ask, refused: () => refused }
}

test('a query holds nothing until it waits, once while it waits, and nothing afterwards', () => {
  const { budget, room } = make()
  const query = room.admit(peerOf('192.0.2.1', 1), QUERY_BYTES)
  assert.equal(budget.used(DATAGRAM), 0)
  assert.deepEqual([query.tryWait(), query.tryWait()], [true, true])
  query.wait()
  assert.equal(budget.used(DATAGRAM), underWayBytes(QUERY_BYTES, 'udp'))
  query.leave()
  query.leave()
  assert.equal(budget.used(DATAGRAM), 0)
  // A prefetch in its name, after its answer.
  query.wait()
  assert.equal(query.tryWait(), true)
  assert.equal(budget.used(DATAGRAM), 0)
})

test('one client has half of the budget, another the room that is left to it', () => {
  const { fill, ask, refused } = make()
  const flood = fill('192.0.2.1', 10_000)
  const mine = flood.length * underWayBytes(QUERY_BYTES, 'udp')
  assert.ok(mine > 3.9 * MIB && mine < 4.1 * MIB, `${mine}`)
  assert.equal(refused(), 1)
  assert.equal(ask('192.0.2.2'), true)
  assert.equal(fill('192.0.2.3', 100).length, 100)
  assert.equal(ask('192.0.2.1'), false)
  for (const query of flood) query.leave()
  assert.equal(ask('192.0.2.1'), true)
})

test('of IPv6 a /64 is one client', () => {
  const { fill, ask } = make()
  fill('2001:db8::1', 10_000)
  assert.equal(ask('2001:db8::2'), false)
  assert.equal(ask('2001:db8:0:1::2'), true)
})

test('two hundred clients that take all they get do not speak for another', () => {
  const addresses = (net: number, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `2001:db8:${net}:${n.toString(16)}::1`)
  for (let seed = 1; seed <= 10; seed++) {
    const { fill, refused } = make(16 * MIB, seed)
    for (let round = 0; round < 20; round++) for (const flood of addresses(0, 200)) fill(flood, 1)
    assert.ok(refused() >= 200, 'each has what it gets')
    const before = refused()
    for (const other of addresses(1, 100)) for (const query of fill(other, 2)) query.leave()
    assert.equal(refused() - before, 0, `seed ${seed}`)
  }
})

test('many clients cannot take what is kept for this machine', () => {
  const { fill, ask } = make()
  for (let n = 0; n < 256; n++) fill(`198.51.100.${n}`, 8)
  assert.equal(ask('203.0.113.1'), false)
  assert.equal(ask('127.0.0.1'), true)
  assert.equal(ask('::1'), true)
})

test('streams that hold all that they may leave room for datagrams', () => {
  const { budget, ask } = make()
  budget.take(STREAM, 6 * MIB)
  assert.equal(ask('192.0.2.1'), true)
})

test('what waits unasked is charged whatever the limit, and keeps others out until it is answered', () => {
  const { room, fill } = make(MIB)
  const waiting = Array.from({ length: 200 }, (_, n) =>
    room.admit(peerOf(`198.51.100.${n}`, 1), QUERY_BYTES),
  )
  for (const query of waiting) query.wait()
  // What is left of a lot, at most.
  assert.ok(fill('192.0.2.1', 50).length <= 2)
  for (const query of waiting) query.leave()
  assert.equal(fill('192.0.2.2', 20).length, 20)
})

test('the room for clients of this machine is not for those that a proxy elsewhere names', () => {
  const { budget, room, fill } = make()
  fill('192.0.2.1', 10_000)
  // Up to where only clients of this machine find room.
  while (budget.tryTake(STREAM, QUERY_BYTES, false));
  const tries = (isForeign: boolean): boolean =>
    room.admit({ ...peerOf('127.0.0.1', 1), isForeign }, QUERY_BYTES).tryWait()
  assert.deepEqual([tries(true), tries(false)], [false, true])
})
