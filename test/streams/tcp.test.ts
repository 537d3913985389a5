// Answers of several messages over real TCP connections: their order, and what waits for clients
// that do not read.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { systemClock } from '../../src/base/time/clock.ts'
import { ServerError } from '../../src/chain/errors.ts'
import { ByteBudget, budgetWords, STREAM } from '../../src/memory/byte-budget.ts'
import { CONNECTION_BYTES } from '../../src/net/engine.ts'
import { openStream } from '../../src/net/stream/listener.ts'
import { TcpRoom } from '../../src/net/tcp/room.ts'
import { FrameReader, frame } from '../../src/wire/frames.ts'
import { query, show } from '../support/plugin-harness.ts'
import {
  axfr,
  boom,
  endless,
  MIB,
  many,
  numbers,
  streamingStage,
  until,
  type World,
  world,
} from '../support/streaming-shard.ts'

const LIMIT = { timeout: 30_000 }

interface Tcp {
  readonly port: number
  readonly room: TcpRoom
  /** Bytes of the budget that are held, beside those of the connections themselves. */
  used(): number
}

const overTcp = async (
  t: TestContext,
  { receiver }: World,
  budgetBytes = 16 * MIB,
): Promise<Tcp> => {
  const budget = new ByteBudget(new Int32Array(budgetWords(1)), 0, 1, 0, budgetBytes)
  const counts = { connected: () => {}, stalled: () => {}, cut: () => {}, handshake: () => {} }
  const room = new TcpRoom(100, budget, systemClock, counts)
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  const options = { room, canReusePort: false, onError: (text: string) => assert.fail(text) }
  const listener = await openStream({ address: '127.0.0.1', port }, receiver, options)
  t.after(() => listener.close(0))
  return { port, room, used: () => budget.used(STREAM) - room.connections * CONNECTION_BYTES }
}

const dial = async (t: TestContext, { port }: Tcp) => {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  t.after(() => void socket.destroy())
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  const messages: Uint8Array[] = []
  const reader = new FrameReader()
  const read = (): void =>
    void socket.on('data', (chunk: Uint8Array) =>
      messages.push(...reader.all(new Uint8Array(chunk))),
    )
  return { socket, messages, read, closed }
}

test(
  'TCP: large messages arrive whole and in order, and other questions are answered between',
  LIMIT,
  async t => {
    const { stage, fate } = streamingStage(many(90, 50_000))
    const tcp = await overTcp(t, world([stage]))
    const client = await dial(t, tcp)
    client.read()
    client.socket.write(frame(axfr.bytes))
    await until(() => fate.asked > 0)
    client.socket.write(frame(query('example.org.', 'TXT').bytes))
    await until(() => client.messages.length === 91)
    const got = numbers(client.messages)
    assert.deepEqual(
      got.filter(number => number !== 99),
      Array.from({ length: 90 }, (_, n) => n),
    )
    await until(() => tcp.used() === 0)
  },
)

test(
  'TCP: of a client that does not read no more is asked for than fits, until it reads',
  LIMIT,
  async t => {
    const { stage, fate } = streamingStage(many(1000, 60_000))
    const tcp = await overTcp(t, world([stage]))
    const client = await dial(t, tcp)
    client.socket.pause()
    client.socket.write(frame(axfr.bytes))
    let most = 0
    for (let before = -1; before !== fate.asked || tcp.used() < 64 * 1024; ) {
      before = fate.asked
      for (let n = 0; n < 50; n++) {
        await turnOfLoop()
        most = Math.max(most, tcp.used())
      }
    }
    assert.ok(fate.asked < 1000, `${fate.asked} asked for`)
    // What was unsent, one message more, and the buffer of 128 KiB that it lies in.
    assert.ok(most < 512 * 1024, `${most} bytes`)
    client.read()
    client.socket.resume()
    await until(() => client.messages.length === 1000)
    assert.deepEqual(numbers(client.messages.slice(-1)), [999])
    await until(() => tcp.used() === 0)
  },
)

test('TCP: a client that leaves while it does not read', LIMIT, async t => {
  const { stage, fate } = streamingStage(endless)
  const tcp = await overTcp(t, world([stage]))
  const client = await dial(t, tcp)
  client.socket.pause()
  client.socket.write(frame(axfr.bytes))
  await until(() => tcp.used() > 64 * 1024)
  client.socket.resetAndDestroy()
  await until(() => fate.open === 0 && tcp.room.connections === 0)
  assert.equal(tcp.used(), 0)
})

test('TCP: a stream that breaks off ends the connection', LIMIT, async t => {
  const { stage } = streamingStage(query => boom(query, 2, () => new ServerError('DISK', 'bad')))
  const tcp = await overTcp(t, world([stage]))
  const client = await dial(t, tcp)
  client.read()
  client.socket.write(frame(axfr.bytes))
  await client.closed
  assert.ok(client.messages.length <= 2)
  await until(() => tcp.room.connections === 0)
})

test('TCP: the streams of one connection are sent one after the other', LIMIT, async t => {
  const { stage, fate } = streamingStage(many(20, 30_000))
  const tcp = await overTcp(t, world([stage]), 2 * MIB)
  const client = await dial(t, tcp)
  client.read()
  const ids = [1, 2, 3, 4]
  client.socket.end(
    Buffer.concat(ids.map(id => frame(query('example.org.', 'AXFR', { id }).bytes))),
  )
  await until(() => client.messages.length === 80)
  await client.closed
  for (const id of ids)
    assert.deepEqual(
      numbers(client.messages.filter(bytes => show(bytes).id === id)),
      Array.from({ length: 20 }, (_, n) => n),
    )
  assert.equal(fate.open, 0)
  await until(() => tcp.used() === 0 && tcp.room.connections === 0)
})

test('TCP: many clients that do not read are held to the budget', LIMIT, async t => {
  const { stage, fate } = streamingStage(endless)
  const tcp = await overTcp(t, world([stage]), MIB)
  const clients = await Promise.all(Array.from({ length: 12 }, () => dial(t, tcp)))
  for (const { socket } of clients) {
    socket.pause()
    for (let id = 1; id <= 5; id++) socket.write(frame(query('example.org.', 'AXFR', { id }).bytes))
  }
  let most = 0
  for (let before = -1; before !== fate.asked; ) {
    before = fate.asked
    for (let n = 0; n < 200; n++) {
      await turnOfLoop()
      most = Math.max(most, tcp.used())
    }
  }
  assert.ok(most < 2 * MIB, `${most} bytes`)
  for (const { socket } of clients) socket.destroy()
  await until(() => tcp.room.connections === 0 && fate.open === 0)
  assert.equal(tcp.used(), 0)
})
