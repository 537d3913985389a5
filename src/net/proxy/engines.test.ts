// PROXY headers in datagrams, over real sockets: what both engines take from the same bytes, whose
// they say it is, and what a successor finds.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { askFor, makeEngine, replyTo, ScriptedReceiver } from '../../../test/fakes/engine.ts'
import { connected, idOf, replies, sendAll, withoutLibc } from '../../../test/fakes/loopback.ts'
import { HeaderMix, joined, v1Header, v2Header } from '../../../test/support/proxy-headers.ts'
import { freePorts } from '../../../test/support/server-process.ts'
import { CacheKey } from '../../cache/key.ts'
import type { ProxyServing } from '../../chain/listening.ts'
import { FastQuery } from '../../chain/query/fast-query.ts'
import { openUdp } from '../dgram/engine.ts'
import { DgramJournal } from '../dgram/journal.ts'
import { MAX_UDP_QUERY_BYTES } from '../engine.ts'
import { makeInboundMemory } from '../mmsg/inbound-layout.ts'
import { ProxyJudge } from './judge.ts'

const OPEN: ProxyServing = { allow: [], isOpen: true, policy: 'use' }
const NAMED = '192.0.2.1 40000'

interface Opened {
  readonly receiver: ScriptedReceiver
  readonly port: number
  /** Begins to receive. */
  start(): void
  /** Another one at the same place, with the same memory. */
  successor(): Promise<Opened>
}

const receiverFor = (serving: ProxyServing, receiver = new ScriptedReceiver()) => {
  const parts = { clock: { ms: () => 0 }, count: () => {}, warn: () => {} }
  receiver.proxy = new ProxyJudge(serving, parts)
  return receiver
}

const openMmsg = async (t: TestContext, serving: ProxyServing): Promise<Opened> => {
  const inbound = makeInboundMemory()
  const first = await makeEngine(t, { inbound })
  const opened = (running: typeof first): Opened => ({
    receiver: receiverFor(serving, running.receiver),
    port: running.port,
    start: () => running.engine.add(running.socket),
    successor: async () => opened(await makeEngine(t, { inbound, from: first })),
  })
  return opened(first)
}

const openDgram = async (t: TestContext, serving: ProxyServing): Promise<Opened> => {
  const memory = makeInboundMemory()
  const [port = 0] = await freePorts(1)
  const open = async (): Promise<Opened> => {
    const receiver = receiverFor(serving)
    const listener = await openUdp({ address: '127.0.0.1', port }, receiver, {
      query: new FastQuery(new CacheKey([1, 2])),
      recvBufferBytes: 1 << 20,
      counts: { batch: () => {}, full: () => {} },
      canReusePort: true,
      journal: new DgramJournal(memory),
      onError: text => assert.fail(text),
    })
    t.after(() => listener.close(0))
    return { receiver, port, start: () => {}, successor: open }
  }
  return open()
}

const ENGINES = {
  mmsg: { open: openMmsg, skip: withoutLibc },
  dgram: { open: openDgram, skip: false },
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await turnOfLoop()
}

const clientsOf = ({ slow }: ScriptedReceiver): string[] =>
  slow.map(({ client }) => `${client.address} ${client.port}`)

/** Headers of each length that the message can be unaligned by. */
const UNALIGNED = [0, 1, 2, 3, 4, 5].map(length => v2Header({ fields: new Uint8Array(length) }))

for (const [name, { open, skip }] of Object.entries(ENGINES))
  describe(`engine ${name}`, { skip, timeout: 20_000 }, () => {
    test('a message is the same, and its answer, wherever it begins', async t => {
      const { receiver, port, start } = await open(t, OPEN)
      start()
      const client = await connected(t, '127.0.0.1', port)
      const ways = ['fast', 'sync', 'async', 'fast'] as const
      const asked = UNALIGNED.flatMap((header, n) =>
        ways.map((way, k) => ({ header, message: askFor(way, n * 10 + k) })),
      )
      const answered = replies(client, asked.length)
      await sendAll(
        client,
        asked.map(({ header, message }) => joined(header, message)),
      )
      assert.deepEqual(
        (await answered).map(bytes => bytes.toHex()).sort(),
        asked.map(({ message }) => replyTo(message).toHex()).sort(),
      )
      assert.deepEqual(
        [...receiver.fastClients, ...clientsOf(receiver)],
        asked.map(() => NAMED),
      )
    })

    test('whose a query is, and that its answer goes to the sender', async t => {
      const { receiver, port, start } = await open(t, OPEN)
      start()
      const client = await connected(t, '127.0.0.1', port)
      const own = `127.0.0.1 ${client.address().port}`
      const v6 = v2Header({ source: '2001:db8::1', sourcePort: 7 })
      const cases = [
        { header: v2Header(), of: NAMED },
        { header: new Uint8Array(0), of: own },
        { header: v6, of: '2001:db8::1 7' },
        { header: v2Header({ command: 0 }), of: own },
        { header: v2Header(), of: NAMED },
        { header: v2Header({ family: 0 }), of: own },
        { header: v2Header({ source: '::ffff:192.0.2.1' }), of: NAMED },
      ]
      for (const way of ['fast', 'sync'] as const) {
        const answered = replies(client, cases.length)
        await sendAll(
          client,
          cases.map(({ header }, id) => joined(header, askFor(way, id))),
        )
        assert.deepEqual(
          (await answered).map(idOf),
          cases.map((_, id) => id),
        )
      }
      const expected = cases.map(({ of }) => of)
      assert.deepEqual([receiver.fastClients, clientsOf(receiver)], [expected, expected])
      assert.ok(receiver.slow.every(({ local }) => local.address === '127.0.0.1'))
    })

    test('what is not taken gets no answer, and what comes with it does', async t => {
      const { receiver, port, start } = await open(t, OPEN)
      start()
      const client = await connected(t, '127.0.0.1', port)
      const answered = replies(client, 2)
      await sendAll(client, [
        joined(v2Header({ protocol: 1 }), askFor('fast', 1)),
        v2Header().subarray(0, 20),
        joined(v2Header({ length: 1000 }), askFor('fast', 2)),
        joined(v1Header('PROXY TCP4 192.0.2.1 192.0.2.53 40000 53'), askFor('fast', 3)),
        askFor('fast', 4),
        joined(v2Header(), askFor('sync', 5)),
      ])
      assert.deepEqual((await answered).map(idOf).sort(), [4, 5])
      assert.equal(receiver.asked, 2)
    })

    test('sessions', async t => {
      const serving = { ...OPEN, sessions: { ttlMs: 1000, most: 10 } }
      const { receiver, port, start } = await open(t, serving)
      start()
      const [client, other] = await Promise.all([1, 2].map(() => connected(t, '127.0.0.1', port)))
      const ask = async (socket: typeof client, ...datagrams: Uint8Array[]): Promise<void> => {
        const answered = replies(socket!, 1)
        await sendAll(socket!, datagrams)
        await answered
      }
      await ask(client, v2Header(), askFor('fast', 1))
      await ask(client, askFor('sync', 2))
      await ask(other, askFor('fast', 3))
      assert.deepEqual(receiver.fastClients, [NAMED, `127.0.0.1 ${other!.address().port}`])
      assert.deepEqual(clientsOf(receiver), [NAMED])
    })

    test('a datagram that is too long carries a message that is too long', async t => {
      const { receiver, port, start } = await open(t, OPEN)
      const lengths: number[] = []
      receiver.fast = () => 0
      receiver.receive = (bytes, _, __, ___, respond) => {
        lengths.push(bytes.length)
        respond(undefined)
      }
      start()
      const client = await connected(t, '127.0.0.1', port)
      const header = v2Header()
      for (const length of [
        MAX_UDP_QUERY_BYTES,
        MAX_UDP_QUERY_BYTES + 1,
        MAX_UDP_QUERY_BYTES + header.length + 100,
        header.length,
        header.length + 5,
      ]) {
        const before = lengths.length
        const message = new Uint8Array(length - header.length).fill(7)
        await sendAll(client, [joined(header, message)])
        await until(() => lengths.length > before)
      }
      const tooLong = MAX_UDP_QUERY_BYTES + 1
      const [whole, ...rest] = lengths
      assert.equal(whole, MAX_UDP_QUERY_BYTES - header.length)
      assert.ok(
        rest.slice(0, 2).every(length => length >= tooLong),
        lengths.join(' '),
      )
      assert.deepEqual(rest.slice(2), [0, 5])
    })

    test('a successor reads the header again, and answers the sender', async t => {
      const first = await open(t, OPEN)
      first.start()
      const client = await connected(t, '127.0.0.1', first.port)
      await sendAll(client, [
        joined(v2Header({ fields: new Uint8Array(3) }), askFor('held', 1)),
        askFor('held', 2),
        joined(v2Header({ source: '2001:db8::1' }), askFor('held', 3)),
      ])
      await until(() => first.receiver.asked === 3)
      const second = await first.successor()
      second.start()
      await until(() => second.receiver.asked === 3)
      const own = `127.0.0.1 ${client.address().port}`
      assert.deepEqual(clientsOf(second.receiver).sort(), [own, NAMED, '2001:db8::1 40000'].sort())
      const answered = replies(client, 3)
      for (const send of second.receiver.held) send()
      assert.deepEqual((await answered).map(bytes => bytes.toHex()).sort(), [
        ...[1, 2, 3].map(id => replyTo(askFor('held', id)).toHex()),
      ])
    })
  })

const DATAGRAMS = 20_000
const PORTION = 100
const SENTINEL = Uint8Array.of(255, 238)

test('both engines take the same from any bytes', {
  skip: withoutLibc,
  timeout: 60_000,
}, async t => {
  const serving = { ...OPEN, sessions: { ttlMs: 1000, most: 10 } }
  const takenBy = async (open: typeof openMmsg): Promise<string[]> => {
    const { receiver, port, start } = await open(t, serving)
    const client = await connected(t, '127.0.0.1', port)
    const taken: string[] = []
    let portions = 0
    receiver.fast = () => 0
    receiver.receive = (bytes, _, from, __, respond) => {
      if (bytes.length === 2 && bytes[0] === 255) portions++
      const isNamed = from.isForeign !== undefined
      taken.push(`${isNamed ? `${from.address} ${from.port}` : 'sender'} ${bytes.toHex()}`)
      respond(undefined)
    }
    start()
    const mixed = new HeaderMix(1)
    for (let n = 1; n <= DATAGRAMS / PORTION; n++) {
      const datagrams = Array.from({ length: PORTION }, () => mixed.datagram())
      await sendAll(client, [...datagrams, SENTINEL])
      await until(() => portions === n)
    }
    return taken
  }
  const [byMmsg, byDgram] = await Promise.all([openMmsg, openDgram].map(takenBy))
  assert.deepEqual(byMmsg, byDgram)
  // Headers that name somebody, sound and damaged ones, are among them.
  const clients = new Set(byMmsg!.map(text => text.slice(0, text.indexOf(' '))))
  assert.ok(byMmsg!.length > DATAGRAMS / 4 && byMmsg!.length < DATAGRAMS, `${byMmsg!.length}`)
  assert.ok(clients.size > 10, `${clients.size}`)
})
