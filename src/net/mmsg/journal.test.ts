// What becomes of queries that wait when a shard dies.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askFor, makeEngine, replyTo } from '../../../test/fakes/engine.ts'
import { type Datagram, FakeLibc, numberedDatagram } from '../../../test/fakes/fake-libc.ts'
import {
  connected,
  datagramAt,
  mortalLibc,
  replies,
  sendAll,
  withoutLibc,
} from '../../../test/fakes/loopback.ts'
import { Inbound } from './inbound.ts'
import { JOURNAL_DATAGRAM_BYTES, JOURNAL_ENTRIES, makeInboundMemory } from './inbound-layout.ts'
import { Journal, NOT_NOTED } from './journal.ts'
import { senderOf } from './peers.ts'

const FD = 7
const LIMIT = { timeout: 20_000, skip: withoutLibc }

const setUp = (waiting: readonly Datagram[]) => {
  const fake = new FakeLibc()
  const memory = makeInboundMemory()
  const inbound = new Inbound(fake.libc, memory)
  fake.waiting = [...waiting]
  inbound.receive(FD, false)
  return { fake, memory, inbound, journal: new Journal(inbound.words) }
}

/**
 * What a successor over the same memory takes up: descriptors and datagrams. It notes each again if
 * `waits`.
 */
const takeUpAll = (inbound: Inbound, waits: boolean): string[] => {
  const journal = new Journal(inbound.words)
  const taken: string[] = []
  while (journal.hasLeft) {
    journal.takeUp(inbound, fd => {
      const { address, port } = senderOf(inbound, 0)
      taken.push(`${fd} ${address} ${port} ${datagramAt(inbound, 0).toHex()}`)
      if (waits) journal.note(inbound, 0, fd)
    })
  }
  return taken
}

test('a query that waits is taken up by the successor, with its sender, and once only', () => {
  const { inbound, journal } = setUp([0, 1, 2].map(n => numberedDatagram(n)))
  const [first = NOT_NOTED] = [0, 1, 2].map(index => journal.note(inbound, index, FD))
  journal.settle(first)
  const expected = [1, 2].map(
    n =>
      `${FD} 192.0.2.${(20_000 + n) & 0xff} ${20_000 + n} ${numberedDatagram(n).payload.toHex()}`,
  )
  assert.deepEqual(takeUpAll(inbound, true).sort(), expected.sort())
  assert.deepEqual(takeUpAll(inbound, true), [])
})

test('a query that was answered leaves nothing, and its entry is used again', () => {
  const { inbound, journal } = setUp([numberedDatagram(0)])
  for (let n = 0; n < 3 * JOURNAL_ENTRIES; n++) {
    const entry = journal.note(inbound, 0, FD)
    assert.notEqual(entry, NOT_NOTED)
    journal.settle(entry)
  }
  assert.deepEqual(takeUpAll(inbound, false), [])
})

test('what has no room is not noted', () => {
  const { inbound, journal } = setUp([numberedDatagram(0)])
  for (let n = 0; n < JOURNAL_ENTRIES; n++) assert.notEqual(journal.note(inbound, 0, FD), NOT_NOTED)
  assert.equal(journal.note(inbound, 0, FD), NOT_NOTED)
  journal.settle(NOT_NOTED)
  const long = setUp([
    { ...numberedDatagram(0), payload: new Uint8Array(JOURNAL_DATAGRAM_BYTES + 1) },
  ])
  assert.equal(long.journal.note(long.inbound, 0, FD), NOT_NOTED)
})

test('nonsense in the memory is survived', () => {
  const { inbound } = setUp([])
  for (const value of [1, -1, 0x7fffffff]) {
    inbound.words.fill(value)
    inbound.words[0] = 0
    assert.doesNotThrow(() => takeUpAll(inbound, false))
  }
})

test(
  'an engine takes up what waited in its predecessor; the successor after that does not',
  LIMIT,
  async t => {
    const inbound = makeInboundMemory()
    const first = await makeEngine(t, { inbound, libc: mortalLibc() })
    first.engine.add(first.socket)
    const client = await connected(t, '127.0.0.1', first.port)
    const queries = [askFor('held', 1), askFor('held', 2), askFor('fast', 3)]
    const answered = replies(client, 1)
    await sendAll(client, queries)
    await answered
    while (first.receiver.held.length < 2) await new Promise(setImmediate)
    await first.engine.remove(first.socket, 0)

    const second = await makeEngine(t, { inbound, from: first, libc: mortalLibc() })
    second.engine.add(second.socket)
    while (second.receiver.held.length < 2) await new Promise(setImmediate)
    const late = replies(client, 1)
    second.receiver.held[0]?.()
    const [reply] = await late
    assert.ok(queries.some(query => Buffer.from(replyTo(query)).equals(Buffer.from(reply ?? []))))
    await second.engine.remove(second.socket, 0)

    const third = await makeEngine(t, { inbound, from: first })
    third.engine.add(third.socket)
    const alive = replies(client, 1)
    await sendAll(client, [askFor('fast', 4)])
    await alive
    assert.deepEqual(third.receiver.slow, [])
  },
)
