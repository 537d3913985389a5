// Watches of the test server: order, selectors, bookmarks, history and its end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askBody, TestWatch } from './api-client.ts'
import { startKubeApi } from './api-server.ts'
import { JSON_ENCODING } from './encoding.ts'
import { resourceNamed } from './resources.ts'
import { Selection } from './selection.ts'
import { Change } from './table.ts'
import { Version } from './version.ts'
import { Watch } from './watch.ts'

const SERVICES = '/api/v1/services'
const WATCH = `${SERVICES}?watch=1`
const MARKED = `${WATCH}&allowWatchBookmarks=true`
const STREAMING = `${MARKED}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`

const service = (name: string, labels: Record<string, string> = {}) => ({
  kind: 'Service',
  metadata: { name, labels },
  spec: { ports: [{ port: 80 }] },
})

test('a watch goes on where a list ended, and objects carry their kind', async t => {
  const api = await startKubeApi(t, { manifests: [service('a')] })
  const list = await askBody(api, SERVICES)
  api.apply(service('b'))
  const watch = await TestWatch.open(
    t,
    api,
    `${WATCH}&resourceVersion=${list.metadata?.resourceVersion}`,
  )
  const first = await watch.next()
  assert.deepEqual(
    [first.type, first.object.kind, first.object.apiVersion, first.object.metadata?.name],
    ['ADDED', 'Service', 'v1', 'b'],
  )
  const [updated] = api.apply(service('a', { x: 'y' }))
  const second = await watch.next()
  assert.deepEqual(
    [second.type, second.object.metadata?.resourceVersion],
    ['MODIFIED', `${updated?.revision}`],
  )
  api.delete('Service', 'default', 'a')
  const third = await watch.next()
  assert.deepEqual(
    [third.type, third.object.metadata?.resourceVersion],
    ['DELETED', api.resourceVersion],
  )
  assert.deepEqual(third.object.spec, second.object.spec)
})

for (const version of ['', '&resourceVersion=0'])
  test(`a watch with "${version}" begins with what there is`, async t => {
    const api = await startKubeApi(t, { manifests: [service('b'), service('a')] })
    const watch = await TestWatch.open(t, api, `${WATCH}${version}`)
    api.apply(service('c'))
    assert.deepEqual(await watch.take(3), ['ADDED a', 'ADDED b', 'ADDED c'])
  })

test('applying what is already so is no event', async t => {
  const api = await startKubeApi(t, { manifests: [service('a')] })
  const before = api.resourceVersion
  api.apply(service('a'))
  assert.equal(api.resourceVersion, before)
})

test('coming into a selector is ADDED, leaving it DELETED with what was last selected', async t => {
  const api = await startKubeApi(t, { manifests: [service('a')] })
  const watch = await TestWatch.open(t, api, `${WATCH}&labelSelector=on`)
  api.apply(service('b'))
  api.apply(service('a', { on: '1' }))
  api.apply(service('a', { on: '2' }))
  api.apply(service('a'))
  api.delete('Service', 'default', 'a')
  api.apply(service('c', { on: '1' }))
  assert.deepEqual(await watch.take(2), ['ADDED a', 'MODIFIED a'])
  const left = await watch.next()
  assert.deepEqual([left.type, left.object.metadata?.labels], ['DELETED', { on: '2' }])
  assert.ok(Number(left.object.metadata?.resourceVersion) < Number(api.resourceVersion) - 1)
  assert.deepEqual(await watch.take(1), ['ADDED c'])
})

test('a watch of one namespace, or of one object, tells of no other', async t => {
  const api = await startKubeApi(t)
  const inNamespace = await TestWatch.open(t, api, '/api/v1/namespaces/one/services?watch=true')
  const ofName = await TestWatch.open(t, api, `${WATCH}&fieldSelector=metadata.name%3Db`)
  for (const [namespace, name] of [
    ['two', 'a'],
    ['two', 'b'],
    ['one', 'c'],
  ] as const)
    api.apply({ ...service(name), metadata: { name, namespace } })
  assert.deepEqual(await inNamespace.take(1), ['ADDED c'])
  assert.deepEqual(await ofName.take(1), ['ADDED b'])
})

test('a revision before the history is answered with 200 and an ERROR event, and the watch ends', async t => {
  const api = await startKubeApi(t, { historyLimit: 2 })
  for (let n = 0; n < 10; n++) api.apply(service('a', { n: `${n}` }))
  const watch = await TestWatch.open(t, api, `${WATCH}&resourceVersion=1`)
  const { type, object } = await watch.next()
  assert.deepEqual(
    [watch.code, type, object.kind, object.code, object.reason],
    [200, 'ERROR', 'Status', 410, 'Expired'],
  )
  assert.match(object.message ?? '', /^too old resource version: 1 \(\d+\)$/)
  assert.equal(await watch.line(), undefined)
  assert.equal(watch.failure, undefined)
})

test('history is bounded, and what is within it is delivered', async t => {
  const api = await startKubeApi(t, { historyLimit: 5 })
  for (let n = 0; n < 100; n++) api.apply(service('a', { n: `${n}` }))
  const watch = await TestWatch.open(
    t,
    api,
    `${WATCH}&resourceVersion=${Number(api.resourceVersion) - 5}`,
  )
  assert.deepEqual(
    await watch.take(5),
    Array.from({ length: 5 }, () => 'MODIFIED a'),
  )
  const floor = api.store.table(api.apply(service('a', { n: '99' }))[0]!.resource).floor
  assert.ok(floor >= Number(api.resourceVersion) - 10, `${floor} of ${api.resourceVersion}`)
})

test('compaction makes every earlier revision too old', async t => {
  const api = await startKubeApi(t, { manifests: [service('a')] })
  const before = api.resourceVersion
  api.compact()
  const late = await TestWatch.open(t, api, `${WATCH}&resourceVersion=${before}`)
  assert.equal((await late.next()).type, 'ERROR')
  const present = await TestWatch.open(t, api, `${WATCH}&resourceVersion=${api.resourceVersion}`)
  api.apply(service('b'))
  assert.deepEqual(await present.take(1), ['ADDED b'])
})

test('a bookmark says the revision and nothing else, to those who asked for bookmarks', async t => {
  const api = await startKubeApi(t)
  const plain = await TestWatch.open(t, api, WATCH)
  const marked = await TestWatch.open(t, api, MARKED)
  await api.watches.whenOpen(2, 'services')
  api.watches.bookmark()
  const { type, object } = await marked.next()
  assert.deepEqual([type, object.kind, object.apiVersion], ['BOOKMARK', 'Service', 'v1'])
  assert.deepEqual(object.metadata, {
    resourceVersion: api.resourceVersion,
    creationTimestamp: null,
  })
  api.apply(service('a'))
  assert.deepEqual(await plain.take(1), ['ADDED a'])
})

test('bookmarks come by the clock', async t => {
  const api = await startKubeApi(t, { bookmarkEveryMs: 5 })
  const watch = await TestWatch.open(t, api, MARKED)
  assert.deepEqual(await watch.take(2), ['BOOKMARK', 'BOOKMARK'])
})

test('timeoutSeconds ends a watch in good order, with a bookmark before', async t => {
  const api = await startKubeApi(t)
  const watch = await TestWatch.open(t, api, `${MARKED}&timeoutSeconds=1`)
  assert.deepEqual(await watch.take(1), ['BOOKMARK'])
  assert.equal(await watch.line(), undefined)
  assert.equal(watch.failure, undefined)
  await api.watches.whenGone()
})

test('a streaming list tells what there is, marks its end, and goes on', async t => {
  const api = await startKubeApi(t, { manifests: [service('a'), service('b')] })
  const watch = await TestWatch.open(t, api, STREAMING)
  assert.deepEqual(await watch.take(2), ['ADDED a', 'ADDED b'])
  const { type, object } = await watch.next()
  assert.deepEqual(
    [type, object.metadata?.annotations],
    ['BOOKMARK', { 'k8s.io/initial-events-end': 'true' }],
  )
  api.apply(service('c'))
  assert.deepEqual(await watch.take(1), ['ADDED c'])
})

const REFUSED = [
  {
    name: 'sendInitialEvents without resourceVersionMatch',
    path: `${WATCH}&sendInitialEvents=true`,
    message: /to NotOlderThan$/,
  },
  {
    name: 'resourceVersionMatch alone',
    path: `${WATCH}&resourceVersionMatch=NotOlderThan`,
    message: /is forbidden for watch$/,
  },
]
for (const { name, path, message } of REFUSED)
  test(`${name} is refused`, async t => {
    const { code, message: said } = await askBody(await startKubeApi(t), path)
    assert.equal(code, 422)
    assert.match(said ?? '', message)
  })

test('a server without streaming lists refuses them', async t => {
  const api = await startKubeApi(t, { streamingLists: false })
  const { code, reason, message } = await askBody(api, STREAMING)
  assert.deepEqual([code, reason], [422, 'Invalid'])
  assert.match(message ?? '', /sendInitialEvents: Forbidden: .* WatchList feature gate is enabled$/)
})

test('thousands of events of history arrive in order', async t => {
  const api = await startKubeApi(t)
  const start = api.resourceVersion
  for (let n = 0; n < 3000; n++) api.apply(service(`s${n}`))
  const watch = await TestWatch.open(t, api, `${WATCH}&resourceVersion=${start}`)
  assert.deepEqual(
    await watch.take(3000),
    Array.from({ length: 3000 }, (_, n) => `ADDED s${n}`),
  )
})

test('a client that leaves is forgotten', async t => {
  const api = await startKubeApi(t)
  const watch = await TestWatch.open(t, api, WATCH)
  assert.equal(api.watches.count('services'), 1)
  watch.close()
  await api.watches.whenGone('services')
})

test('a client that leaves too much unread is given up', () => {
  const resource = resourceNamed('Service')
  const deliverWith = (unreadBytes: number): string[] => {
    const done: string[] = []
    const note = (what: string) => () => void done.push(what)
    const stream = {
      write: note('write'),
      end: note('end'),
      reset: note('reset'),
      destroy: note('destroy'),
      unreadBytes,
    }
    const selection = new Selection(resource, '', new URLSearchParams())
    const watch = new Watch(stream, {
      resource,
      selection,
      wantsBookmarks: false,
      encoding: JSON_ENCODING,
      sendsTwice: () => false,
    })
    watch.deliver([new Change(1, new Version(resource, 'default/a', 1, {}), undefined)])
    return done
  }
  assert.deepEqual(deliverWith(1024), ['write'])
  assert.deepEqual(deliverWith(2 ** 30), ['write', 'destroy'])
})
