import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { event, listOf, object, type Rig, rig, status } from '../../test/fakes/api-server.ts'

/** A reflector that has listed `names` at version 10 and watches; the watch is answered. */
async function watching(t: TestContext, names: readonly string[] = ['a', 'b']) {
  const all = await rig(t)
  all.reflector.start()
  const listed = await all.api.next()
  listed.json(200, listOf(10, names))
  const watch = await all.api.next()
  watch.watch()
  // The head has come when the timer for a young watch is set.
  await all.timers.armed(1000)
  return { ...all, watch }
}

const queryOf = ({ url }: { url: URL }): Record<string, string> =>
  Object.fromEntries(url.searchParams)

test('a list of one page, then a watch from its version', async t => {
  const { api, sink, reflector, observed } = await rig(t)
  assert.equal(reflector.isSynced, false)
  reflector.start()
  const listed = await api.next()
  assert.equal(listed.url.pathname, '/api/v1/services')
  assert.deepEqual(queryOf(listed), { limit: '500' })
  listed.json(200, listOf(10, ['a', 'b']))
  await reflector.synced
  assert.equal(reflector.isSynced, true)
  assert.deepEqual(sink.calls, ['begin', '+a', '+b', 'end'])
  const watch = await api.next()
  assert.deepEqual(queryOf(watch), {
    watch: '1',
    allowWatchBookmarks: 'true',
    resourceVersion: '10',
    timeoutSeconds: '300',
  })
  watch.watch(event('ADDED', 'c', 11), event('MODIFIED', 'a', 12), event('DELETED', 'b', 13))
  await sink.until(() => sink.calls.length === 7)
  assert.deepEqual(sink.calls.slice(4), ['+c', '+a', '-b'])
  assert.deepEqual([...sink.names], ['a', 'c'])
  assert.deepEqual(observed, ['LIST 200', 'WATCH 200'])
})

test('selectors go with the list and with the watch', async t => {
  const resource = {
    name: 'services',
    path: '/api/v1/services',
    labelSelector: 'app in (a, b)',
    fieldSelector: 'status.phase!=Failed',
  }
  const { api, reflector } = await rig(t, { resource })
  reflector.start()
  const listed = await api.next()
  listed.json(200, listOf(10, []))
  for (const { url } of [listed, await api.next()]) {
    assert.equal(url.searchParams.get('labelSelector'), 'app in (a, b)')
    assert.equal(url.searchParams.get('fieldSelector'), 'status.phase!=Failed')
  }
})

test('pages follow the continue token, and only the last ends the list', async t => {
  const { api, sink, reflector } = await rig(t)
  reflector.start()
  ;(await api.next()).json(200, listOf(10, ['a'], 'next page'))
  const second = await api.next()
  assert.deepEqual(queryOf(second), { limit: '500', continue: 'next page' })
  assert.equal(reflector.isSynced, false)
  second.json(200, listOf(10, ['b'], 'last'))
  ;(await api.next()).json(200, listOf(10, ['c']))
  await reflector.synced
  assert.deepEqual(sink.calls, ['begin', '+a', '+b', '+c', 'end'])
})

test('a large page leaves room for everything else on its thread', async t => {
  const { api, sink, reflector } = await rig(t)
  reflector.start()
  const names = Array.from(
    { length: 20_000 },
    (_, index) => `a-service-with-a-name-of-some-length-${index}`,
  )
  const body = JSON.stringify(listOf(10, names))
  const putsPerTurn: number[] = []
  let seen = 0
  let isOver = false
  const turn = (): void => {
    putsPerTurn.push(sink.calls.length - seen)
    seen = sink.calls.length
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  ;(await api.next()).response.end(body)
  await reflector.synced
  isOver = true
  assert.equal(sink.names.size, names.length)
  // One chunk of a socket is 64 KiB at most; a few may wait together.
  assert.ok(Math.max(...putsPerTurn) <= 2000, `${Math.max(...putsPerTurn)} objects in one turn`)
})

test('an expired continue token begins the list anew, at once, and in one page at last', async t => {
  const { api, sink, log, reflector } = await rig(t)
  reflector.start()
  for (const limit of ['500', '500']) {
    const first = await api.next()
    assert.deepEqual(queryOf(first), { limit })
    first.json(200, listOf(10, ['a'], 'token'))
    ;(await api.next()).json(
      410,
      status(410, 'The provided continue parameter is too old', 'Expired'),
    )
  }
  const last = await api.next()
  assert.deepEqual(queryOf(last), {})
  last.json(200, listOf(12, ['b']))
  await reflector.synced
  assert.deepEqual(sink.calls, ['begin', '+a', 'begin', '+a', 'begin', '+b', 'end'])
  assert.deepEqual(log.lines, [])
})

test('a watch that the server ends is followed by one from the newest version, bookmarks counted', async t => {
  const { api, sink, timers, watch, log } = await watching(t)
  watch.send(
    event('ADDED', 'c', 15),
    { type: 'BOOKMARK', object: { kind: 'Service', metadata: { resourceVersion: '40' } } },
    event('ADDED', 'd', 41),
  )
  watch.send(
    { type: 'BOOKMARK', object: { metadata: { resourceVersion: '44' } } },
    event('ADDED', 'e', 45),
    {
      type: 'BOOKMARK',
      object: { metadata: { resourceVersion: '60', creationTimestamp: null } },
    },
  )
  await sink.until(() => sink.names.has('e'))
  timers.advance(5000)
  watch.end()
  const again = await api.next()
  assert.equal(again.url.searchParams.get('resourceVersion'), '60')
  assert.deepEqual(log.lines, [])
})

test('a watch that ends as soon as it begins is waited after', async t => {
  const { api, timers, watch, log, reflector } = await watching(t)
  watch.end()
  await timers.armed(800)
  assert.match(
    await log.line(/ends a watch/),
    /^warning services: http:\/\/127\.0\.0\.1:\d+ ends a watch as soon as it has begun/,
  )
  assert.match(reflector.failure ?? '', /ends a watch/)
  timers.advance(799)
  assert.equal(api.asked.length, 2)
  timers.advance(1)
  assert.equal((await api.next()).isWatch, true)
})

test('a watch that is reset goes on from its newest version after a pause, without a list', async t => {
  const { api, sink, timers, watch, log } = await watching(t)
  watch.send(event('ADDED', 'c', 15))
  await sink.until(() => sink.names.has('c'))
  watch.send('{"type":"ADDED","object":{"metadata":{"name":"half"')
  watch.reset()
  await timers.armed(800)
  assert.match(
    await log.line(/ECONNRESET/),
    /^warning services: .* cut the connection \(ECONNRESET\) \(what is known stays in use\)$/,
  )
  timers.advance(800)
  const again = await api.next()
  assert.equal(again.url.searchParams.get('resourceVersion'), '15')
  again.watch(event('ADDED', 'half', 16))
  await sink.until(() => sink.names.has('half'))
  await log.line(/^info services: in step with the API server again$/)
  assert.equal(api.asked.filter(one => !one.isWatch).length, 1)
})

const GONE: readonly {
  name: string
  answer: (watch: Awaited<ReturnType<Rig['api']['next']>>) => void
}[] = [
  {
    name: 'an ERROR event 410',
    answer: watch =>
      watch.watch({
        type: 'ERROR',
        object: status(410, 'too old resource version: 10 (90)', 'Expired'),
      }),
  },
  {
    name: 'a bookmark of before our version',
    answer: watch =>
      watch.watch({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } }),
  },
  {
    name: 'HTTP 410',
    answer: watch => watch.json(410, status(410, 'too old resource version', 'Expired')),
  },
  {
    name: 'a version from the future, of a server restored from a backup',
    answer: watch =>
      watch.json(504, {
        ...(status(504, 'Too large resource version: 10, current: 3') as object),
        reason: 'Timeout',
      }),
  },
]

for (const { name, answer } of GONE)
  test(`${name} is followed by one list at once, which replaces the set; a second one soon after by a pause first`, async t => {
    const { api, sink, timers, reflector, log } = await rig(t)
    reflector.start()
    ;(await api.next()).json(200, listOf(10, ['a', 'b', 'c']))
    answer(await api.next())
    const listed = await api.next()
    assert.deepEqual(queryOf(listed), { limit: '500' })
    listed.json(200, listOf(90, ['b', 'd']))
    await sink.until(() => sink.calls.filter(call => call === 'end').length === 2)
    assert.deepEqual([...sink.names], ['b', 'd'])
    const watch = await api.next()
    assert.equal(watch.url.searchParams.get('resourceVersion'), '90')
    assert.deepEqual(
      log.lines.filter(line => !line.startsWith('debug')),
      [],
    )
    answer(watch)
    await timers.armed(800)
    assert.equal(api.asked.length, 4)
    timers.advance(800)
    assert.equal((await api.next()).isWatch, false)
  })

test('another ERROR event is waited after, and the watch goes on from where it was', async t => {
  const { api, sink, timers, watch, log } = await watching(t)
  watch.send(event('ADDED', 'c', 15), {
    type: 'ERROR',
    object: status(500, 'etcdserver: leader changed'),
  })
  await timers.armed(800)
  assert.ok(sink.names.has('c'))
  assert.match(await log.line(/warning/), /answers 500: etcdserver: leader changed/)
  timers.advance(800)
  const again = await api.next()
  assert.equal(again.url.searchParams.get('resourceVersion'), '15')
})

test('a line that is no JSON may have been an event: the watch goes on from before it, and no event is missed', async t => {
  const { api, sink, watch, log, reflector } = await watching(t)
  watch.send(
    event('ADDED', 'c', 11),
    'garbage {',
    event('ADDED', 'lost', 12),
    event('ADDED', 'd', 13),
  )
  const again = await api.next()
  assert.equal(again.url.searchParams.get('resourceVersion'), '11')
  assert.deepEqual([...sink.names], ['a', 'b', 'c'])
  again.watch(event('ADDED', 'lost', 12), event('ADDED', 'd', 13))
  await sink.until(() => sink.names.has('d'))
  assert.deepEqual([...sink.names], ['a', 'b', 'c', 'lost', 'd'])
  assert.match(
    log.lines.join('\n'),
    /^warning services: left out a line of a watch that is no JSON: garbage [^\n]*$/,
  )
  assert.equal(reflector.failure, undefined)
})

test('what is no event, or no object, is left out with a line in the log, and the watch goes on', async t => {
  const { sink, watch: first, log, api } = await watching(t)
  first.send('nonsense\n')
  // A server that sends nonsense all the time is not asked again for each line.
  const watch = await api.next()
  watch.watch()
  const bad = ['nonsense\n', '{"type":"ADDED"\n', 'null\n', '[]\n', '7\n', '\n', ' \r\n']
  const nameless = [
    null,
    7,
    'text',
    [],
    {},
    { metadata: null },
    { metadata: 7 },
    { metadata: { name: '' } },
    { metadata: { name: 7 } },
  ]
  for (const line of bad) watch.send(line)
  for (const one of nameless)
    watch.send({ type: 'MODIFIED', object: one }, { type: 'DELETED', object: one })
  watch.send({ type: 'FUTURE', object: object('x') }, event('ADDED', 'good', 20))
  await sink.until(() => sink.names.has('good'))
  assert.deepEqual([...sink.names], ['a', 'b', 'good'])
  assert.deepEqual(log.lines, [
    'warning services: left out a line of a watch that is no JSON: nonsense',
    'warning services: left out an event of a watch of no known type: null',
    'warning services: left out an object without metadata.name: null',
  ])
  assert.equal(api.asked.length, 3)
})

test('an item of a list without a name is left out, the others are taken', async t => {
  const { api, reflector, sink, log } = await rig(t)
  reflector.start()
  ;(await api.next()).json(200, {
    metadata: { resourceVersion: '3' },
    items: [object('a'), { metadata: {} }, {}, object('b')],
  })
  await reflector.synced
  assert.deepEqual([...sink.names], ['a', 'b'])
  assert.equal(log.lines.length, 1)
})

test('a sink that throws loses the object, not the watch; each text is logged once', async t => {
  const { sink, watch, log } = await watching(t)
  const put = sink.put.bind(sink)
  sink.put = one => {
    if (one.metadata.name.startsWith('bad')) throw new TypeError('no ports')
    put(one)
  }
  watch.send(event('ADDED', 'bad-1', 11), event('ADDED', 'bad-2', 12), event('ADDED', 'good', 13))
  await sink.until(() => sink.names.has('good'))
  assert.deepEqual(log.lines, ['warning services: testns/bad-1 could not be taken: no ports'])
})

for (const method of ['listBegins', 'listEnds', 'flush'] as const)
  test(`a sink whose ${method} throws does not end the reflector`, async t => {
    const { api, sink, reflector, log } = await rig(t)
    sink[method] = () => {
      throw new Error('out of room')
    }
    reflector.start()
    ;(await api.next()).json(200, listOf(10, ['a']))
    await reflector.synced
    assert.equal((await api.next()).isWatch, true)
    assert.match(log.lines.join('\n'), /could not be taken: out of room/)
  })
