import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import {
  type AskedOverHttp,
  type DohServer,
  type DohServerOptions,
  dohServer,
  type RespondOverHttp,
} from '../../test/fakes/doh-server.ts'
import { closedPort, makeCertificate } from '../../test/fakes/fake-upstream.ts'
import { fakeClock, query } from '../../test/support/plugin-harness.ts'
import { dohRequest } from './doh.ts'
import { type Endpoint, makeEndpoint } from './endpoint.ts'
import type { HttpAnswer } from './http-exchange.ts'
import { HttpSession } from './http-session.ts'
import { makeSecureContext } from './secure-context.ts'
import { SocketAllowance } from './socket-allowance.ts'
import type { PoolOptions } from './stream-pool.ts'

const certificate = makeCertificate()
const tlsTest =
  certificate === undefined ? { skip: 'there is no openssl to make a certificate with' } : {}
const REFUSED_STREAM = 7
const INTERNAL_ERROR = 2

const say = (asked: AskedOverHttp): void => asked.reply()

interface World {
  readonly server: DohServer
  readonly session: HttpSession
  readonly sockets: SocketAllowance
  readonly clock: ReturnType<typeof fakeClock>
  readonly ask: (times?: { dial?: number; read?: number }) => Promise<HttpAnswer>
}

const request = dohRequest(query('example.org.').bytes, 'POST')

const sessionTo = (
  endpoint: Endpoint,
  options: Partial<PoolOptions> = {},
  sockets = new SocketAllowance(64),
): Omit<World, 'server'> => {
  const clock = fakeClock()
  const all = {
    expireMs: 10_000,
    maxAgeMs: 0,
    maxIdle: 0,
    secureContext: makeSecureContext({ ca: certificate!.cert }),
    sourceAddress: '',
    ...options,
  }
  const session = new HttpSession(endpoint, endpoint.name, all, sockets, clock)
  const ask: World['ask'] = ({ dial = 5000, read = 5000 } = {}) =>
    session.exchange(request, '192.0.2.7', { dialMs: () => dial, readMs: () => read })
  return { session, sockets, clock, ask }
}

const world = async (
  t: TestContext,
  respond: RespondOverHttp = say,
  options: Partial<PoolOptions> = {},
  speaks: Omit<DohServerOptions, 'certificate'> = {},
): Promise<World> => {
  const server = await dohServer(respond, { certificate: certificate!, ...speaks })
  const rest = sessionTo(server.endpoint, options)
  t.after(async () => {
    rest.session.close()
    await server.close()
  })
  return { server, ...rest }
}

const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)

/** Answers nothing before `count` questions have come; then those, and all that come later. */
const together = (count: number): RespondOverHttp => {
  const waiting: AskedOverHttp[] = []
  return asked => {
    waiting.push(asked)
    if (waiting.length >= count) for (const one of waiting.splice(0)) one.reply()
  }
}

/** A promise of `socket`'s end, however it ends. */
const endOf = (socket: Socket): Promise<unknown> =>
  socket.destroyed ? Promise.resolve() : once(socket, 'close')

test('HTTP/2: all questions share a connection', tlsTest, async t => {
  const { server, ask } = await world(t, together(90))
  await Promise.all(many(90, () => ask()))
  assert.equal(server.connections.length, 1)
})

test('HTTP/2: when it is full a second one is opened, and no more', tlsTest, async t => {
  const settings = { maxConcurrentStreams: 10 }
  const { server, ask } = await world(t, together(20), {}, { settings })
  await Promise.all(many(100, () => ask()))
  assert.equal(server.asked.length, 100)
  assert.equal(server.connections.length, 2)
})

test(
  'HTTP/1.1: a connection has one question at a time, and there are 16 at most',
  tlsTest,
  async t => {
    const { server, ask } = await world(t, together(16), {}, { speaks: 'http/1.1' })
    await Promise.all(many(160, () => ask()))
    assert.equal(server.asked.length, 160)
    assert.equal(server.connections.length, 16)
  },
)

for (const speaks of ['h2', 'http/1.1'] as const) {
  test(`${speaks}: a connection is used again and again`, tlsTest, async t => {
    const warnings: Error[] = []
    const warned = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warned)
    t.after(() => process.off('warning', warned))
    const { server, ask } = await world(t, say, {}, { speaks })
    for (let count = 0; count < 40; count++) await ask()
    assert.equal(server.connections.length, 1)
    await new Promise(setImmediate)
    assert.deepEqual(warnings, [])
  })

  test(
    `${speaks}: what the peer has not answered when it hangs up is asked again, once`,
    tlsTest,
    async t => {
      const { server, ask } = await world(
        t,
        asked => (server.asked.length === 1 ? asked.hangUp() : asked.reply()),
        {},
        { speaks },
      )
      await ask()
      assert.equal(server.asked.length, 2)
      server.respond = asked => asked.hangUp()
      await assert.rejects(ask(), { kind: 'closed' })
      server.respond = say
      await ask()
    },
  )

  test(
    `${speaks}: a question without an answer in time fails, and the next one is asked anew`,
    tlsTest,
    async t => {
      const { server, ask } = await world(t, () => undefined, {}, { speaks })
      await assert.rejects(ask({ read: 50 }), {
        kind: 'timeout',
        message: /^read tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: i\/o timeout$/,
      })
      server.respond = say
      await ask()
    },
  )

  for (const { name, options, idleMs, isKept } of [
    { name: 'idle for as long as expire', options: {}, idleMs: 10_000, isKept: true },
    { name: 'idle for longer than expire', options: {}, idleMs: 10_001, isKept: false },
    { name: 'as old as max_age', options: { maxAgeMs: 5000 }, idleMs: 5000, isKept: true },
    { name: 'older than max_age', options: { maxAgeMs: 5000 }, idleMs: 5001, isKept: false },
  ]) {
    test(`${speaks}: a connection ${name} is ${isKept ? 'kept' : 'replaced'}`, tlsTest, async t => {
      const { server, clock, ask } = await world(t, say, options, { speaks })
      await ask()
      clock.advance(idleMs)
      await ask()
      assert.equal(server.connections.length, isKept ? 1 : 2)
    })

    test(
      `${speaks}: the sweeper ${isKept ? 'keeps' : 'closes'} a connection ${name}`,
      tlsTest,
      async t => {
        const { session, clock, ask } = await world(t, say, options, { speaks })
        await ask()
        clock.advance(idleMs)
        session.sweep()
        assert.equal(session.openCount, isKept ? 1 : 0)
      },
    )
  }

  test(`${speaks}: expire 0s keeps none`, tlsTest, async t => {
    const { server, sockets, clock, ask } = await world(t, say, { expireMs: 0 }, { speaks })
    await ask()
    clock.advance(1)
    await ask()
    assert.equal(server.connections.length, 2)
    assert.ok(sockets.open <= 2)
  })

  test(
    `${speaks}: closing ends what is under way and what waits, and takes no more`,
    tlsTest,
    async t => {
      const { session, sockets, server, ask } = await world(
        t,
        () => session.close(),
        {},
        { speaks },
      )
      const all = await Promise.allSettled(many(20, () => ask()))
      for (const one of all)
        assert.equal(one.status === 'rejected' && one.reason.kind, 'local', JSON.stringify(one))
      await assert.rejects(ask(), { kind: 'local' })
      await Promise.all(server.connections.map(endOf))
      while (sockets.open > 0) await new Promise(setImmediate)
    },
  )
}

test('HTTP/2: a server that says goodbye again and again loses no question', tlsTest, async t => {
  const { server, ask } = await world(t, asked => {
    asked.reply()
    if (server.asked.length % 50 === 0) asked.session?.goaway()
  })
  for (let round = 0; round < 10; round++) await Promise.all(many(60, () => ask()))
  assert.ok(server.connections.length > 5)
})

test('HTTP/2: what a goodbye leaves behind is asked over another connection', tlsTest, async t => {
  const { server, ask } = await world(t, asked => {
    // Nothing after the first question was looked at.
    if (server.asked.length === 10) asked.session?.goaway(0, 1)
    if (server.asked.length === 1 || server.asked.length > 10) asked.reply()
  })
  await Promise.all(many(10, () => ask()))
  assert.equal(server.asked.length, 19)
  assert.equal(server.connections.length, 2)
})

test('HTTP/2: a stream that is refused is asked again, once', tlsTest, async t => {
  const { server, ask } = await world(t, asked =>
    server.asked.length === 1 ? asked.reset(REFUSED_STREAM) : asked.reply(),
  )
  await ask()
  assert.equal(server.asked.length, 2)
})

test('HTTP/2: a stream that the server breaks off for its own fault is not', tlsTest, async t => {
  const { server, ask } = await world(t, asked => asked.reset(INTERNAL_ERROR))
  await assert.rejects(ask(), { kind: 'io', message: /: http2: .*NGHTTP2_INTERNAL_ERROR$/ })
  assert.equal(server.asked.length, 1)
})

test('HTTP/2: others go on when one question times out', tlsTest, async t => {
  const held: AskedOverHttp[] = []
  const { server, ask } = await world(t, asked => void held.push(asked))
  const slow = ask({ read: 100 })
  const other = ask({ read: 5000 })
  while (held.length < 2) await new Promise(setImmediate)
  // Something has come meanwhile: the connection lives.
  held[1]!.response.writeEarlyHints({ link: '</style.css>; rel=preload' })
  await assert.rejects(slow, { kind: 'timeout' })
  held[1]!.response.end(held[1]!.bytes)
  await other
  assert.equal(server.connections.length, 1)
})

/** Forwards bytes to `port` until it is `cut`: then it takes them and says nothing. */
const blackHole = async (
  t: TestContext,
  port: number,
): Promise<{ port: number; cut: () => void; connections: () => number }> => {
  let isCut = false
  let connections = 0
  const all: Socket[] = []
  const server = createServer(from => {
    const isDead = isCut
    connections += 1
    const to = connect(port, '127.0.0.1')
    all.push(from, to)
    for (const socket of [from, to]) socket.on('error', () => undefined)
    const through = (other: Socket) => (chunk: Uint8Array) => {
      if (!isCut || (!isDead && connections > 1)) other.write(chunk)
    }
    from.on('data', through(to))
    to.on('data', chunk => {
      if (!isCut) from.write(chunk)
    })
  })
  await listening(t, server)
  t.after(() => {
    for (const socket of all) socket.destroy()
  })
  return {
    port: portOf(server),
    cut: () => {
      isCut = true
    },
    connections: () => connections,
  }
}

const listening = async (t: TestContext, server: Server): Promise<void> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
}

const portOf = (server: Server): number => (server.address() as { port: number }).port

test(
  'HTTP/2: a connection that lets nothing through is given up at the first time-out',
  tlsTest,
  async t => {
    const server = await dohServer(say, { certificate: certificate! })
    t.after(() => server.close())
    const hole = await blackHole(t, server.port)
    const { session, ask } = sessionTo(makeEndpoint('https', '127.0.0.1', hole.port))
    t.after(() => session.close())
    await ask()
    hole.cut()
    await assert.rejects(ask({ read: 50 }), { kind: 'timeout' })
    assert.equal(session.openCount, 0)
    await assert.rejects(ask({ dial: 50 }), { kind: 'timeout', message: /^dial tcp / })
    assert.equal(hole.connections(), 2)
  },
)

test(
  'HTTP/2: a server that sends no settings is given up at the first time-out',
  tlsTest,
  async t => {
    const { cert, key } = certificate!
    const server = createTlsServer({ cert, key, ALPNProtocols: ['h2'] }, socket => socket.resume())
    await listening(t, server)
    const { session, ask } = sessionTo(makeEndpoint('https', '127.0.0.1', portOf(server)))
    t.after(() => session.close())
    await assert.rejects(ask({ read: 50 }), { kind: 'timeout' })
    assert.equal(session.openCount, 0)
  },
)

test('HTTP/1.1: bytes that nobody asked for end the connection', tlsTest, async t => {
  const { server, session, ask } = await world(t, say, {}, { speaks: 'http/1.1' })
  server.respond = asked => {
    asked.reply()
    const { socket } = asked.request
    setImmediate(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
  }
  await ask()
  while (session.openCount > 0) await new Promise(setImmediate)
  server.respond = say
  await ask()
  assert.equal(server.connections.length, 2)
})

test(
  'HTTP/1.1: a server that closes after each answer has a connection for each',
  tlsTest,
  async t => {
    const { server, ask } = await world(
      t,
      asked => asked.send(asked.bytes, 200, { connection: 'close' }),
      {},
      { speaks: 'http/1.1' },
    )
    for (let count = 0; count < 3; count++) await ask()
    assert.equal(server.connections.length, 3)
  },
)

test('max_idle_conns closes what becomes idle beyond it', tlsTest, async t => {
  const { session, ask } = await world(t, together(4), { maxIdle: 1 }, { speaks: 'http/1.1' })
  await Promise.all(many(4, () => ask()))
  assert.equal(session.openCount, 1)
})

test('a wrong name fails all that wait, at once', tlsTest, async t => {
  const { server } = await world(t)
  const wrong = makeEndpoint('https', '127.0.0.1', server.port, 'other.example.net')
  const { session, sockets, ask } = sessionTo(wrong)
  t.after(() => session.close())
  for (const one of await Promise.allSettled(many(20, () => ask())))
    assert.match(
      one.status === 'rejected' ? one.reason.message : '',
      /^dial tcp 127\.0\.0\.1:\d+: tls handshake: .*altnames/,
    )
  assert.ok(server.connections.length <= 2)
  assert.equal(sockets.open, 0)
})

test('a port that refuses does so too, and gives its place back', tlsTest, async () => {
  const { sockets, ask } = sessionTo(makeEndpoint('https', '127.0.0.1', await closedPort()))
  await assert.rejects(ask(), { kind: 'io', message: /^dial tcp .*: connect: connection refused$/ })
  assert.equal(sockets.open, 0)
})

test('without a place for a socket a question fails as by a fault of our own', tlsTest, async t => {
  const { server } = await world(t)
  const { ask } = sessionTo(server.endpoint, {}, new SocketAllowance(0))
  await assert.rejects(ask(), { kind: 'local', message: /too many connections to upstreams/ })
  assert.equal(server.connections.length, 0)
})

test(
  'HTTP/2: without a place for a second connection the first one is waited for',
  tlsTest,
  async t => {
    const { server } = await world(t, say, {}, { settings: { maxConcurrentStreams: 2 } })
    const { session, sockets, ask } = sessionTo(server.endpoint)
    t.after(() => session.close())
    await ask()
    sockets.limit = 1
    await Promise.all(many(20, () => ask()))
    assert.equal(server.connections.length, 1)
  },
)
