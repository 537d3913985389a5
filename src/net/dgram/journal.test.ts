// What becomes of queries that wait when a shard with node:dgram dies.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shown } from '../../../test/fakes/loopback.ts'
import { peerOf } from '../engine.ts'
import { JOURNAL_DATAGRAM_BYTES, makeInboundMemory } from '../mmsg/inbound-layout.ts'
import { NOT_NOTED } from '../mmsg/journal.ts'
import { DgramJournal, type Left } from './journal.ts'

const HERE = peerOf('192.0.2.53', 53)
const THERE = peerOf('2001:db8::53', 53)
const waiting = (n: number, local = HERE): Left => {
  const client =
    local === HERE ? peerOf(`198.51.100.${n}`, 40_000 + n) : peerOf(`2001:db8::${n}`, 40_000 + n)
  return { bytes: Uint8Array.of(0, n, ...new Uint8Array(n)), client, local }
}
const plain = ({ bytes, client, local }: Left) => ({
  bytes: [...bytes],
  client: shown(client),
  local: shown(local),
})
const byId = (a: Left, b: Left): number => a.bytes[1]! - b.bytes[1]!

test('a query that waits is taken up where it was received, with its client, and once only', () => {
  const memory = makeInboundMemory()
  const journal = new DgramJournal(memory)
  const queries = [waiting(1), waiting(2, THERE), waiting(3), waiting(4, THERE), waiting(5)]
  const [first = NOT_NOTED] = queries.map(query => journal.note(query, false))
  journal.settle(first)
  const successor = new DgramJournal(memory)
  assert.deepEqual(successor.takeUp(peerOf('192.0.2.54', 53)), [])
  assert.deepEqual(successor.takeUp(peerOf('192.0.2.53', 54)), [])
  assert.deepEqual(
    successor.takeUp(HERE).sort(byId).map(plain),
    [queries[2]!, queries[4]!].map(plain),
  )
  assert.deepEqual(
    successor.takeUp(THERE).sort(byId).map(plain),
    [queries[1]!, queries[3]!].map(plain),
  )
  assert.deepEqual(successor.takeUp(HERE), [])
  assert.deepEqual(new DgramJournal(memory).takeUp(HERE), [])
})

test('a query that waits when a second shard dies is given up: it may be what kills them', () => {
  const memory = makeInboundMemory()
  new DgramJournal(memory).note(waiting(1), false)
  const second = new DgramJournal(memory)
  for (const left of second.takeUp(HERE)) second.note(left, true)
  second.note(waiting(2), false)
  assert.deepEqual(new DgramJournal(memory).takeUp(HERE).map(plain), [plain(waiting(2))])
})

test('what is too long is not noted', () => {
  const memory = makeInboundMemory()
  const journal = new DgramJournal(memory)
  const long = { ...waiting(1), bytes: new Uint8Array(JOURNAL_DATAGRAM_BYTES + 1) }
  assert.equal(journal.note(long, false), NOT_NOTED)
  assert.deepEqual(new DgramJournal(memory).takeUp(HERE), [])
})
