// Lists as the beginning of a watch, protobuf, and how a reflector does without them: what a server
// does not know is left off at once, and what it lies in after one line and a pause.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  type Asked,
  event,
  listOf,
  object,
  type Rig,
  rig,
  status,
} from '../../test/fakes/api-server.ts'
import { enveloped, eventFrame, run } from '../../test/fakes/kube-api/protobuf.ts'
import { recordedBody } from '../../test/fakes/recorded-api.ts'

const RESOURCE = { name: 'services', path: '/api/v1/services', hasProtobuf: true }
const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const JSON_ALONE = 'application/json'
const BOTH = `${PROTOBUF},${JSON_ALONE};q=0.9`

const LIST = recordedBody('list-services-protobuf.response')

const streaming = (t: TestContext): Promise<Rig> => rig(t, { mayStream: true, resource: RESOURCE })
const paging = (t: TestContext): Promise<Rig> => rig(t, { resource: RESOURCE })

const end = (version: number): unknown => ({
  type: 'BOOKMARK',
  object: {
    metadata: {
      resourceVersion: String(version),
      annotations: { 'k8s.io/initial-events-end': 'true' },
    },
  },
})

const queryOf = ({ url }: Asked): Record<string, string> => Object.fromEntries(url.searchParams)

const inProtobuf = ({ response }: Asked, ...parts: readonly Buffer[]): void => {
  response.writeHead(200, { 'Content-Type': `${PROTOBUF};stream=watch` })
  response.flushHeaders()
  for (const part of parts) response.write(part)
}

const text = (field: number, value: string): Buffer => run(field, Buffer.from(value))
const frame = (type: string, name: string, version: number): Buffer => {
  const metadata = [text(1, name), text(3, 'testns'), text(6, String(version))]
  return eventFrame(type, enveloped('v1', 'Service', run(1, Buffer.concat(metadata))))
}
const protobufEnd = (version: number): Buffer => {
  const annotation = Buffer.concat([text(1, 'k8s.io/initial-events-end'), text(2, 'true')])
  const metadata = Buffer.concat([text(6, String(version)), run(12, annotation)])
  return eventFrame('BOOKMARK', enveloped('v1', 'Service', run(1, metadata)))
}
/** A frame that says it is an event of five bytes, and is none. */
const DAMAGED = Buffer.from('000000050a7f616263', 'hex')

test('the list is the beginning of the watch, up to the bookmark that says so', async t => {
  const { api, sink, reflector, observed, log } = await streaming(t)
  reflector.start()
  const asked = await api.next()
  assert.deepEqual(queryOf(asked), {
    watch: '1',
    allowWatchBookmarks: 'true',
    timeoutSeconds: '300',
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
  })
  assert.equal(asked.headers.accept, BOTH)
  asked.watch(event('ADDED', 'a', 9), event('ADDED', 'b', 4))
  await sink.until(() => sink.names.has('b'))
  assert.equal(reflector.isSynced, false)
  asked.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } }, end(10))
  await reflector.synced
  asked.send(event('ADDED', 'c', 11))
  await sink.until(() => sink.names.has('c'))
  assert.deepEqual(sink.calls, ['begin', '+a', '+b', 'end', '+c'])
  asked.reset()
  assert.deepEqual([observed, api.asked.length], [['WATCH 200'], 1])
  await log.line(/cut the connection/)
})

test('the same in protobuf; the next watch goes on from the newest version', async t => {
  const { api, sink, reflector, timers } = await streaming(t)
  reflector.start()
  const asked = await api.next()
  inProtobuf(asked, frame('ADDED', 'a', 9), frame('ADDED', 'b', 4), protobufEnd(10))
  await reflector.synced
  assert.deepEqual(sink.calls, ['begin', '+a', '+b', 'end'])
  asked.response.write(Buffer.concat([frame('DELETED', 'a', 11), frame('ADDED', 'c', 12)]))
  await sink.until(() => sink.names.has('c'))
  timers.advance(5000)
  asked.end()
  const again = await api.next()
  assert.deepEqual(queryOf(again).resourceVersion, '12')
  assert.deepEqual([...sink.names], ['b', 'c'])
})

test('events of before the end of the list are no place to go on from', async t => {
  const { api, sink, reflector, timers } = await streaming(t)
  reflector.start()
  const asked = await api.next()
  asked.watch(event('ADDED', 'a', 9))
  await sink.until(() => sink.names.has('a'))
  asked.reset()
  await timers.armed(800)
  timers.advance(800)
  const again = await api.next()
  assert.equal(queryOf(again).sendInitialEvents, 'true')
  again.watch(event('ADDED', 'b', 4), end(10))
  await reflector.synced
  assert.deepEqual([...sink.names], ['b'])
})

const BROKEN: Readonly<Record<string, (asked: Asked) => void>> = {
  'a reset': asked => asked.reset(),
  'an ERROR event': ({ response }) =>
    response.write(`${JSON.stringify({ type: 'ERROR', object: status(500, 'no more') })}\n`),
}
for (const [end, endIt] of Object.entries(BROKEN))
  test(`after two lists as events that end by ${end}, pages are asked for`, async t => {
    const { api, sink, reflector, timers } = await streaming(t)
    reflector.start()
    for (const isLast of [false, true]) {
      const asked = await api.next()
      assert.equal(queryOf(asked).sendInitialEvents, 'true')
      asked.watch(event('ADDED', 'a', 9))
      await sink.until(() => sink.names.has('a'))
      endIt(asked)
      await timers.armed(isLast ? 1600 : 800)
      timers.advance(isLast ? 1600 : 800)
    }
    const asked = await api.next()
    assert.deepEqual(queryOf(asked), { limit: '500' })
    asked.json(200, listOf(10, ['b']))
    await reflector.synced
    assert.deepEqual([...sink.names], ['b'])
  })

for (const code of [404, 429, 500, 503])
  test(`after two lists as events that are answered ${code}, pages are asked for`, async t => {
    const { api, reflector, timers } = await streaming(t)
    reflector.start()
    for (const pauseMs of [800, 1600]) {
      const asked = await api.next()
      assert.equal(queryOf(asked).sendInitialEvents, 'true')
      asked.json(code, status(code, 'not now'))
      await timers.armed(pauseMs)
      timers.advance(pauseMs)
    }
    const asked = await api.next()
    assert.deepEqual(queryOf(asked), { limit: '500' })
    asked.json(200, listOf(10, ['b']))
    await reflector.synced
  })

for (const code of [400, 405, 422, 501])
  test(`a server that answers ${code} is asked for pages at once, and from then on`, async t => {
    const { api, sink, reflector, log, timers } = await streaming(t)
    reflector.start()
    ;(await api.next()).json(code, status(code, 'sendInitialEvents is forbidden', 'Invalid'))
    const asked = await api.next()
    assert.deepEqual(queryOf(asked), { limit: '500' })
    asked.json(200, listOf(10, ['a']))
    await reflector.synced
    const watch = await api.next()
    assert.equal(queryOf(watch).resourceVersion, '10')
    watch.watch({ type: 'ERROR', object: status(410, 'too old') })
    assert.deepEqual(queryOf(await api.next()), { limit: '500' })
    assert.deepEqual([sink.calls, timers.pending.length > 0], [['begin', '+a', 'end'], true])
    assert.deepEqual(
      log.lines.filter(line => !line.startsWith('debug')),
      [],
    )
  })

for (const code of [406, 415]) {
  test(`a server that answers ${code} to protobuf is asked for JSON at once, and from then on`, async t => {
    const { api, sink, reflector, log } = await streaming(t)
    reflector.start()
    ;(await api.next()).json(code, status(code, 'only application/json', 'NotAcceptable'))
    const asked = await api.next()
    assert.deepEqual([asked.headers.accept, queryOf(asked).sendInitialEvents], [JSON_ALONE, 'true'])
    asked.watch(event('ADDED', 'a', 9), end(10))
    await reflector.synced
    assert.deepEqual([...sink.names], ['a'])
    asked.send({ type: 'ERROR', object: status(410, 'too old') })
    assert.equal((await api.next()).headers.accept, JSON_ALONE)
    assert.deepEqual(
      log.lines.filter(line => !line.startsWith('debug')),
      [],
    )
  })

  test(`a watch in protobuf that is answered ${code} goes on in JSON at once`, async t => {
    const { api, sink, reflector, log } = await paging(t)
    reflector.start()
    answerProtobuf(await api.next(), LIST)
    await reflector.synced
    ;(await api.next()).json(code, status(code, 'only application/json', 'NotAcceptable'))
    const watch = await api.next()
    assert.deepEqual([watch.headers.accept, queryOf(watch).resourceVersion], [JSON_ALONE, '511'])
    watch.watch(event('ADDED', 'a', 512))
    await sink.until(() => sink.names.has('a'))
    assert.deepEqual(log.lines, [])
  })

  test(`a server that answers ${code} to whatever is asked as events: pages, in JSON`, async t => {
    const { api, reflector, log } = await streaming(t)
    reflector.start()
    for (let n = 0; n < 2; n++) (await api.next()).json(code, status(code, 'no', 'NotAcceptable'))
    const asked = await api.next()
    assert.deepEqual([asked.headers.accept, queryOf(asked)], [JSON_ALONE, { limit: '500' }])
    asked.json(200, listOf(10, ['a']))
    await reflector.synced
    assert.deepEqual(log.lines, [])
  })
}

for (const code of [400, 405, 406, 415, 422, 501])
  test(`pages in protobuf that are answered ${code} are asked for in JSON at once`, async t => {
    const { api, sink, reflector, log } = await paging(t)
    reflector.start()
    ;(await api.next()).json(code, status(code, 'no', 'BadRequest'))
    const asked = await api.next()
    assert.equal(asked.headers.accept, JSON_ALONE)
    asked.json(200, listOf(10, ['a']))
    await reflector.synced
    assert.deepEqual([[...sink.names], log.lines], [['a'], []])
  })

test('a server that refuses whatever it is asked waits for no answer sooner than others', async t => {
  const { api, reflector, log, timers } = await streaming(t)
  reflector.start()
  for (let n = 0; n < 3; n++) (await api.next()).json(400, status(400, 'no', 'BadRequest'))
  await timers.armed(800)
  assert.equal(log.lines.length, 1, log.lines.join('\n'))
})

for (const { what, isStream } of [
  { what: 'a list', isStream: false },
  { what: 'a list as events', isStream: true },
])
  test(`protobuf for an answer to ${what} in JSON: one line, a pause, and no object`, async t => {
    const { api, reflector, sink, log, timers } = await rig(t, { mayStream: isStream })
    reflector.start()
    const asked = await api.next()
    assert.equal(asked.headers.accept, JSON_ALONE)
    if (isStream) inProtobuf(asked, frame('ADDED', 'a', 9), protobufEnd(10))
    else answerProtobuf(asked, LIST)
    await timers.armed(800)
    assert.match(
      log.lines.join('\n'),
      /^error services: http:\/\/127\.0\.0\.1:\d+ answers in protobuf what was asked for in JSON$/,
    )
    assert.deepEqual([sink.calls, reflector.isSynced], [[], false])
  })

test('protobuf that is called JSON: a list is refused, and of a watch nothing is taken', async t => {
  const { api, reflector, sink, log, timers } = await paging(t)
  reflector.start()
  const asked = await api.next()
  asked.response.writeHead(200, { 'Content-Type': 'application/json' }).end(LIST)
  await timers.armed(800)
  assert.match(log.lines.join('\n'), /^error services: the API server sends a list that cannot be/)
  timers.advance(800)
  ;(await api.next()).json(200, listOf(10, ['a']))
  await reflector.synced
  log.lines.length = 0
  const watch = await api.next()
  watch.response.writeHead(200, { 'Content-Type': 'application/json' })
  watch.response.write(Buffer.concat([frame('ADDED', 'b', 11), Buffer.from('\n')]))
  assert.equal(queryOf(await api.next()).resourceVersion, '10')
  assert.deepEqual([[...sink.names], log.lines.length], [['a'], 1])
})

test('a watch that says nothing of the end of its list is given up, and pages are asked for', async t => {
  const { api, sink, reflector, log, timers } = await streaming(t)
  reflector.start()
  const asked = await api.next()
  asked.watch(event('ADDED', 'a', 9))
  await sink.until(() => sink.names.has('a'))
  await timers.armed(60_000)
  timers.advance(60_000)
  await log.line(/services: http:\S+ says nothing on a watch \(60 s\)/)
  await timers.armed(800)
  timers.advance(800)
  assert.deepEqual(queryOf(await api.next()), { limit: '500' })
})

test('a list of events that ends before its end is no list', async t => {
  const { api, reflector, log, timers } = await streaming(t)
  reflector.start()
  const asked = await api.next()
  asked.watch(event('ADDED', 'a', 9))
  asked.end()
  await log.line(/ends a list in the middle of its events/)
  await timers.armed(800)
  timers.advance(800)
  assert.deepEqual(queryOf(await api.next()), { limit: '500' })
  assert.equal(reflector.isSynced, false)
})

test('a line that is no JSON in a list of events is left out, as in other lists', async t => {
  const { api, reflector, sink, log } = await streaming(t)
  reflector.start()
  ;(await api.next()).watch(event('ADDED', 'a', 9), 'nonsense\n', event('ADDED', 'b', 9), end(10))
  await reflector.synced
  assert.deepEqual([...sink.names], ['a', 'b'])
  assert.deepEqual(log.lines, [
    'warning services: left out a line of a watch that is no JSON: nonsense',
  ])
})

const answerProtobuf = ({ response }: Asked, body: Buffer): void => {
  response.writeHead(200, { 'Content-Type': PROTOBUF })
  response.end(body)
}

test('pages in protobuf', async t => {
  const { api, reflector, sink } = await paging(t)
  reflector.start()
  const asked = await api.next()
  assert.equal(asked.headers.accept, BOTH)
  answerProtobuf(asked, recordedBody('list-services-protobuf.response'))
  await reflector.synced
  assert.ok(sink.names.has('kube-dns'))
  const watch = await api.next()
  assert.deepEqual([queryOf(watch).resourceVersion, watch.headers.accept], ['511', BOTH])
})

test('a resource without protobuf is asked for in JSON alone', async t => {
  const { api, reflector } = await rig(t, { mayStream: true })
  reflector.start()
  assert.equal((await api.next()).headers.accept, 'application/json')
})

test('JSON for an answer, in a list and in a watch', async t => {
  const { api, reflector, sink } = await paging(t)
  reflector.start()
  ;(await api.next()).json(200, listOf(10, ['a']))
  await reflector.synced
  ;(await api.next()).watch(event('ADDED', 'b', 11))
  await sink.until(() => sink.names.has('b'))
})

const huge = Buffer.from('6b3873000a00120c0a8080808080808080800100', 'hex')

for (const { name, body } of [
  { name: 'that is JSON all the same', body: Buffer.from(JSON.stringify(listOf(10, ['a']))) },
  { name: 'with another magic', body: Buffer.concat([Buffer.from('k8t\0'), LIST.subarray(4)]) },
  { name: 'that is cut', body: LIST.subarray(0, 3000) },
  { name: 'without anything', body: Buffer.alloc(0) },
  { name: 'with a length that nothing has', body: huge },
  {
    name: 'with lengths that are wrong',
    body: Buffer.concat([LIST.subarray(0, 60), LIST.subarray(61)]),
  },
])
  test(`a list in protobuf ${name}: one line, a pause, and JSON from then on`, async t => {
    const { api, reflector, sink, log, timers } = await paging(t)
    reflector.start()
    answerProtobuf(await api.next(), body)
    await timers.armed(800)
    assert.equal(log.lines.length, 1, log.lines.join('\n'))
    assert.match(
      log.lines[0] ?? '',
      /^error services: the API server sends protobuf that cannot be read: [^\n]{5,80}$/,
    )
    timers.advance(800)
    const again = await api.next()
    assert.equal(again.headers.accept, 'application/json')
    again.json(200, listOf(10, ['b']))
    await reflector.synced
    assert.deepEqual([...sink.names], ['b'])
    assert.equal((await api.next()).headers.accept, 'application/json')
  })

test('an event that is damaged: those before it count, and the watch goes on in JSON', async t => {
  const { api, reflector, sink, log, timers } = await streaming(t)
  reflector.start()
  const asked = await api.next()
  inProtobuf(asked, frame('ADDED', 'a', 9), protobufEnd(10))
  await reflector.synced
  asked.response.write(Buffer.concat([frame('ADDED', 'b', 11), DAMAGED, frame('ADDED', 'c', 13)]))
  await timers.armed(800)
  assert.deepEqual([...sink.names], ['a', 'b'])
  assert.deepEqual(log.lines, [
    'warning services: the API server sends protobuf that cannot be read: a field is longer than its message (what is known stays in use)',
  ])
  timers.advance(800)
  const again = await api.next()
  assert.deepEqual(
    [queryOf(again).resourceVersion, again.headers.accept],
    ['11', 'application/json'],
  )
  again.watch(event('ADDED', 'c', 13))
  await sink.until(() => sink.names.has('c'))
})

test('an object that cannot be read where the sink looks into it: the same', async t => {
  const { api, reflector, sink, log, timers } = await streaming(t)
  const put = sink.put.bind(sink)
  sink.put = one => {
    const { labels } = one.metadata as { readonly labels?: unknown }
    assert.ok(labels)
    put(one)
  }
  reflector.start()
  const asked = await api.next()
  const bad = run(1, Buffer.concat([text(1, 'bad'), run(11, Buffer.from('0a7f', 'hex'))]))
  inProtobuf(asked, protobufEnd(10), eventFrame('ADDED', enveloped('v1', 'Service', bad)))
  await timers.armed(800)
  assert.match(log.lines.join('\n'), /^warning services: the API server sends protobuf that/)
  timers.advance(800)
  const again = await api.next()
  assert.equal(queryOf(again).resourceVersion, '10')
  sink.put = put
  again.watch({ type: 'ADDED', object: object('bad', 11) })
  await sink.until(() => sink.names.has('bad'))
})

test('a watch that is cut in the middle of an event is no damage', async t => {
  const { api, reflector, timers, log } = await streaming(t)
  reflector.start()
  const asked = await api.next()
  inProtobuf(asked, protobufEnd(10))
  await reflector.synced
  asked.response.write(frame('ADDED', 'b', 11).subarray(0, 20))
  timers.advance(5000)
  asked.end()
  const again = await api.next()
  assert.deepEqual([queryOf(again).resourceVersion, again.headers.accept], ['10', BOTH])
  assert.deepEqual(log.lines, [])
})
