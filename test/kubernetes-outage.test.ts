// Minutes without an API server, in virtual time: what was known is answered all along, and what
// has changed meanwhile is there at once.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  type KubeApi,
  type KubeApiOptions,
  startKubeApi,
  type UpOptions,
} from './fakes/kube-api/api-server.ts'
import { type FollowedCluster, followCluster } from './support/kubernetes-fault-cluster.ts'
import {
  addressOf,
  generation,
  NAMESPACE,
  nameOf,
  namespace,
  service,
  services,
  slice,
} from './support/kubernetes-fault-objects.ts'
import { until } from './support/kubernetes-fault-server.ts'

const OUTAGE_MS = 10 * 60_000
/**
 * From the server's return to its first answer: the longest pause of those who cannot reach it, and
 * a little.
 */
const RESYNC_MS = 2000
const RESOURCES = ['namespaces', 'services', 'endpointslices']
const IMPATIENT = 'kubernetes cluster.local {\nstartup_timeout 50ms\n}'
const BEFORE = [
  namespace(),
  ...services('old', 0, 20),
  service('both', addressOf(1, 1)),
  service('pool', 'None'),
]
const POOLS = [slice('pool', generation(1, 3), 0), slice('pool', generation(2, 3), 1)]
const POOLED = ['NOERROR', ...generation(1, 3), ...generation(2, 3)].join(' ')
const AFTER = [namespace(), ...services('new', 2, 20), service('both', addressOf(1, 2))]

/** Lists that were begun, continued pages not counted. */
const lists = (api: KubeApi, resource: string): number =>
  api.requests
    .recent({ verb: 'list', resource, code: 200 })
    .filter(({ url }) => !url.includes('continue=')).length

const withoutPort = (line: string): string => line.replace(/^(\[\w+\]) \w+: (.*):\d+ /, '$1 $2 ')

interface Started {
  readonly api: KubeApi
  readonly cluster: FollowedCluster
  /** Fails for any answer that is not the one of the start. */
  unchanged(): Promise<void>
  /** Whether the answer is this address. */
  isAt(service: string, address: string): Promise<boolean>
}

const started = async (t: TestContext, setting: KubeApiOptions = {}): Promise<Started> => {
  const api = await startKubeApi(t, { manifests: [...BEFORE, ...POOLS], ...setting })
  const cluster = await followCluster(t, api)
  await cluster.time.settled()
  const { addresses } = cluster
  const unchanged = async (): Promise<void> => {
    assert.equal(await addresses(nameOf('old-7')), `NOERROR ${addressOf(0, 7)}`)
    assert.equal(await addresses(nameOf('pool')), POOLED)
    assert.equal(await addresses(nameOf('new-7')), 'NXDOMAIN')
  }
  const isAt = async (name: string, address: string): Promise<boolean> =>
    (await addresses(nameOf(name))) === `NOERROR ${address}`
  return { api, cluster, unchanged, isAt }
}

const RETURNS: readonly {
  name: string
  setting?: KubeApiOptions
  up: (api: KubeApi) => UpOptions
  relists: number
}[] = [
  { name: 'with other contents', up: () => ({ contents: AFTER }), relists: 1 },
  // Such a server would say nothing on a watch until it has caught up: bookmarks give it away,
  // which it sends each minute.
  {
    name: 'restored from an older backup',
    setting: { bookmarkEveryMs: 20 },
    up: () => ({ contents: AFTER, resourceVersion: 1 }),
    relists: 1,
  },
  {
    name: 'with the same history, and changes in it',
    up: api => {
      api.replaceAll(AFTER)
      return {}
    },
    relists: 0,
  },
]

for (const { name, setting, up, relists } of RETURNS)
  test(`ten minutes without the API server, which comes back ${name}`, async t => {
    const { api, cluster, unchanged, isAt } = await started(t, setting)
    const { time, addresses, logged } = cluster
    await api.down()
    await time.broken()
    api.requests.clear()
    await time.pass(OUTAGE_MS, unchanged)
    // Three resources are followed, and one of them says it for all.
    assert.deepEqual(logged.map(withoutPort), [
      '[WARNING] https://127.0.0.1 cut the connection (ECONNRESET) (what is known stays in use)',
      '[WARNING] https://127.0.0.1 refuses the connection (ECONNREFUSED): is the API server up, and may this pod reach it? (what is known stays in use)',
    ])
    await api.up(up(api))
    const startMs = performance.now()
    await time.pass(RESYNC_MS)
    await until('the new contents', () => isAt('new-19', addressOf(2, 19)))
    await until(
      'the end of the old ones',
      async () => (await addresses(nameOf('pool'))) === 'NXDOMAIN',
    )
    t.diagnostic(`new contents ${Math.round(performance.now() - startMs)} ms after the server`)
    for (let n = 0; n < 20; n++) {
      assert.equal(await addresses(nameOf(`old-${n}`)), 'NXDOMAIN')
      assert.equal(await addresses(nameOf(`new-${n}`)), `NOERROR ${addressOf(2, n)}`)
    }
    assert.equal(await addresses(nameOf('both')), `NOERROR ${addressOf(1, 2)}`)
    const said = (): string[] => logged.filter(line => !line.startsWith('[DEBUG]'))
    await time.passUntil('a last word', () => said().length === 3)
    assert.match(said()[2] ?? '', /^\[INFO\] \w+: in step with the API server again$/)
    await until('as many lists as are due', () =>
      RESOURCES.every(resource => lists(api, resource) >= relists),
    )
    for (const resource of RESOURCES) assert.equal(lists(api, resource), relists, resource)
  })

test('five hundred services that go while nobody listens are gone after the list', async t => {
  const api = await startKubeApi(t, {
    manifests: [...services('many', 0, 500), ...services('few', 4, 3)],
  })
  const { time, addresses } = await followCluster(t, api)
  await time.settled()
  assert.equal(await addresses(nameOf('many-499')), `NOERROR ${addressOf(0, 499)}`)
  await api.down()
  for (let n = 0; n < 500; n++) api.delete('Service', NAMESPACE, `many-${n}`)
  api.compact()
  api.requests.clear()
  await api.up()
  await time.passUntil('a list', async () => (await addresses(nameOf('many-499'))) === 'NXDOMAIN')
  for (let n = 0; n < 500; n++) assert.equal(await addresses(nameOf(`many-${n}`)), 'NXDOMAIN')
  assert.equal(await addresses(nameOf('few-2')), `NOERROR ${addressOf(4, 2)}`)
  assert.equal(lists(api, 'services'), 1)
})

test('an API server that takes connections and says nothing for ten minutes costs no answer', async t => {
  const { api, cluster, unchanged, isAt } = await started(t)
  const { time, logged } = cluster
  api.faults.hang = 'answer'
  api.watches.reset()
  await time.broken()
  await time.pass(OUTAGE_MS, unchanged, { hanging: true })
  const silences = logged.filter(line =>
    / does not answer a watch \(30 s\): is the API server overloaded/.test(line),
  )
  assert.equal(silences.length, 1, logged.join('\n'))
  assert.ok(api.requests.count({ code: 0 }) >= 10, `${api.requests.count({ code: 0 })} requests`)
  api.faults.hang = undefined
  api.apply(service('new-7', addressOf(2, 7)))
  await time.passUntil('the new service', () => isAt('new-7', addressOf(2, 7)))
})

for (const { name, bookmark, limitMs } of [
  { name: 'within a quarter of an hour', bookmark: false, limitMs: 630_000 },
  {
    name: 'within two and a half minutes where bookmarks had come',
    bookmark: true,
    limitMs: 150_000,
  },
])
  test(`a watch that has fallen silent is noticed ${name}`, async t => {
    const { api, cluster, isAt } = await started(t)
    const { time, logged } = cluster
    if (bookmark) {
      // The stream's next limit counts from what comes after the bookmark.
      api.watches.bookmark()
      api.apply(service('after', addressOf(5, 0)))
      await until('what came after the bookmark', () => isAt('after', addressOf(5, 0)))
    }
    await time.settled()
    assert.equal(api.watches.silence('services'), 1)
    api.apply(service('unheard', addressOf(5, 1)))
    await time.pass(limitMs + RESYNC_MS)
    await until('the service', () => isAt('unheard', addressOf(5, 1)))
    assert.equal(lists(api, 'services'), 1)
    assert.match(logged.join('\n'), /: https:\S+ says nothing on a watch \(\d+ s\)/)
  })

test('a list that is slow changes nothing until it is whole, and none is begun beside it', async t => {
  const { api, cluster, unchanged, isAt } = await started(t)
  const { time } = cluster
  api.faults.holdLists()
  api.compact()
  api.requests.clear()
  api.replaceAll([...AFTER, service('pool', 'None'), slice('pool', generation(3, 6))])
  api.compact()
  api.watches.reset()
  await time.passUntil('three lists', () => RESOURCES.every(resource => lists(api, resource) === 1))
  await api.faults.whenHeld(RESOURCES.length)
  await unchanged()
  api.faults.releaseLists()
  await until('the new pool', () => isAt('pool', generation(3, 6).join(' ')))
  for (const resource of RESOURCES) assert.equal(lists(api, resource), 1, resource)
})

for (const { name, isFirst } of [
  { name: 'from the start', isFirst: true },
  { name: 'after a while', isFirst: false },
])
  test(`endpoint slices that may not be listed, ${name}, keep no cluster address from being answered`, async t => {
    const api = await startKubeApi(t, { manifests: [...BEFORE, ...POOLS] })
    const deny = (): void => {
      for (const verb of ['list', 'watch']) api.auth.deny(verb, 'endpointslices')
    }
    if (isFirst) deny()
    const { time, addresses, logged, source } = await followCluster(t, api, {
      text: IMPATIENT,
      waits: !isFirst,
    })
    deny()
    if (!isFirst) {
      await time.settled()
      api.compact()
      api.watches.expire('endpointslices')
    }
    await time.passUntil('a refusal', () =>
      logged.some(line => /may not (list|watch) endpointslices/.test(line)),
    )
    api.apply(service('new-7', addressOf(2, 7)))
    await until(
      'the new service',
      async () => (await addresses(nameOf('new-7'))) === `NOERROR ${addressOf(2, 7)}`,
    )
    assert.equal(source.isSynced, !isFirst)
    assert.equal(await addresses(nameOf('pool')), isFirst ? 'SERVFAIL' : POOLED)
    assert.equal(await addresses(nameOf('missing')), isFirst ? 'SERVFAIL' : 'NXDOMAIN')
  })
