import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net'
import { mock, test } from 'node:test'
import {
  chain,
  fakeClock,
  fakeControl,
  fakeLogger,
  options,
  parseError,
} from '../../../test/support/plugin-harness.ts'
import { LONGEST_TIMER_MS } from '../../base/time/timers.ts'
import { control } from './control.ts'
import { health } from './index.ts'
import { Probe } from './probe.ts'

const AT = (line: number) => `Corefile:${line} - Error during parsing: `

const accepted = [
  { text: 'health', expected: { address: ':8080', lameduckMs: 0 } },
  { text: 'health localhost:8091', expected: { address: 'localhost:8091', lameduckMs: 0 } },
  { text: 'health {\nlameduck 5s\n}', expected: { address: ':8080', lameduckMs: 5000 } },
  { text: 'health :http\nhealth :3', expected: { address: ':3', lameduckMs: 0 } },
  { text: 'health :1 {\nlameduck 1m\n}\nhealth :2', expected: { address: ':2', lameduckMs: 0 } },
]
for (const c of accepted)
  test(`parse: ${JSON.stringify(c.text)}`, () =>
    assert.deepEqual(options(health, c.text), c.expected))

const refused = [
  { text: 'health bla', message: 'address bla: missing port in address' },
  ...[':99999', ':-1', ':http', ':', '[::1]:65536'].map(address => ({
    text: `health ${address}`,
    message: `listen tcp ${address}: invalid port ${address.slice(address.lastIndexOf(':') + 1)}`,
  })),
  {
    text: 'health :1 :2',
    message: `${AT(2)}Wrong argument count or unexpected line ending after ':2'`,
  },
  { text: 'health {\nbogus\n}', message: `${AT(3)}unknown property 'bogus'` },
  {
    text: 'health {\nlameduck\n}',
    message: `${AT(3)}Wrong argument count or unexpected line ending after 'lameduck'`,
  },
  {
    text: 'health {\nlameduck 1s 2s\n}',
    message: `${AT(3)}Wrong argument count or unexpected line ending after '2s'`,
  },
  {
    text: 'health {\nlameduck 5\n}',
    message: `unable to parse lameduck duration value: '5' : time: missing unit in duration "5"`,
  },
]
for (const c of refused)
  test(`parse refuses: ${JSON.stringify(c.text)}`, () =>
    assert.equal(parseError(health, c.text), c.message))

test('control: /health answers OK and its address must open', async () => {
  const { control } = await chain(health, 'health :8099')
  const [route, ...others] = control.routes
  assert.deepEqual(others, [])
  assert.equal(route?.address, ':8099')
  assert.equal(route?.path, '/health')
  assert.equal(route?.onBindFailure, 'fatal')
  assert.deepEqual(await route?.respond({ method: 'GET', acceptEncoding: '' }), {
    status: 200,
    contentType: 'text/plain; charset=utf-8',
    body: 'OK',
  })
  await control.retired()
})

test('lameduck: waits its time at shutdown and says so; not at a reload', async t => {
  const { control } = await chain(health, 'health {\nlameduck 5s\n}')
  await control.retired()
  assert.deepEqual(control.logged, [])
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let isOver = false
  const shutdown = control.shutdown().then(() => {
    isOver = true
  })
  await Promise.resolve()
  assert.deepEqual(control.logged, ['[INFO] Going into lameduck mode for 5s'])
  t.mock.timers.tick(4999)
  assert.equal(isOver, false)
  t.mock.timers.tick(1)
  await shutdown
})

test('lameduck: more than Node takes as one timer is waited for all the same', async t => {
  const { control } = await chain(health, 'health {\nlameduck 600h\n}')
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let isOver = false
  const shutdown = control.shutdown().then(() => {
    isOver = true
  })
  await Promise.resolve()
  t.mock.timers.tick(LONGEST_TIMER_MS)
  t.mock.timers.tick(600 * 3_600_000 - LONGEST_TIMER_MS - 1)
  await new Promise(setImmediate)
  assert.equal(isOver, false)
  t.mock.timers.tick(1)
  await shutdown
})

test('lameduck: none by default', async () => {
  const { control } = await chain(health, 'health')
  await control.shutdown()
  assert.deepEqual(control.logged, [])
  await control.retired()
})

const listen = async (server: TcpServer): Promise<string> => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const probe = async (address: string, slowByMs = 0) => {
  const clock = fakeClock()
  const logged: string[] = []
  const seen: [number, boolean][] = []
  const stepping = {
    ...clock,
    ms: () => {
      clock.advance(slowByMs)
      return clock.ms()
    },
  }
  const onProbe = (seconds: number, hasFailed: boolean) => void seen.push([seconds, hasFailed])
  const prober = new Probe(address, { log: fakeLogger(logged), clock: stepping, onProbe })
  await prober.ask()
  prober.stop()
  return { logged, seen }
}

test('probe: a quick answer is measured and not logged, whatever its status', async t => {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    response.writeHead(503).end()
  })
  t.after(() => server.close())
  assert.deepEqual(await probe(await listen(server), 250), { logged: [], seen: [[0.25, false]] })
  assert.deepEqual(paths, ['/health'])
})

test('probe: more than a second is a warning', async t => {
  const server = createServer((_request, response) => response.end('OK'))
  t.after(() => server.close())
  const address = await listen(server)
  const { logged, seen } = await probe(address, 1500)
  assert.deepEqual(seen, [[1.5, false]])
  assert.deepEqual(logged, [
    `[WARNING] Local health request to "http://${address}/health" took more than 1s: 1.5s`,
  ])
})

test('probe: a failure is counted and a warning', async () => {
  const server = createServer()
  const address = await listen(server)
  await new Promise(resolve => server.close(resolve))
  const { logged, seen } = await probe(address)
  assert.deepEqual(seen, [[0, true]])
  assert.match(
    logged.join(),
    /^\[WARNING\] Local health request to "http:\/\/127\.0\.0\.1:\d+\/health" failed: connect ECONNREFUSED/,
  )
})

test('probe: one connection serves for all, and a new one when it has been closed', async t => {
  let connections = 0
  const server = createServer((_request, response) => response.end('OK'))
  server.on('connection', () => connections++)
  t.after(() => server.close())
  const failures: boolean[] = []
  const logged: string[] = []
  const prober = new Probe(await listen(server), {
    log: fakeLogger(logged),
    clock: fakeClock(),
    onProbe: (_, hasFailed) => void failures.push(hasFailed),
  })
  t.after(() => prober.stop())
  for (let n = 0; n < 3; n++) await prober.ask()
  assert.equal(connections, 1)
  server.closeAllConnections()
  await prober.ask()
  assert.equal(connections, 2)
  assert.deepEqual([failures, logged], [[false, false, false, false], []])
})

for (const { title, serve, failure } of [
  {
    title: 'what is not HTTP',
    serve: (to: Socket) => to.end('+OK'),
    failure: 'the answer is not HTTP',
  },
  {
    title: 'a connection that is closed at once',
    serve: (to: Socket) => to.end(),
    failure: 'the connection was closed',
  },
])
  test(`probe: ${title} is a failure`, async t => {
    const server = createTcpServer(serve)
    t.after(() => server.close())
    const address = await listen(server)
    const { logged, seen } = await probe(address)
    assert.deepEqual(seen, [[0, true]])
    assert.deepEqual(logged, [
      `[WARNING] Local health request to "http://${address}/health" failed: ${failure}`,
    ])
  })

test('probe: no answer within three seconds is a failure', async t => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const server = createServer(() => resolve())
  t.after(() => server.close())
  const address = await listen(server)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const probed = probe(address)
  await promise
  t.mock.timers.tick(3000)
  const { logged, seen } = await probed
  assert.deepEqual(seen, [[0, true]])
  assert.match(logged.join(), /failed: no answer within 3s$/)
})

test('probe: runs each second from onStart until the generation is retired', async t => {
  let asked = () => {}
  let count = 0
  const server = createServer((_request, response) => {
    count++
    response.end('OK', () => asked())
  })
  const address = await listen(server)
  t.after(() => server.close())
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => mock.timers.reset())
  const { control } = await chain(health, `health ${address}`)
  const answered = new Promise<void>(resolve => {
    asked = resolve
  })
  mock.timers.tick(1000)
  await answered
  assert.equal(count, 1)
  await control.retired()
  mock.timers.tick(10_000)
  assert.equal(count, 1)
})

test('the server is told how long lameduck takes', () => {
  const told: (number | undefined)[] = []
  const onFinalShutdown = (_: unknown, mostMs?: number) => void told.push(mostMs)
  control({ address: ':0', lameduckMs: 90_000 }, { ...fakeControl(), onFinalShutdown })
  assert.deepEqual(told, [90_000])
})
