// A listener of a kind that does not exist yet, in memory: what it says of a message arrives in a
// plugin, and the server treats the message as its transport asks.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answer } from '../src/chain/answer/answer.ts'
import { isOfStreamShards, PLAIN_SERVING, type Scheme } from '../src/chain/listening.ts'
import type { Peer, Query } from '../src/chain/query/query.ts'
import {
  type ConnectionFacts,
  connectionFacts,
  type Transport,
  transportOf,
} from '../src/chain/query/transport.ts'
import type { Stage } from '../src/chain/stage/handler.ts'
import type { Connection, Receiver } from '../src/net/engine.ts'
import { compose } from '../src/shard/answer/chain.ts'
import { Binding, type BindingParts } from '../src/shard/listener.ts'
import { FLAG_TC, getFlags } from '../src/wire/header.ts'
import { fakeClock, fakeLogger, query } from './support/plugin-harness.ts'
import { noFault, shardWith } from './support/stage-shard.ts'

const CLIENT: Peer = { address: '192.0.2.53', port: 40_000, family: 4 }
const LOCAL: Peer = { address: '192.0.2.1', port: 443, family: 4 }
const LIMITS = { readMs: 1, writeMs: 2, idleMs: 3, maxQueries: 4 }

/** Answers with so many TXT records of 200 bytes, and keeps what it was asked. */
const teller = (records: number) => {
  const asked: Query[] = []
  const stage: Stage = {
    wrap: () => query => {
      asked.push(query)
      const rdata = new Uint8Array(201).fill(65).with(0, 200)
      const txt = { owner: query.question.wire, type: 16, ttlSeconds: 60, rdata }
      return answer(query, { answers: Array.from({ length: records }, () => txt) })
    },
  }
  return { stage, asked }
}

/** One connection of a listener in memory, which gives each message to the receiver. */
class MemoryConnection implements Connection {
  readonly facts: ConnectionFacts | undefined
  readonly #transport: Transport
  readonly #receiver: Receiver

  constructor(receiver: Receiver, transport: Transport, facts?: ConnectionFacts) {
    this.#receiver = receiver
    this.#transport = transport
    this.facts = facts
  }

  ask(bytes: Uint8Array, client = CLIENT): Promise<Uint8Array | undefined> {
    return new Promise(resolve =>
      this.#receiver.receive(
        bytes.slice(),
        this.#transport,
        client,
        LOCAL,
        resolve,
        undefined,
        this,
      ),
    )
  }
}

const listen = (label: string, records = 1) => {
  const { stage, asked } = teller(records)
  const setting = {
    clock: fakeClock(),
    log: fakeLogger([]),
    seed: [1, 2] as const,
    zones: ['.'],
    label,
  }
  const { dispatcher, at, path } = shardWith(compose([{ name: 'teller', stage }], noFault), setting)
  const served = {
    ...at,
    message: { index: 0, label, tcpLimits: LIMITS, ...PLAIN_SERVING, address: '', port: 443 },
  }
  const parts = { dispatcher, fastPath: path } as unknown as BindingParts
  return { receiver: new Binding(served, parts), asked }
}

const kinds: readonly {
  readonly transport: Transport
  readonly label: string
  readonly proto: 'udp' | 'tcp'
  readonly isDatagram: boolean
}[] = [
  { transport: 'udp', label: 'dns://:53', proto: 'udp', isDatagram: true },
  { transport: 'tcp', label: 'dns://:53', proto: 'tcp', isDatagram: false },
  { transport: 'tls', label: 'tls://:853', proto: 'tcp', isDatagram: false },
  { transport: 'quic', label: 'quic://:853', proto: 'udp', isDatagram: false },
  { transport: 'grpc', label: 'grpc://:443', proto: 'tcp', isDatagram: false },
  { transport: 'https', label: 'https://192.0.2.1:443', proto: 'tcp', isDatagram: false },
  { transport: 'https3', label: 'https3://:443', proto: 'udp', isDatagram: false },
]
for (const { transport, label, proto, isDatagram } of kinds) {
  test(`${transport}: label, protocol and limits arrive with the query`, async () => {
    const { receiver, asked } = listen(label, 20)
    const connection = new MemoryConnection(receiver, transport)
    const reply = await connection.ask(query('example.org.', 'TXT').bytes)
    const [came] = asked
    assert.deepEqual(
      [came?.listener.label, came?.transport, came?.proto, came?.isDatagram, came?.replyLimit],
      [label, transport, proto, isDatagram, isDatagram ? 512 : 65535],
    )
    assert.equal((getFlags(reply ?? assert.fail('silence'), 0) & FLAG_TC) !== 0, isDatagram)
    assert.deepEqual(receiver.tcpLimits, LIMITS)
  })

  test(`${transport}: a query from the echo port is ${isDatagram ? 'dropped' : 'answered'}`, async () => {
    const { receiver, asked } = listen(label)
    const echo = { ...CLIENT, port: 7 }
    const connection = new MemoryConnection(receiver, transport)
    const reply = await connection.ask(query('example.org.', 'TXT').bytes, echo)
    assert.deepEqual([reply === undefined, asked.length], isDatagram ? [true, 0] : [false, 1])
  })
}

const schemes: readonly [scheme: Scheme, transport: Transport, isOfStreams: boolean][] = [
  ['dns', 'tcp', false],
  ['tls', 'tls', true],
  ['https', 'https', true],
  ['grpc', 'grpc', true],
]
for (const [scheme, transport, isOfStreams] of schemes)
  test(`${scheme}:// comes over ${transport}, to ${isOfStreams ? 'stream shards' : 'the others'}`, () => {
    assert.deepEqual([transportOf(scheme), isOfStreamShards(scheme)], [transport, isOfStreams])
  })

test('facts of a connection arrive with each of its queries, and with what is made of them', async () => {
  const { receiver, asked } = listen('https://:443')
  const facts = connectionFacts({ sni: 'dns.example.org', alpn: 'h2', path: '/dns-query' })
  const connection = new MemoryConnection(receiver, 'https', facts)
  for (const type of ['TXT', 'A']) await connection.ask(query('example.org.', type).bytes)
  assert.deepEqual(
    asked.map(each => each.facts),
    [facts, facts],
  )
  assert.equal(asked[0]?.with({ type: 1 }).facts.sni, 'dns.example.org')
})

test('a connection without facts has none of them', async () => {
  const { receiver, asked } = listen('dns://:53')
  await new MemoryConnection(receiver, 'tcp').ask(query('example.org.').bytes)
  const { sni, alpn, path } = asked[0]?.facts ?? assert.fail('nothing was asked')
  assert.deepEqual([sni, alpn, path], [undefined, undefined, undefined])
})

test('facts as long as a client cares to make them are cut', () => {
  const long = 'x'.repeat(100_000)
  const { sni, alpn, path } = connectionFacts({ sni: long, alpn: long, path: long })
  assert.deepEqual([sni?.length, alpn?.length, path?.length], [1024, 1024, 1024])
})
