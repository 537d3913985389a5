// Floods of raw frames on one connection: it is ended soon, memory stays bounded, and a client
// beside it is answered.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectH2 } from 'node:http2'
import { type TestContext, test } from 'node:test'
import {
  dialRaw,
  type HttpWorld,
  http2Frame,
  openHttp,
  PREFACE,
  pour,
  requestFields,
} from '../../../test/support/http-world.ts'

const LIMIT = { timeout: 60_000 }
const MIB = 1024 * 1024
const FRAMES = 100_000
const FIELDS = requestFields('GET', `/dns-query?dns=${Buffer.alloc(30).toString('base64url')}`)
const POST_FIELDS = requestFields('POST', '/dns-query')

const HEADERS = 1
const END_STREAM = 1
const END_HEADERS = 4

const get = (stream: number): Buffer =>
  http2Frame(HEADERS, END_STREAM | END_HEADERS, stream, FIELDS)
const ENHANCE_YOUR_CALM = 11

interface Flood {
  readonly name: string
  readonly frame: (index: number) => Uint8Array
  /** Codes of the GOAWAY that may come. */
  readonly codes: readonly number[]
  readonly isCut?: true
}

const floods: Flood[] = [
  {
    name: 'rapid reset',
    frame: n => Buffer.concat([get(2 * n + 1), http2Frame(3, 0, 2 * n + 1, Buffer.alloc(4, 8))]),
    codes: [2, ENHANCE_YOUR_CALM],
  },
  { name: 'PING', frame: () => http2Frame(6, 0, 0, Buffer.alloc(8)), codes: [11], isCut: true },
  {
    name: 'PING that acknowledges',
    frame: () => http2Frame(6, 1, 0, Buffer.alloc(8)),
    codes: [1, 2, 11],
  },
  {
    name: 'SETTINGS',
    frame: () => http2Frame(4, 0, 0, Buffer.from([0, 3, 0, 0, 0, 100])),
    codes: [11],
    isCut: true,
  },
  {
    name: 'CONTINUATION',
    frame: n =>
      n === 0
        ? http2Frame(HEADERS, END_STREAM, 1, FIELDS)
        : http2Frame(9, 0, 1, Buffer.from([0x40, 1, 0x61, 1, 0x62])),
    codes: [2, 6, 11],
  },
  {
    name: 'WINDOW_UPDATE',
    frame: () => http2Frame(8, 0, 0, Buffer.from([0, 0, 0, 1])),
    codes: [11, 3],
    isCut: true,
  },
  {
    name: 'PRIORITY',
    frame: n => http2Frame(2, 0, 2 * (n % 50) + 1, Buffer.from([0, 0, 0, 0, 1])),
    codes: [11],
  },
  { name: 'unknown frames', frame: () => http2Frame(0x77, 0, 0, Buffer.alloc(4)), codes: [11] },
  {
    name: 'empty DATA',
    frame: n => (n === 0 ? http2Frame(HEADERS, END_HEADERS, 1, POST_FIELDS) : http2Frame(0, 0, 1)),
    codes: [0, 1, 2, 11],
  },
  {
    name: 'DATA of one byte',
    frame: n =>
      n === 0
        ? http2Frame(HEADERS, END_HEADERS, 1, POST_FIELDS)
        : http2Frame(0, 0, 1, Buffer.alloc(1)),
    codes: [0, 1, 2, 3, 5, 11],
  },
  {
    name: 'a frame that is too long',
    frame: () => http2Frame(0, 0, 1, new Uint8Array(17_000)),
    codes: [6],
  },
  { name: 'a stream that is used again', frame: () => get(1), codes: [1, 2, 5, 11] },
]

const healthy = async (t: TestContext, { port }: HttpWorld): Promise<() => Promise<void>> => {
  const session: ClientHttp2Session = connectH2(`http://127.0.0.1:${port}`)
  t.after(() => session.destroy())
  await once(session, 'connect')
  return async () => {
    const stream = session.request({ ':path': `/dns-query?dns=${'AAAA'.repeat(10)}` })
    stream.resume()
    const [head] = await once(stream, 'response')
    assert.equal(head[':status'], 200)
    await once(stream, 'close')
  }
}

for (const { name, frame, codes, isCut } of floods)
  test(`flood: ${name}`, LIMIT, async t => {
    const world = await openHttp(t)
    const ask = await healthy(t, world)
    const client = await dialRaw(t, world.port)
    client.socket.write(PREFACE)
    const before = process.memoryUsage().rss
    let isOver = false
    const poured = pour(client, frame, FRAMES).finally(() => {
      isOver = true
    })
    while (!isOver) await ask()
    await poured
    await client.closed
    await ask()
    const code = client.goaway()
    assert.ok(code === undefined || codes.includes(code), `GOAWAY ${code}`)
    if (isCut) assert.deepEqual(world.cuts, ['flood'])
    assert.ok(process.memoryUsage().rss - before < 64 * MIB)
    assert.equal(world.room.connections, 1, 'the healthy one')
  })

test('flood: requests whose answers are not read', LIMIT, async t => {
  const answer = new Uint8Array(20_000)
  const world = await openHttp(t, {
    answer: (_, respond) => respond(answer),
    limits: { writeMs: 200 },
  })
  const ask = await healthy(t, world)
  const client = await dialRaw(t, world.port)
  // A window of nothing for each stream.
  client.socket.write(
    Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]))]),
  )
  for (let n = 0; n < 200; n++) client.socket.write(get(2 * n + 1))
  await client.closed
  assert.ok(world.asked.length <= 4, `${world.asked.length} were answered`)
  await ask()
})

test('flood: requests that never end are taken back, and charged until then', LIMIT, async t => {
  const world = await openHttp(t, { limits: { readMs: 100 }, budgetBytes: 4 * MIB })
  const clients = await Promise.all(Array.from({ length: 20 }, () => dialRaw(t, world.port)))
  for (const { socket } of clients) {
    socket.write(PREFACE)
    for (let n = 0; n < 240; n++)
      socket.write(http2Frame(HEADERS, END_HEADERS, 2 * n + 1, POST_FIELDS))
  }
  await Promise.all(clients.map(({ closed }) => closed))
  assert.ok(world.stalls() > 0, 'there was no room for all')
  while (world.room.connections > 0) await new Promise(resolve => setImmediate(resolve))
  assert.equal(world.used(), 0)
  assert.equal(world.asked.length, 0)
})

test('flood: pipelined requests beyond what one connection may have', LIMIT, async t => {
  const world = await openHttp(t, { answer: 'later' })
  const client = await dialRaw(t, world.port)
  client.socket.write('GET /dns-query?dns=AAAA HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000))
  await client.closed
  assert.deepEqual(world.cuts, ['flood'])
  assert.ok(world.asked.length <= 16)
})

test('flood: empty lines over HTTP/1.1', LIMIT, async t => {
  const world = await openHttp(t)
  const ask = await healthy(t, world)
  const client = await dialRaw(t, world.port)
  client.socket.write('GET /dns-query?dns=AAAA HTTP/1.1\r\nHost: x\r\n\r\n')
  let isOver = false
  const poured = pour(client, () => Buffer.from('\r\n'.repeat(100)), FRAMES).finally(() => {
    isOver = true
  })
  while (!isOver) await ask()
  await poured
  await client.closed
  assert.deepEqual(world.cuts, ['flood'])
})
