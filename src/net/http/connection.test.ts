// Real sockets against one shard's HTTP: both versions, what clients do at each stage of a request,
// and what connections then hold.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request as h1Request } from 'node:http'
import { type ClientHttp2Session, connect as connectH2 } from 'node:http2'
import { type TestContext, test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { dialRaw, type HttpWorld, openHttp } from '../../../test/support/http-world.ts'

const LIMIT = { timeout: 20_000 }
const QUERY = Uint8Array.from({ length: 40 }, (_, n) => n)
const TEXT = Buffer.from(QUERY).toString('base64url')

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

interface Asking {
  readonly method?: string
  readonly path?: string
  readonly body?: Uint8Array
  readonly headers?: Record<string, string>
}

type Client = (asking: Asking) => Promise<Answer>

const overH1 = (t: TestContext, port: number): Client => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  return async ({ method = 'GET', path = `/dns-query?dns=${TEXT}`, body, headers }) => {
    const asked = h1Request({ port, host: '127.0.0.1', agent, method, path, headers })
    asked.end(body)
    const [response] = await once(asked, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }
  }
}

const h2Session = (t: TestContext, port: number): ClientHttp2Session => {
  const session = connectH2(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  t.after(() => session.destroy())
  return session
}

const askH2 = async (
  session: ClientHttp2Session,
  { method = 'GET', path = `/dns-query?dns=${TEXT}`, body, headers }: Asking,
): Promise<Answer> => {
  const stream = session.request(
    { ':method': method, ':path': path, ...headers },
    { endStream: body === undefined },
  )
  if (body !== undefined) stream.end(body)
  const answered = once(stream, 'response')
  const [head] = await answered
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return { status: head[':status'], headers: head, body: Buffer.concat(chunks) }
}

const overH2 = (t: TestContext, port: number): Client => {
  const session = h2Session(t, port)
  return asking => askH2(session, asking)
}

/** Waits in turns of the loop: what happens in this process has happened then. */
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await turnOfLoop()
}

const VERSIONS = [
  { version: 'HTTP/1.1', over: overH1 },
  { version: 'HTTP/2', over: overH2 },
]

for (const { version, over } of VERSIONS) {
  const serve = async (
    t: TestContext,
    setting: Parameters<typeof openHttp>[1] = {},
  ): Promise<HttpWorld & { ask: Client }> => {
    const world = await openHttp(t, setting)
    return { ...world, ask: over(t, world.port) }
  }

  test(`${version}: GET and POST, several on one connection`, LIMIT, async t => {
    const { ask, asked, room, statuses } = await serve(t)
    for (const asking of [{}, { method: 'POST', path: '/dns-query', body: QUERY }, {}]) {
      const { status, headers, body } = await ask(asking)
      assert.equal(status, 200)
      assert.deepEqual(new Uint8Array(body), QUERY)
      assert.equal(headers['content-type'], 'application/dns-message')
      assert.equal(headers['content-length'], String(QUERY.length))
      assert.equal(headers['cache-control'], 'max-age=5')
      assert.ok(headers.date)
    }
    assert.equal(asked.length, 3)
    assert.equal(room.connections, 1)
    assert.deepEqual(statuses, [200, 200, 200])
  })

  const refusals: (Asking & { name: string; status: number; text: string })[] = [
    { name: 'another path', path: '/other', status: 404, text: '\n' },
    { name: 'another method', method: 'PUT', body: QUERY, status: 400, text: 'invalid request\n' },
    { name: 'HEAD', method: 'HEAD', status: 400, text: '' },
    { name: 'no message', path: '/dns-query', status: 400, text: 'invalid request\n' },
    {
      name: 'a body that is too long',
      method: 'POST',
      path: '/dns-query',
      body: new Uint8Array(65_537),
      status: 400,
      text: 'invalid request\n',
    },
  ]
  for (const { name, status, text, ...asking } of refusals)
    test(`${version}: ${name}`, LIMIT, async t => {
      const { ask, asked } = await serve(t)
      const answer = await ask(asking)
      assert.deepEqual([answer.status, answer.body.toString()], [status, text])
      assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
      assert.equal(asked.length, 0)
    })

  test(
    `${version}: a body that says it is too long is answered before it comes`,
    LIMIT,
    async t => {
      const { port, asked } = await openHttp(t)
      const headers = { 'content-length': '65537' }
      const asking = { method: 'POST', path: '/dns-query', headers }
      if (version === 'HTTP/2') {
        const stream = h2Session(t, port).request(
          { ':method': 'POST', ':path': '/dns-query', ...headers },
          { endStream: false },
        )
        const [head] = await once(stream, 'response')
        assert.equal(head[':status'], 400)
        stream.close()
      } else {
        const sent = h1Request({ port, host: '127.0.0.1', agent: false, ...asking })
        sent.on('error', () => {})
        sent.flushHeaders()
        const [response] = await once(sent, 'response')
        assert.equal(response.statusCode, 400)
        sent.destroy()
      }
      assert.equal(asked.length, 0)
    },
  )

  test(`${version}: the longest body goes to the chain`, LIMIT, async t => {
    const { ask, asked } = await serve(t)
    const body = new Uint8Array(65_536).fill(1)
    await ask({ method: 'POST', path: '/dns-query', body })
    assert.deepEqual(asked[0]?.bytes, body)
  })

  test(`${version}: no answer, and what is rejected`, LIMIT, async t => {
    const answers = [undefined, 'rejected'] as const
    const { ask, statuses } = await serve(t, {
      answer: (bytes, respond) => respond(undefined, answers[bytes[0]!]),
    })
    const texts: string[] = []
    for (const first of [0, 1])
      texts.push(
        (
          await ask({ method: 'POST', path: '/dns-query', body: Uint8Array.of(first) })
        ).body.toString(),
      )
    assert.deepEqual(texts, ['No response\n', 'invalid request\n'])
    assert.deepEqual(statuses, [500, 400])
  })

  test(`${version}: all that a connection held is given back`, LIMIT, async t => {
    const world = await serve(t)
    await Promise.all(Array.from({ length: 20 }, () => world.ask({})))
    await world.ask({ method: 'POST', path: '/dns-query', body: new Uint8Array(30_000) })
    await world.listener.close(0)
    assert.equal(world.used(), 0)
    assert.equal(world.room.connections, 0)
  })

  test(`${version}: an answer that comes after its client has left`, LIMIT, async t => {
    const world = await openHttp(t, { answer: 'later' })
    const client = await dialRaw(t, world.port)
    if (version === 'HTTP/2') {
      const session = h2Session(t, world.port)
      session.request({ ':path': `/dns-query?dns=${TEXT}` }).on('error', () => {})
      await until(() => world.asked.length === 1)
      session.destroy()
      client.socket.destroy()
    } else {
      client.socket.write(`GET /dns-query?dns=${TEXT} HTTP/1.1\r\nHost: x\r\n\r\n`)
      await until(() => world.asked.length === 1)
      client.socket.resetAndDestroy()
    }
    await until(() => world.room.connections === 0)
    assert.ok(world.used() > 0, 'the query in flight is charged')
    world.asked[0]?.respond(QUERY)
    assert.equal(world.used(), 0)
    assert.deepEqual(world.statuses, [200])
  })

  test(`${version}: closing answers what has come, and takes nothing more`, LIMIT, async t => {
    const { ask, asked, listener, room } = await serve(t, { answer: 'later' })
    const answer = ask({})
    await until(() => asked.length === 1)
    const closed = listener.close(5000)
    asked[0]?.respond(QUERY)
    assert.equal((await answer).status, 200)
    await closed
    assert.equal(room.connections, 0)
  })

  test(`${version}: an idle connection is closed`, LIMIT, async t => {
    const { ask, room } = await serve(t, { limits: { idleMs: 50 } })
    await ask({})
    await until(() => room.connections === 0)
  })
}

test('a connection that never asks is closed', LIMIT, async t => {
  const { port, room } = await openHttp(t, { limits: { readMs: 50 } })
  for (const bytes of ['', 'P', 'PRI', 'GET /dns', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']) {
    const client = await dialRaw(t, port)
    client.socket.write(bytes)
    await client.closed
  }
  await until(() => room.connections === 0)
})

test('a request that is not whole in time', LIMIT, async t => {
  const { port } = await openHttp(t, { limits: { readMs: 50 } })
  const client = await dialRaw(t, port)
  client.socket.write('POST /dns-query HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\nabc')
  await client.closed
  assert.match(client.text(), /^HTTP\/1\.1 408 /)
  const session = h2Session(t, port)
  const stream = session.request({ ':method': 'POST', ':path': '/dns-query' }, { endStream: false })
  stream.on('error', () => {})
  await once(stream, 'close')
  assert.equal(stream.rstCode, 8)
  session.close()
})

test('the preface of HTTP/2 in pieces', LIMIT, async t => {
  const { port } = await openHttp(t)
  const client = await dialRaw(t, port)
  for (const piece of ['P', 'RI', ' * HTTP/2.0\r\n\r\nSM', '\r\n\r\n\0\0\0\x04\0\0\0\0\0']) {
    client.socket.write(piece, 'latin1')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  await until(() => client.text().length > 9)
  assert.equal(client.text().charCodeAt(3), 4, 'SETTINGS')
})

test('requests that are pipelined are answered in their order', LIMIT, async t => {
  const { port, asked } = await openHttp(t, { answer: 'later' })
  const client = await dialRaw(t, port)
  const get = (n: number): string =>
    `GET /dns-query?dns=${Buffer.alloc(12, n).toString('base64url')} HTTP/1.1\r\nHost: x\r\n\r\n`
  client.socket.write([1, 2, 3].map(get).join(''))
  await until(() => asked.length === 3)
  for (const { bytes, respond } of asked.toReversed()) respond(bytes)
  await until(() => client.text().split('HTTP/1.1 200').length === 4)
  const order = ['\x01', '\x02', '\x03'].map(byte => client.text().indexOf(byte.repeat(12)))
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  )
  assert.ok(!order.includes(-1))
})

test('a client that has sent its last request still gets the answer', LIMIT, async t => {
  const { port } = await openHttp(t)
  const client = await dialRaw(t, port)
  client.socket.end(`GET /dns-query?dns=${TEXT} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await client.closed
  assert.match(client.text(), /^HTTP\/1\.1 200 /)
})

const badHeads: { name: string; text: string; answer: RegExp }[] = [
  { name: 'no HTTP', text: 'nonsense\r\n\r\n', answer: /^HTTP\/1\.1 400 / },
  { name: 'no Host', text: 'GET /dns-query HTTP/1.1\r\n\r\n', answer: /^HTTP\/1\.1 400 / },
  {
    name: 'a URL of 64 KiB',
    text: `GET /${'a'.repeat(65_536)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    answer: /^HTTP\/1\.1 431 /,
  },
  {
    name: 'a field of 16 KiB',
    text: `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(16_384)}\r\n\r\n`,
    answer: /^HTTP\/1\.1 431 /,
  },
  {
    name: 'a length and chunks',
    text: 'POST /dns-query HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    answer: /^HTTP\/1\.1 400 /,
  },
  { name: 'CONNECT', text: 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', answer: /^$/ },
]
for (const { name, text, answer } of badHeads)
  test(`HTTP/1.1: ${name} is refused, and the connection closed`, LIMIT, async t => {
    const { port, asked, room } = await openHttp(t)
    const client = await dialRaw(t, port)
    client.socket.write(text)
    await client.closed
    assert.match(client.text(), answer)
    assert.equal(asked.length, 0)
    await until(() => room.connections === 0)
  })

test('grpc: HTTP/1.1 is not spoken', LIMIT, async t => {
  const { port } = await openHttp(t, { scheme: 'grpc' })
  const client = await dialRaw(t, port)
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.closed
  assert.equal(client.text(), '')
})

test('grpc: a call', LIMIT, async t => {
  const { port } = await openHttp(t, { scheme: 'grpc' })
  const session = h2Session(t, port)
  const stream = session.request({
    ':method': 'POST',
    ':path': '/coredns.dns.DnsService/Query',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  stream.end(Buffer.from('00000000050a03010203', 'hex'))
  const trailed = once(stream, 'trailers')
  const [head] = await once(stream, 'response')
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  const [trailers] = await trailed
  assert.equal(head['content-type'], 'application/grpc')
  assert.equal(Buffer.concat(chunks).toString('hex'), '00000000050a03010203')
  assert.equal(trailers['grpc-status'], '0')
})

test('grpc: an idle connection stays', LIMIT, async t => {
  const { port, room } = await openHttp(t, { scheme: 'grpc', limits: { idleMs: 20, readMs: 2000 } })
  const session = h2Session(t, port)
  const call = {
    ':method': 'POST',
    ':path': '/coredns.dns.DnsService/Query',
    'content-type': 'application/grpc',
  }
  const ask = async (): Promise<void> => {
    const stream = session.request(call)
    stream.end(Buffer.from('00000000050a03010203', 'hex'))
    stream.resume()
    await once(stream, 'close')
  }
  await ask()
  await new Promise(resolve => setTimeout(resolve, 100))
  await ask()
  assert.equal(room.connections, 1)
})

test(
  'beyond max_connections the oldest idle one makes room, and without one nobody',
  LIMIT,
  async t => {
    const { port, asked, cuts, room } = await openHttp(t, {
      answer: 'later',
      streams: { maxConnections: 2 },
    })
    const [first, second] = [await dialRaw(t, port), await dialRaw(t, port)]
    second.socket.write(`GET /dns-query?dns=${TEXT} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await until(() => asked.length === 1)
    const third = await dialRaw(t, port)
    await first.closed
    third.socket.write(`GET /dns-query?dns=${TEXT} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await until(() => asked.length === 2)
    const fourth = await dialRaw(t, port)
    await fourth.closed
    assert.deepEqual(cuts, ['room', 'room'])
    assert.equal(room.connections, 2)
  },
)

test('maxStreams is what a client may have at a time', LIMIT, async t => {
  const { port } = await openHttp(t, { scheme: 'grpc', streams: { maxStreams: 3 } })
  const session = h2Session(t, port)
  const [settings] = await once(session, 'remoteSettings')
  assert.equal(settings.maxConcurrentStreams, 3)
})
