// One thing after the other that an API server does to its clients: no answer changes for it, it is
// said once, and afterwards all is in step.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ABSURD_OBJECTS } from './fakes/kube-api/absurd-objects.ts'
import { type KubeApi, startKubeApi } from './fakes/kube-api/api-server.ts'
import { isMap } from './fakes/kube-api/version.ts'
import { API_LANGUAGES } from './support/api-languages.ts'
import { type FollowedCluster, followCluster } from './support/kubernetes-fault-cluster.ts'
import {
  addressOf,
  generation,
  nameOf,
  namespace,
  service,
  services,
  slice,
} from './support/kubernetes-fault-objects.ts'
import { until } from './support/kubernetes-fault-server.ts'

const WATCHED = 3
const MANIFESTS = [
  namespace(),
  ...services('old', 0, 5),
  service('pool', 'None'),
  slice('pool', generation(1, 3)),
]
const POOLED = ['NOERROR', ...generation(1, 3)].join(' ')

/** Refuses what comes, and breaks the watches so that something comes. */
const refuse = (api: KubeApi, code: 403 | 410 | 429 | 500 | 503): void => {
  api.faults.failNext({ code, count: 2 * WATCHED, retryAfterSeconds: 3 })
  api.watches.reset()
}

interface Fault {
  readonly name: string
  /** Of the watches when it begins; default 0. */
  readonly ageMs?: number
  readonly begin: (api: KubeApi) => unknown
  /** Default: it ends by itself. */
  readonly end?: (api: KubeApi) => unknown
  /** What is logged of it; undefined: nothing at all. */
  readonly says: RegExp | undefined
  /** Lists of services that follow; default 0. */
  readonly lists?: number
}

const CUT =
  /^\[WARNING\] \w+: https:\S+ cut the connection \(ECONNRESET\) \(what is known stays in use\)$/

const FAULTS: readonly Fault[] = [
  { name: 'connections that are reset', begin: api => api.watches.reset(), says: CUT },
  {
    name: 'connections that end in the middle of a line',
    begin: api => api.watches.reset({ midLine: true }),
    says: CUT,
  },
  {
    name: 'watches that end before their time',
    ageMs: 2000,
    begin: api => api.watches.end(),
    says: undefined,
  },
  { name: 'each event twice', begin: api => (api.faults.duplicates = true), says: undefined },
  {
    name: 'versions that are too old',
    begin: api => api.watches.expire(),
    says: undefined,
    lists: 1,
  },
  { name: 'history that is gone', begin: forget, says: CUT, lists: 1 },
  {
    name: 'refusals with 500',
    begin: api => refuse(api, 500),
    says: /answers 500: Internal error occurred/,
  },
  {
    name: 'refusals with 503',
    begin: api => refuse(api, 503),
    says: /answers 503: the server is currently unable/,
  },
  {
    name: 'refusals with 429 and a Retry-After',
    begin: api => refuse(api, 429),
    says: /answers 429: Too many requests/,
  },
  {
    name: 'refusals with 410',
    begin: api => refuse(api, 410),
    says: /answers 410: The resourceVersion/,
    lists: 1,
  },
  {
    name: 'rights that are taken away',
    begin: api => setRights(api, 'deny'),
    end: api => setRights(api, 'allow'),
    says: /^\[WARNING\] services: may not watch services \(403\): the ClusterRole needs list and watch on services in API group ""/,
  },
  {
    name: 'a token that has expired',
    begin: api => {
      api.auth.revoke()
      api.watches.reset()
    },
    end: api => api.rotateToken(),
    says: /: the token in \S+\/token is not accepted \(401\): expired or of another cluster/,
  },
  {
    name: 'a minute in which nobody listens',
    begin: api => api.down(),
    end: api => api.up(),
    says: /refuses the connection \(ECONNREFUSED\)/,
  },
]

function setRights(api: KubeApi, how: 'allow' | 'deny'): void {
  for (const verb of ['list', 'watch']) api.auth[how](verb, 'services')
  api.watches.reset({ resource: 'services' })
}

function forget(api: KubeApi): void {
  api.watches.reset()
  api.compact()
}

const unchanged = async ({ addresses }: FollowedCluster): Promise<void> => {
  assert.equal(await addresses(nameOf('old-3')), `NOERROR ${addressOf(0, 3)}`)
  assert.equal(await addresses(nameOf('pool')), POOLED)
  assert.equal(await addresses(nameOf('missing')), 'NXDOMAIN')
}

/** Waits for turns are too short for time to pass while nothing else is waited for. */
const UNLIMITED = 'kubernetes cluster.local {\napiserver_burst 100\n}'

const eachWay = FAULTS.flatMap(fault => API_LANGUAGES.map(spoken => ({ ...fault, spoken })))

for (const { name, ageMs = 0, begin, end, says, lists = 0, spoken } of eachWay)
  test(`${name}: no answer is lost, and all is in step again; ${spoken.language}`, async t => {
    const api = await startKubeApi(t, { manifests: MANIFESTS, ...spoken })
    const cluster = await followCluster(t, api, { text: UNLIMITED })
    const { time, addresses, logged } = cluster
    await api.watches.whenOpen(WATCHED)
    await time.pass(ageMs)
    api.requests.clear()
    const lines = (): string[] => logged.filter(line => !line.startsWith('[DEBUG]'))
    await begin(api)
    await unchanged(cluster)
    if (says !== undefined)
      await time.passUntil(`${says}`, () => lines().some(line => says.test(line)))
    if (end !== undefined) await time.pass(60_000, () => unchanged(cluster))
    await end?.(api)
    api.apply([service('late', 'None'), slice('late', generation(7, 2))])
    await time.passUntil('what came late', async () => {
      await unchanged(cluster)
      return (await addresses(nameOf('late'))) === ['NOERROR', ...generation(7, 2)].join(' ')
    })
    if (says !== undefined)
      await time.passUntil('a last word', () => lines().at(-1)?.startsWith('[INFO]') ?? false)
    else assert.deepEqual(lines(), [])
    assert.ok(lines().filter(line => says?.test(line)).length <= 1, lines().join('\n'))
    // One of them may say so while another one still pauses.
    await time.passUntil('all watches', () => api.watches.count() >= WATCHED)
    assert.equal(api.requests.count({ verb: 'list', resource: 'services', code: 200 }), lists)
  })

for (const { name, isListed, spoken } of API_LANGUAGES.flatMap(spoken => [
  { name: `in a list; ${spoken.language}`, isListed: true, spoken },
  { name: `in a watch; ${spoken.language}`, isListed: false, spoken },
]))
  test(`objects that no server should send keep no others from being answered, and are named once each, ${name}`, async t => {
    const api = await startKubeApi(t, { manifests: MANIFESTS, ...spoken })
    // A list with items that are no objects is no list: it is refused as a whole.
    const absurd = ABSURD_OBJECTS.filter(({ body }) => !isListed || isMap(body))
    const inject = (): void => {
      for (const { kind, body } of absurd) api.inject(kind, body)
    }
    if (isListed) inject()
    const { time, addresses, logged, chain } = await followCluster(t, api, {
      text: 'kubernetes cluster.local {\npods insecure\n}',
    })
    if (!isListed) inject()
    api.apply(service('late', addressOf(3, 1)))
    await time.passUntil(
      'what came after them',
      async () => (await addresses(nameOf('late'))) === `NOERROR ${addressOf(3, 1)}`,
    )
    api.apply(slice('pool', generation(2, 3)))
    const isMoved = async (): Promise<boolean> =>
      (await addresses(nameOf('pool'))) === ['NOERROR', ...generation(2, 3)].join(' ')
    await time.passUntil('what came after the slices', isMoved)
    assert.equal(await addresses(nameOf('old-3')), `NOERROR ${addressOf(0, 3)}`)
    assert.ok(logged.length <= absurd.length, `${logged.length} lines`)
    assert.deepEqual(
      logged.filter((line, index) => logged.indexOf(line) !== index),
      [],
    )
    assert.ok(logged.every(line => line.length < 500 && !line.includes('\n')))
    await chain.retire()
  })

test('a headless service that is replaced as a whole in a list is never answered half', async t => {
  const half = 40
  const sets = [generation(1, 2 * half), generation(2, 2 * half)]
  const slices = (set: readonly string[]) => [
    slice('pool', set.slice(0, half), 0),
    slice('pool', set.slice(half), 1),
  ]
  const api = await startKubeApi(t, { manifests: [service('pool', 'None'), ...slices(sets[0]!)] })
  const { time, addresses } = await followCluster(t, api)
  await time.settled()
  const whole = new Set(sets.map(set => ['NOERROR', ...set.toSorted()].join(' ')))
  const [, last] = [...whole]
  await api.down()
  api.apply(slices(sets[1]!))
  api.compact()
  await api.up()
  await time.passUntil('the other generation', async () => {
    const answer = await addresses(nameOf('pool'))
    assert.ok(whole.has(answer), answer)
    return answer === last
  })
  await until('settled', () => time.isSettled)
})
