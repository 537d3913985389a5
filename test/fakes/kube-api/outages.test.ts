// Everything that goes wrong on demand: outages, refusals, and watches that break, fall silent or
// talk nonsense.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import { ask, askBody, names, TestWatch } from './api-client.ts'
import { startKubeApi } from './api-server.ts'

const SERVICES = '/api/v1/services'
const WATCH = `${SERVICES}?watch=1`
const service = (name: string) => ({
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }] },
})

suite('down and up', () => {
  test('connections are reset, nobody listens, and the port stays the same', async t => {
    const api = await startKubeApi(t, { manifests: [service('a')] })
    const { port, url } = api
    const watch = await TestWatch.open(t, api, WATCH)
    await watch.take(1)
    await api.down()
    assert.equal(await watch.line(), undefined)
    assert.equal((watch.failure as NodeJS.ErrnoException).code, 'ECONNRESET')
    await assert.rejects(ask(api, SERVICES), { code: 'ECONNREFUSED' })
    await api.up()
    assert.deepEqual([api.port, api.url], [port, url])
    assert.equal(names(await askBody(api, SERVICES)), 'a')
  })

  test('idle connections are not in the way, wherever they come from', async t => {
    const api = await startKubeApi(t, { host: '0.0.0.0', https: false })
    const sockets = [connect(api.port, '127.0.0.1')]
    await once(sockets[0]!, 'connect')
    const { localPort = 0 } = sockets[0]!
    // The same port of another address: another client.
    sockets.push(
      connect({ port: api.port, host: '127.0.0.1', localAddress: '127.0.0.2', localPort }),
    )
    await once(sockets[1]!, 'connect')
    const closed = sockets.map(
      socket =>
        new Promise<void>(resolve => socket.on('error', () => {}).on('close', () => resolve())),
    )
    await api.down()
    await Promise.all(closed)
  })

  test('with other contents, earlier revisions are too old', async t => {
    const api = await startKubeApi(t, { manifests: [service('a')] })
    const before = api.resourceVersion
    await api.down()
    await api.up({ contents: [service('b')] })
    assert.equal(names(await askBody(api, SERVICES)), 'b')
    assert.ok(Number(api.resourceVersion) > Number(before))
    const watch = await TestWatch.open(t, api, `${WATCH}&resourceVersion=${before}`)
    assert.equal((await watch.next()).type, 'ERROR')
  })

  test('the counter may go back, as after a restored backup', async t => {
    const api = await startKubeApi(t, { manifests: [service('a')] })
    const before = api.resourceVersion
    await api.down()
    await api.up({ contents: [service('b')], resourceVersion: 1 })
    const list = await askBody(api, `${SERVICES}?resourceVersion=${before}`)
    assert.deepEqual([list.code, list.reason], [504, 'Timeout'])
  })

  test('other contents while it is up are refused', async t => {
    const api = await startKubeApi(t)
    await assert.rejects(api.up({ contents: [] }), /need a server that is down/)
  })
})

for (const [hang, arrives] of [
  ['accept', 0],
  ['answer', 1],
] as const)
  test(`hang ${hang}: the connection stands, and no answer comes`, async t => {
    const api = await startKubeApi(t, { https: false })
    api.faults.hang = hang
    const socket = connect(api.port, '127.0.0.1')
    const chunks: unknown[] = []
    socket.on('data', chunk => chunks.push(chunk))
    socket.on('error', () => {})
    socket.write(`GET ${SERVICES} HTTP/1.1\r\nHost: x\r\n\r\n`)
    if (arrives > 0) await api.requests.when({ code: 0 })
    else await once(socket, 'connect')
    api.faults.hang = undefined
    assert.equal((await ask(api, SERVICES)).code, 200)
    assert.deepEqual(
      [chunks, api.requests.count({ code: 0 }), socket.destroyed],
      [[], arrives, false],
    )
    const { promise, resolve } = Promise.withResolvers<void>()
    socket.on('close', resolve)
    await api.down()
    await promise
  })

test('refusals are counted down, for the verb and the resource they are meant for', async t => {
  const api = await startKubeApi(t)
  api.faults.failNext({
    code: 429,
    count: 2,
    verb: 'list',
    resource: 'services',
    retryAfterSeconds: 7,
  })
  assert.equal((await ask(api, '/api/v1/pods')).code, 200)
  const refused = await ask(api, SERVICES)
  assert.deepEqual([refused.code, refused.headers['retry-after']], [429, '7'])
  assert.equal((await ask(api, SERVICES)).code, 429)
  assert.equal((await ask(api, SERVICES)).code, 200)
  for (const code of [403, 410, 500, 503] as const) {
    api.faults.failNext({ code, verb: 'watch' })
    assert.deepEqual([(await ask(api, WATCH)).code, (await ask(api, SERVICES)).code], [code, 200])
  }
  assert.equal(api.requests.count({ verb: 'list', resource: 'services', code: 429 }), 2)
})

suite('watches', () => {
  test('reset', async t => {
    const api = await startKubeApi(t)
    const watch = await TestWatch.open(t, api, WATCH)
    assert.equal(api.watches.reset(), 1)
    assert.equal(await watch.line(), undefined)
    assert.equal((watch.failure as NodeJS.ErrnoException).code, 'ECONNRESET')
  })

  test('broken in the middle of a line', async t => {
    const api = await startKubeApi(t)
    const watch = await TestWatch.open(t, api, WATCH)
    api.watches.reset({ midLine: true, resource: 'services' })
    assert.equal(await watch.line(), '{"type":"MODIFIED","object":{"kind":')
    assert.equal(await watch.line(), undefined)
    assert.notEqual(watch.failure, undefined)
  })

  test('silent, while a new one is served', async t => {
    const api = await startKubeApi(t)
    const silent = await TestWatch.open(t, api, WATCH)
    api.watches.silence()
    const heard = silent.line()
    const served = await TestWatch.open(t, api, WATCH)
    api.apply(service('a'))
    assert.deepEqual(await served.take(1), ['ADDED a'])
    assert.equal(api.watches.count(), 2)
    await api.down()
    assert.equal(await heard, undefined)
  })

  test('garbage, then events again', async t => {
    const api = await startKubeApi(t)
    const watch = await TestWatch.open(t, api, WATCH)
    assert.equal(api.watches.garble('no JSON{\n'), 1)
    api.apply(service('a'))
    assert.equal(await watch.line(), 'no JSON{')
    assert.deepEqual(await watch.take(1), ['ADDED a'])
  })

  test('every event twice', async t => {
    const api = await startKubeApi(t)
    api.faults.duplicates = true
    const watch = await TestWatch.open(t, api, WATCH)
    api.apply(service('a'))
    assert.deepEqual(await watch.take(2), ['ADDED a', 'ADDED a'])
  })

  test('told that they are too old, or ended before their time', async t => {
    const api = await startKubeApi(t)
    const old = await TestWatch.open(t, api, WATCH)
    assert.equal(api.watches.expire(), 1)
    assert.equal((await old.next()).object.code, 410)
    const early = await TestWatch.open(t, api, WATCH)
    assert.equal(api.watches.end(), 1)
    assert.equal(await early.line(), undefined)
    assert.deepEqual([early.failure, api.watches.count()], [undefined, 0])
  })
})

test('a held list sends its first half, and the rest when it is released', async t => {
  const api = await startKubeApi(t, { manifests: [service('a'), service('b')] })
  api.faults.holdLists()
  const list = askBody(api, SERVICES)
  await api.faults.whenHeld()
  api.apply(service('c'))
  api.faults.releaseLists()
  assert.equal(names(await list), 'a b')
  assert.equal(names(await askBody(api, SERVICES)), 'a b c')
})

test('requests are counted and kept with their time', async t => {
  const api = await startKubeApi(t)
  await ask(api, SERVICES)
  await ask(api, '/api/v1/namespaces/default/services')
  assert.equal(api.requests.count({ verb: 'list', resource: 'services', code: 200 }), 2)
  const [first, second] = api.requests.recent({ verb: 'list' })
  assert.deepEqual(
    [first?.namespace, second?.namespace, second?.url],
    ['', 'default', '/api/v1/namespaces/default/services'],
  )
  assert.ok(first !== undefined && second !== undefined && first.atMs <= second.atMs)
  api.requests.clear()
  assert.equal(api.requests.count(), 0)
})
