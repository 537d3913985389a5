import assert from 'node:assert/strict'
import { once } from 'node:events'
import test, { type TestContext } from 'node:test'
import { type Asked, event, listOf, type Rig, rig, status } from '../../test/fakes/api-server.ts'
import { Limiter } from './limiter.ts'

const started = async (t: TestContext): Promise<Rig> => {
  const all = await rig(t)
  all.reflector.start()
  return all
}

interface Trouble {
  readonly name: string
  readonly answer: (asked: Asked) => void
  readonly failure: RegExp
  /** Pauses behind it; the line is there after them. */
  readonly delaysMs?: readonly number[]
}

/**
 * A refusal is said when it has lasted for two seconds, and is asked about again soon, however long
 * it lasts.
 */
const REFUSED = [800, 1600, 2500, 2500]

const TROUBLES: readonly Trouble[] = [
  {
    name: 'no rights',
    delaysMs: REFUSED,
    answer: asked =>
      asked.json(
        403,
        status(403, 'services is forbidden: User "x" cannot list resource "services"'),
      ),
    failure:
      /^services: may not list services \(403\): the ClusterRole needs list and watch on services in API group "": services is forbidden: User "x" cannot list resource "services"$/,
  },
  {
    name: 'no credentials',
    delaysMs: REFUSED,
    answer: asked => asked.json(401, status(401, 'Unauthorized')),
    failure:
      /^services: http:\S+ wants credentials \(401\): give a kubeconfig, or a client certificate with tls$/,
  },
  {
    name: 'no such resource',
    delaysMs: REFUSED,
    answer: asked =>
      asked.json(404, status(404, 'the server could not find the requested resource')),
    failure:
      /^services: the API server does not know \/api\/v1\/services \(404\): .*\? the server could not find the requested resource$/,
  },
  {
    name: 'too many requests, with a time in seconds',
    answer: asked => asked.json(429, status(429, 'slow down'), { 'Retry-After': '7' }),
    failure: /^services: http:\S+ answers 429: slow down$/,
    delaysMs: [7000, 7000],
  },
  {
    name: 'a Retry-After that is no number',
    answer: asked => asked.json(503, {}, { 'Retry-After': 'soon' }),
    failure: /answers 503$/,
  },
  {
    name: 'an error in HTML',
    answer: asked => void asked.response.writeHead(502).end('<html>bad gateway'),
    failure: /answers 502$/,
  },
  {
    name: 'an error in plain words',
    answer: asked =>
      void asked.response
        .writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8' })
        .end('sent HTTP to HTTPS\n'),
    failure: /answers 400: sent HTTP to HTTPS$/,
  },
  {
    name: 'an error of many bytes',
    answer: asked => void asked.response.writeHead(500).end('x'.repeat(200_000)),
    failure: /answers 500$/,
  },
  {
    name: 'a redirect, which is not followed',
    answer: asked => asked.json(302, {}, { Location: '/elsewhere' }),
    failure: /answers 302$/,
  },
  {
    name: 'a list that is HTML',
    answer: asked => void asked.response.end('<html>'),
    failure: /cannot be read: it is no JSON$/,
  },
  {
    name: 'a list that is cut short',
    answer: asked => void asked.response.end('{"items":['),
    failure: /cannot be read: it ends in the middle$/,
  },
  {
    name: 'no answer but a reset',
    answer: asked => asked.reset(),
    failure: /cut the connection \(ECONNRESET\)$/,
  },
]

for (const { name, answer, failure, delaysMs = [800, 1600] } of TROUBLES)
  test(`${name}: one line that says what to fix, and other attempts after ${delaysMs.join(', ')} ms`, async t => {
    const { api, timers, log, reflector } = await started(t)
    for (const wait of delaysMs) {
      const armed = timers.armed(wait)
      answer(await api.next())
      await armed
      assert.match(reflector.failure ?? '', failure)
      timers.advance(wait)
    }
    const last = await api.next()
    assert.equal(log.lines.length, 1)
    assert.match(log.lines[0]!, /^error services: /)
    last.json(200, listOf(10, ['a']))
    await reflector.synced
    assert.equal(reflector.failure, undefined)
    assert.deepEqual(log.lines.slice(1), ['info services: in step with the API server again'])
  })

test('a server that asks for more patience than a minute gets a minute', async t => {
  const { api, timers, log } = await started(t)
  ;(await api.next()).json(503, status(503, 'not ready'), { 'Retry-After': '3600' })
  assert.match(await log.line(/error/), /answers 503: not ready$/)
  assert.deepEqual(timers.pending, [60_000])
})

test('a failure that changes is said again', async t => {
  const { api, timers, log } = await started(t)
  ;(await api.next()).json(500, status(500, 'one'))
  await timers.armed(800)
  timers.advance(800)
  ;(await api.next()).json(500, status(500, 'another'))
  await timers.armed(1600)
  assert.equal(log.lines.length, 2)
})

test('a server that goes away and comes back takes nothing away', async t => {
  const { api, timers, sink, log, reflector, observed } = await started(t)
  ;(await api.next()).json(200, listOf(10, ['a', 'b']))
  const watch = await api.next()
  watch.watch()
  await timers.armed(1000)
  const { port } = api.server.address() as { port: number }
  api.server.close()
  watch.reset()
  await timers.armed(800)
  timers.advance(800)
  // Nobody is there: asking costs nothing, so the pauses stay short.
  await timers.armed(800)
  assert.match(
    reflector.failure ?? '',
    /refuses the connection \(ECONNREFUSED\): is the API server up, and may this pod reach it\?$/,
  )
  timers.advance(800)
  await timers.armed(800)
  assert.deepEqual([...sink.names], ['a', 'b'])
  api.server.listen(port, '127.0.0.1')
  await once(api.server, 'listening')
  timers.advance(800)
  const again = await api.next()
  assert.equal(again.url.searchParams.get('resourceVersion'), '10')
  again.watch(event('DELETED', 'a', 11))
  await sink.until(() => !sink.names.has('a'))
  await log.line(/^info/)
  assert.equal(log.lines.length, 3)
  assert.deepEqual(observed, [
    'LIST 200',
    'WATCH 200',
    'WATCH undefined',
    'WATCH undefined',
    'WATCH 200',
  ])
})

test('a list that does not begin within 60 s is given up', async t => {
  const { api, timers, reflector } = await started(t)
  await api.next()
  timers.advance(60_000)
  await timers.armed(800)
  assert.match(reflector.failure ?? '', /does not answer a list \(60 s\)/)
})

test('a list that stops in the middle is given up after 60 s, and begun again', async t => {
  const { api, timers, sink, reflector } = await started(t)
  const stuck = await api.next()
  stuck.response.write('{"items":[{"metadata":{"name":"a"}},')
  await sink.until(() => sink.names.has('a'))
  await timers.armed(60_000)
  timers.advance(60_000)
  await timers.armed(800)
  assert.match(reflector.failure ?? '', /stops in the middle of a list \(60 s\)/)
  timers.advance(800)
  ;(await api.next()).json(200, listOf(10, ['b']))
  await reflector.synced
  assert.deepEqual(sink.calls, ['begin', '+a', 'begin', '+b', 'end'])
  assert.deepEqual([...sink.names], ['b'])
})

test('a watch that does not begin within 30 s is given up', async t => {
  const { api, timers, reflector } = await started(t)
  ;(await api.next()).json(200, listOf(10, ['a']))
  await api.next()
  timers.advance(30_000)
  await timers.armed(800)
  assert.match(reflector.failure ?? '', /does not answer a watch \(30 s\)/)
})

const SILENCES: readonly { name: string; events: readonly unknown[]; limitMs: number }[] = [
  {
    name: 'a silent watch is given up 30 s after the server should have ended it',
    events: [],
    limitMs: 330_000,
  },
  {
    name: 'with events but no bookmarks likewise',
    events: [event('ADDED', 'c', 11)],
    limitMs: 330_000,
  },
  {
    name: 'a server that sends bookmarks is missed much earlier',
    events: [
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '12' } } },
      event('ADDED', 'c', 13),
    ],
    limitMs: 150_000,
  },
]

for (const { name, events, limitMs } of SILENCES)
  test(name, async t => {
    const { api, timers, sink, reflector } = await started(t)
    ;(await api.next()).json(200, listOf(10, ['a']))
    const watch = await api.next()
    watch.watch(...events)
    if (events.length > 0) await sink.until(() => sink.names.has('c'))
    await timers.armed(limitMs)
    timers.advance(limitMs)
    await timers.armed(800)
    assert.match(
      reflector.failure ?? '',
      new RegExp(`says nothing on a watch \\(${limitMs / 1000} s\\)`),
    )
    timers.advance(800)
    assert.equal((await api.next()).isWatch, true)
  })

test('two minutes of a quiet watch forgive earlier failures', async t => {
  const { api, timers } = await started(t)
  for (const wait of [800, 1600]) {
    ;(await api.next()).json(500, {})
    await timers.armed(wait)
    timers.advance(wait)
  }
  ;(await api.next()).json(200, listOf(10, ['a']))
  const watch = await api.next()
  watch.watch()
  await timers.armed(1000)
  timers.advance(120_000)
  watch.reset()
  await timers.armed(800)
})

type Stage = (all: Rig) => Promise<void>
const STAGES: Readonly<Record<string, Stage>> = {
  'a list that has no answer': async ({ api }) => void (await api.next()),
  'the middle of a list': async ({ api, sink }) => {
    ;(await api.next()).response.write('{"items":[{"metadata":{"name":"a"}},')
    await sink.until(() => sink.names.has('a'))
  },
  'a watch': async ({ api, sink }) => {
    ;(await api.next()).json(200, listOf(10, []))
    ;(await api.next()).watch(event('ADDED', 'a', 11))
    await sink.until(() => sink.names.has('a'))
  },
  'a pause': async ({ api, timers }) => {
    ;(await api.next()).json(500, {})
    await timers.armed(800)
  },
}

for (const [name, reach] of Object.entries(STAGES))
  test(`stop in ${name} ends it at once and leaves no timer`, async t => {
    const all = await started(t)
    await reach(all)
    const lines = all.log.lines.length
    await all.reflector.stop()
    await all.reflector.stop()
    assert.deepEqual(all.timers.pending, [])
    assert.equal(all.log.lines.length, lines)
  })

test('stop while waiting for a turn, and stop without a start', async t => {
  const timers = (await rig(t)).timers
  const limiter = new Limiter({ qps: 1, burst: 1, maxInflight: 0, timers })
  ;(await limiter.acquire(new AbortController().signal))()
  const { reflector, api } = await rig(t, { limiter })
  await (await rig(t)).reflector.stop()
  reflector.start()
  await reflector.stop()
  assert.equal(api.asked.length, 0)
  assert.deepEqual(timers.pending, [])
})
