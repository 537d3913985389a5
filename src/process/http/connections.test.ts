import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { FakeMetrics } from '../../../test/fakes/fake-metrics.ts'
import { makeLogger } from '../../log/log.ts'
import { connectionLimits, HttpEndpoints } from './endpoints.ts'

const ADDRESS = '127.0.0.1:0'
const BODY = Buffer.alloc(64 * 1024, 'x')
const REQUEST = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n'
const LIMITS = { connections: 64, burst: 128, unreadBytes: 10 * BODY.length }

interface Served {
  readonly port: number
  readonly closed: (reason: string) => number
  readonly churned: () => number
  readonly responded: () => number
}

const serve = async (t: TestContext, limits = LIMITS): Promise<Served> => {
  const metrics = new FakeMetrics()
  let churned = 0
  let responded = 0
  const log = makeLogger({ raw() {} }, '', () => false)
  const endpoints = new HttpEndpoints({ log, metrics, collectChurn: () => churned++, limits })
  t.after(() => endpoints.close())
  const route = (path: string, body: string | Uint8Array) => ({
    address: ADDRESS,
    path,
    onBindFailure: 'fatal' as const,
    respond: async () => {
      responded++
      return { status: 200, contentType: 'text/plain', body }
    },
  })
  const prepared = await endpoints.prepare([route('/health', 'OK'), route('/metrics', BODY)])
  prepared.commit()
  const closed = (reason: string) =>
    metrics.counterValue(new Int32Array(0), 'shardns_http_connections_closed_total', { reason })
  return {
    port: endpoints.boundPort(ADDRESS) ?? 0,
    closed,
    churned: () => churned,
    responded: () => responded,
  }
}

/** A client's connection, closed when the test ends. `from` is its loopback address. */
const open = (t: TestContext, port: number, from = '127.0.0.1'): Socket => {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  return socket
}

/** However it ends. */
const closing = (socket: Socket): Promise<void> => {
  socket.resume()
  return new Promise(resolve => socket.once('close', () => resolve()))
}

/** Status of a fresh request, or why there was none. */
const probe = async (port: number, path = '/health', from = '127.0.0.1'): Promise<unknown> => {
  const asked = request({ host: '127.0.0.1', localAddress: from, port, path, agent: false })
  asked.end()
  try {
    const [response] = await once(asked, 'response')
    let bytes = 0
    for await (const chunk of response) bytes += chunk.length
    return path === '/metrics' && bytes !== BODY.length
      ? `cut after ${bytes} bytes`
      : response.statusCode
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

const attacks: { name: string; addresses: number; send: (socket: Socket) => void }[] = [
  { name: 'silent', addresses: 1, send() {} },
  { name: 'silent', addresses: 100, send() {} },
  {
    name: 'in the middle of their headers',
    addresses: 1,
    send: socket => socket.write('GET /health HTTP/1.1\r\nHost: x\r\nX: y'),
  },
  {
    name: 'in the middle of their headers',
    addresses: 100,
    send: socket => socket.write('GET /health HTTP/1.1\r\nX: y'),
  },
  { name: 'idle after a request', addresses: 1, send: socket => socket.write(REQUEST) },
  {
    name: 'not reading what they ask for',
    addresses: 1,
    send: socket => socket.pause().write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'),
  },
  {
    name: 'not reading what they ask for',
    addresses: 100,
    send: socket => socket.pause().write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'),
  },
  {
    name: 'sending requests ahead',
    addresses: 1,
    send: socket => socket.pause().write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100)),
  },
]
for (const { name, addresses, send } of attacks)
  test(`300 connections from ${addresses} addresses, ${name}, reopened when closed: each probe is answered`, async t => {
    const { port } = await serve(t)
    const sockets = new Set<Socket>()
    let isOver = false
    let opened = 0
    const attack = (index: number): void => {
      if (isOver || opened++ > 1000) return
      const socket = open(t, port, `127.0.0.${2 + (index % addresses)}`)
      sockets.add(socket)
      socket.once('connect', () => send(socket))
      socket.once('close', () => {
        sockets.delete(socket)
        attack(index)
      })
      if (!name.startsWith('not') && !name.startsWith('sending')) socket.resume()
    }
    for (let index = 0; index < 300; index++) attack(index)
    const answers = []
    for (let n = 0; n < 10; n++) answers.push(await probe(port), await probe(port, '/metrics'))
    isOver = true
    for (const socket of sockets) socket.destroy()
    assert.deepEqual(answers, Array(20).fill(200))
  })

/** Answered, so that the server has it in its table as the newest. */
const exchange = async (socket: Socket): Promise<void> => {
  socket.write(REQUEST)
  await once(socket, 'data')
}

/** As many connections as the table holds, each answered, the first one idle longest. */
const fill = async (
  t: TestContext,
  port: number,
  addressOf = (_index: number) => '127.0.0.1',
): Promise<Socket[]> => {
  const sockets: Socket[] = []
  for (let index = 0; index < LIMITS.connections; index++) {
    const socket = open(t, port, addressOf(index))
    sockets.push(socket)
    await exchange(socket)
  }
  return sockets
}

const victims: {
  name: string
  addressOf?: (index: number) => string
  touched?: readonly number[]
  victim: number
}[] = [
  { name: 'the one idle longest', victim: 0 },
  { name: 'the one idle longest, which is not the oldest', touched: [0, 1], victim: 2 },
  {
    name: 'one of the client that has most, though others are idle for longer',
    addressOf: index => (index < 30 || index > 40 ? `127.0.1.${index + 1}` : '127.0.0.2'),
    victim: 30,
  },
  {
    name: 'the one idle longest of clients that have one each',
    addressOf: index => `127.0.1.${index + 1}`,
    victim: 0,
  },
]
for (const { name, addressOf, touched = [], victim } of victims)
  test(`a full table closes ${name}`, async t => {
    const { port, closed } = await serve(t)
    const sockets = await fill(t, port, addressOf)
    for (const index of touched) await exchange(sockets[index]!)
    const gone = closing(sockets[victim]!)
    const newcomer = open(t, port, '127.0.2.1')
    await exchange(newcomer)
    await gone
    for (const [index, socket] of sockets.entries()) if (index !== victim) await exchange(socket)
    await exchange(newcomer)
    assert.equal(closed('room'), 1)
  })

test('a connection whose first request has not come is closed before those that asked later than it came', async t => {
  const { port, closed } = await serve(t)
  const silent = open(t, port)
  const gone = closing(silent)
  await once(silent, 'connect')
  // The server accepts in order, so it has the silent one.
  const sockets = await fill(t, port)
  await gone
  for (const socket of sockets) await exchange(socket)
  assert.equal(closed('room'), 1)
})

test('none of those that come at one moment is closed before what it sent is read', async t => {
  const { port } = await serve(t)
  const sockets = Array.from({ length: LIMITS.connections + LIMITS.burst }, () => open(t, port))
  const answers = await Promise.all(
    sockets.map(socket => {
      socket.write(REQUEST)
      return Promise.race([once(socket, 'data'), once(socket, 'close').then(() => ['closed'])])
    }),
  )
  assert.deepEqual(
    [...new Set(answers.map(([data]) => String(data).slice(0, 15)))],
    ['HTTP/1.1 200 OK'],
  )
})

test('a thousand clients that ask for a long answer and read nothing: those beyond the limit are closed', async t => {
  const { port, closed } = await serve(t, { ...LIMITS, connections: 2000, burst: 2000 })
  for (let index = 0; index < 1000; index++) {
    open(t, port, `127.0.0.${1 + (index % 200)}`)
      .pause()
      .write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
  }
  while (closed('unread') < 990) assert.equal(await probe(port), 200)
  assert.equal(await probe(port, '/metrics'), 200)
})

test('whoever asks again has read what it was told: it may ask for any number of long answers', async t => {
  const { port, closed } = await serve(t)
  const socket = open(t, port)
  for (let n = 0; n < 2 * 10; n++) {
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
    let bytes = 0
    while (bytes < BODY.length) bytes += (await once(socket, 'data'))[0].length
  }
  assert.equal(closed('unread'), 0)
})

test('an answer that is longer than the limit is sent all the same', async t => {
  const { port } = await serve(t, { ...LIMITS, unreadBytes: 1 })
  assert.equal(await probe(port, '/metrics'), 200)
})

test('a connection with more than 16 requests unanswered is closed, and no more of them are looked at', async t => {
  const { port, closed, responded, churned } = await serve(t)
  const socket = open(t, port)
  socket.write(REQUEST.repeat(1000))
  await closing(socket)
  assert.deepEqual([closed('pipelined'), responded(), churned()], [1, 16, 0])
})

test('what connections and requests leave behind is looked after each 256 of them', async t => {
  const { port, churned } = await serve(t)
  const sockets = Array.from({ length: 2 }, () => open(t, port))
  for (let n = 0; n < 254; n++) await exchange(sockets[n % 2]!)
  assert.equal(churned(), 0)
  for (const socket of sockets) socket.destroy()
  while (churned() === 0) await new Promise(setImmediate)
  assert.equal(churned(), 1)
})

const limits = [
  { openFiles: 64, connections: 16, burst: 16 },
  { openFiles: 1024, connections: 64, burst: 64 },
  { openFiles: 1_048_576, connections: 128, burst: 512 },
]
for (const { openFiles, ...expected } of limits)
  test(`with ${openFiles} descriptors a listener holds ${expected.connections} connections`, () => {
    const { connections, burst } = connectionLimits(openFiles)
    assert.deepEqual({ connections, burst }, expected)
  })
