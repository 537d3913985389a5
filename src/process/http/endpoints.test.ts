import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { FakeMetrics } from '../../../test/fakes/fake-metrics.ts'
import type { HttpRoute } from '../../chain/plugin/control-scope.ts'
import { makeLogger } from '../../log/log.ts'
import { HttpEndpoints } from './endpoints.ts'

const ANY_PORT = '127.0.0.1:0'

const route = (path: string, body: string, overrides: Partial<HttpRoute> = {}): HttpRoute => ({
  address: ANY_PORT,
  path,
  onBindFailure: 'fatal',
  respond: () => ({ status: 200, contentType: 'text/plain', body }),
  ...overrides,
})

const setUp = (t: TestContext) => {
  const logged: string[] = []
  const log = makeLogger({ raw: line => void logged.push(line) }, '', () => false)
  const metrics = new FakeMetrics()
  const endpoints = new HttpEndpoints({ log, metrics, collectChurn: () => {} })
  t.after(() => endpoints.close())
  const serve = async (...routes: HttpRoute[]) => (await endpoints.prepare(routes)).commit()
  return {
    endpoints,
    logged,
    serve,
    port: (address = ANY_PORT) => endpoints.boundPort(address) ?? 0,
  }
}

const ask = async (
  port: number,
  path: string,
  options: { method?: string; host?: string; headers?: Record<string, string> } = {},
) => {
  const asked = request({
    host: options.host ?? '127.0.0.1',
    port,
    path,
    agent: false,
    method: 'GET',
    ...options,
  })
  asked.end()
  const [response] = await once(asked, 'response')
  let body = ''
  for await (const chunk of response) body += chunk
  return {
    status: response.statusCode as number,
    body,
    headers: response.headers as Record<string, string>,
  }
}

test('paths are exact, anything else is 404, the query string does not count', async t => {
  const { serve, port } = setUp(t)
  await serve(route('/health', 'OK'), route('/ready', 'yes'))
  const cases = [
    ['/health', 200, 'OK'],
    ['/ready?x=/health', 200, 'yes'],
    ['http://example.org/ready', 200, 'yes'],
    ['/health/', 404, '404 page not found\n'],
    ['/HEALTH', 404, '404 page not found\n'],
    ['/', 404, '404 page not found\n'],
  ] as const
  for (const [path, status, body] of cases) {
    const answer = await ask(port(), path)
    assert.deepEqual([path, answer.status, answer.body], [path, status, body])
  }
})

test('any method is answered; HEAD without the body', async t => {
  const { serve, port } = setUp(t)
  await serve(route('/health', 'OK'))
  assert.equal((await ask(port(), '/health', { method: 'POST' })).body, 'OK')
  const head = await ask(port(), '/health', { method: 'HEAD' })
  assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', '2'])
})

test('status, type and encoding are those of the answer, and it sees what the client accepts', async t => {
  const { serve, port } = setUp(t)
  const respond: HttpRoute['respond'] = async ({ method, acceptEncoding }) => ({
    status: 503,
    contentType: 'text/x',
    body: new TextEncoder().encode(`${method} ${acceptEncoding}`),
    contentEncoding: 'identity',
  })
  await serve(route('/x', '', { respond }))
  const answer = await ask(port(), '/x', { headers: { 'accept-encoding': 'gzip' } })
  assert.deepEqual([answer.status, answer.body], [503, 'GET gzip'])
  assert.equal(answer.headers['content-type'], 'text/x')
  assert.equal(answer.headers['content-encoding'], 'identity')
  assert.equal(answer.headers['x-content-type-options'], 'nosniff')
})

test('a route that fails answers 500 and is logged', async t => {
  const { serve, port, logged } = setUp(t)
  await serve(route('/x', '', { respond: () => Promise.reject(new Error('no metrics')) }))
  assert.equal((await ask(port(), '/x')).status, 500)
  assert.deepEqual(logged, ['[ERROR] HTTP request for /x failed: no metrics'])
})

test('an address without host is all addresses, IPv4 among them', async t => {
  const { serve, port } = setUp(t)
  await serve(route('/health', 'OK', { address: ':0' }))
  assert.equal((await ask(port(':0'), '/health')).status, 200)
})

test('a reload keeps a socket whose address stays, with the connections on it, and swaps its routes', async t => {
  const { serve, endpoints, port } = setUp(t)
  await serve(route('/a', 'old'))
  const before = port()
  const socket = connect(before, '127.0.0.1')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  const prepared = await endpoints.prepare([route('/b', 'new')])
  assert.equal((await ask(before, '/a')).body, 'old')
  prepared.commit()
  assert.equal(port(), before)
  assert.equal((await ask(before, '/a')).status, 404)
  socket.write('GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const chunk of socket) text += chunk
  assert.match(text, /^HTTP\/1\.1 200 OK/)
})

test('a reload opens new addresses first and closes unused ones last', async t => {
  const { serve, endpoints, port } = setUp(t)
  await serve(route('/a', 'old'))
  const before = port()
  const prepared = await endpoints.prepare([route('/a', 'new', { address: 'localhost:0' })])
  assert.equal((await ask(before, '/a')).body, 'old')
  prepared.commit()
  assert.equal((await ask(port('localhost:0'), '/a')).body, 'new')
  await assert.rejects(ask(before, '/a'), { code: 'ECONNREFUSED' })
})

test('rollback closes what was opened and leaves the rest as it was', async t => {
  const { serve, endpoints, port } = setUp(t)
  await serve(route('/a', 'old'))
  const prepared = await endpoints.prepare([
    route('/a', 'new'),
    route('/a', 'new', { address: 'localhost:0' }),
  ])
  prepared.rollback()
  assert.equal(endpoints.boundPort('localhost:0'), undefined)
  assert.equal((await ask(port(), '/a')).body, 'old')
})

test('of equal paths on one address the last counts', async t => {
  const { serve, port } = setUp(t)
  await serve(route('/a', 'first'), route('/a', 'last'))
  assert.equal((await ask(port(), '/a')).body, 'last')
})

/** The address of a listener without SO_REUSEPORT, which nobody can share. */
const takenAddress = async (t: TestContext): Promise<string> => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('bind failure: fatal fails the load and closes what was opened', async t => {
  const { serve, endpoints, port } = setUp(t)
  await serve(route('/a', 'old'))
  const address = await takenAddress(t)
  const routes = [route('/a', 'new', { address: 'localhost:0' }), route('/a', 'new', { address })]
  await assert.rejects(endpoints.prepare(routes), {
    message: `listen tcp ${address}: bind: address already in use`,
  })
  assert.equal(endpoints.boundPort('localhost:0'), undefined)
  assert.equal((await ask(port(), '/a')).body, 'old')
})

test('bind failure: log is one line, silent none; the next load tries again', async t => {
  const { serve, logged, port } = setUp(t)
  const address = await takenAddress(t)
  const failureText = 'Failed to start metrics handler'
  const line = `[ERROR] ${failureText}: listen tcp ${address}: bind: address already in use`
  const routes = [
    route('/a', 'x', { address, onBindFailure: 'log', failureText }),
    route('/b', 'x', { address, onBindFailure: 'log', failureText }),
    route('/c', 'x', { address, onBindFailure: 'silent' }),
    route('/d', 'x'),
  ]
  await serve(...routes)
  assert.deepEqual(logged, [line])
  assert.equal((await ask(port(), '/d')).status, 200)
  await serve(...routes)
  assert.deepEqual(logged, [line, line])
})

const badAddresses = [
  { address: 'nowhere', message: 'listen tcp nowhere: address nowhere: missing port in address' },
  { address: ':http', message: 'listen tcp :http: invalid port http' },
  { address: ':65536', message: 'listen tcp :65536: invalid port 65536' },
  {
    address: '192.0.2.1:0',
    message: 'listen tcp 192.0.2.1:0: bind: cannot assign requested address',
  },
]
for (const c of badAddresses) {
  test(`bind failure: ${c.address}`, async t => {
    const { endpoints } = setUp(t)
    await assert.rejects(endpoints.prepare([route('/a', '', { address: c.address })]), {
      message: c.message,
    })
  })
}

test('before its first commit a listener answers 503', async t => {
  const { endpoints } = setUp(t)
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  await new Promise(resolve => free.close(resolve))
  const prepared = await endpoints.prepare([
    route('/health', 'OK', { address: `127.0.0.1:${port}` }),
  ])
  assert.equal((await ask(port, '/health')).status, 503)
  prepared.commit()
  assert.equal((await ask(port, '/health')).status, 200)
})

const paths: { url: string; status: number; location?: string }[] = [
  { url: '/health', status: 200 },
  { url: '//health', status: 307, location: '/health' },
  { url: '//health?a=//b', status: 307, location: '/health?a=//b' },
  { url: '/./a/..///health', status: 307, location: '/health' },
  { url: '/../../health', status: 307, location: '/health' },
  { url: '//nothing//', status: 307, location: '/nothing/' },
  { url: '/health/', status: 404 },
  { url: '/..health', status: 404 },
  { url: '//', status: 307, location: '/' },
]
for (const { url, status, location } of paths)
  test(`${url} is ${status}${location === undefined ? '' : ` to ${location}`}, as Go's ServeMux has it`, async t => {
    const { serve, port } = setUp(t)
    await serve(route('/health', 'OK'))
    const answer = await ask(port(), url)
    assert.equal(answer.status, status)
    assert.equal(answer.headers.location, location)
    if (location !== undefined)
      assert.equal(answer.body, `<a href="${location}">Temporary Redirect</a>.\n\n`)
  })

test('headers above 8 KiB are refused', async t => {
  const { serve, port } = setUp(t)
  await serve(route('/health', 'OK'))
  assert.equal((await ask(port(), '/health', { headers: { x: 'y'.repeat(9000) } })).status, 431)
})

test('close ends idle connections and frees the address', async t => {
  const { serve, endpoints, port } = setUp(t)
  await serve(route('/health', 'OK'))
  const before = port()
  const socket = connect(before, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'data')
  const ended = once(socket, 'end')
  socket.resume()
  await endpoints.close()
  await ended
  await assert.rejects(ask(before, '/health'), { code: 'ECONNREFUSED' })
})
