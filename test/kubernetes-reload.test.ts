// Reloads, deaths and the end of a server that follows a cluster: what is known survives what
// changes around it, and nothing is left behind.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { type KubeApi, startKubeApi } from './fakes/kube-api/api-server.ts'
import {
  addressOf,
  nameOf,
  namespace,
  service,
  services,
} from './support/kubernetes-fault-objects.ts'
import {
  type ClusterPorts,
  type ClusterServer,
  launchCluster,
  podEnvironment,
  startCluster,
  until,
} from './support/kubernetes-fault-server.ts'
import { temporaryFolder } from './support/server-process.ts'

const AT_A_TIME = 3
const WATCHED = 3
const LAMEDUCK_MS = 1000
const NOWHERE = 'empty.local'

interface Block {
  readonly zone?: string
  readonly options?: readonly string[]
}

/** A server block with one kubernetes block for each cluster, and `whoami` for the rest. */
const corefile =
  (clusters: readonly Block[], extra: readonly string[] = []) =>
  ({ dns, ready }: ClusterPorts): string => {
    const [first, ...others] = clusters.map(({ zone = 'cluster.local', options = [] }) =>
      [
        'kubernetes',
        zone,
        '{',
        '\n',
        'startup_timeout 5s',
        ...options.flatMap(option => ['\n', option]),
        '\n}',
      ].join(' '),
    )
    const common = ['bind 127.0.0.1', 'errors', 'whoami']
    const main = [`.:${dns} {`, ...common, `ready 127.0.0.1:${ready}`, ...extra, first ?? '', '}']
    const rest = others.flatMap((text, n) => [
      `${clusters[n + 1]?.zone}:${dns} {`,
      ...common,
      text,
      '}',
    ])
    return [...main, ...rest, ''].join('\n')
  }

const MANIFESTS = [namespace(), ...services('old', 0, 3)]

interface Started {
  readonly api: KubeApi
  readonly server: ClusterServer
}

const started = async (
  t: TestContext,
  clusters: readonly Block[] = [{}],
  extra: readonly string[] = [],
): Promise<Started> => {
  const api = await startKubeApi(t, { manifests: MANIFESTS })
  const environment = podEnvironment(api.port, api.podFolder().path)
  const server = await startCluster(t, corefile(clusters, extra), { environment })
  return { api, server }
}

const knows = async (server: ClusterServer): Promise<void> => {
  assert.equal(await server.addresses(nameOf('old-1')), `NOERROR ${addressOf(0, 1)}`)
  assert.equal(await server.addresses(nameOf('missing')), 'NXDOMAIN')
}

describe('reloads of a server that follows a cluster', { concurrency: AT_A_TIME }, () => {
  test('reloads by signal with the API server there ask it for nothing', async t => {
    const { api, server } = await started(t)
    await api.watches.whenOpen(WATCHED)
    const before = api.requests.count()
    for (const ttl of [7, 8, 9]) {
      await server.reload(corefile([{ options: [`ttl ${ttl}`] }]))
      const { answer } = await server.ask(nameOf('old-1'))
      assert.deepEqual(answer, [`${nameOf('old-1')} ${ttl} IN A ${addressOf(0, 1)}`])
    }
    assert.equal(api.requests.count(), before)
    api.apply(service('late', addressOf(1, 1)))
    await until(
      'a change',
      async () => (await server.addresses(nameOf('late'))) === `NOERROR ${addressOf(1, 1)}`,
    )
  })

  test('reloads without the API server keep all answers, and nothing is listed when it is back', async t => {
    const { api, server } = await started(t)
    await until('the end of the warm-up', async () => (await server.notReady()) === undefined)
    await api.down()
    for (const ttl of [7, 8]) {
      await server.reload(corefile([{ options: [`ttl ${ttl}`] }]))
      await knows(server)
      assert.equal(await server.notReady(), undefined)
    }
    api.requests.clear()
    api.apply(service('late', addressOf(1, 1)))
    await api.up()
    await until(
      'a change',
      async () => (await server.addresses(nameOf('late'))) === `NOERROR ${addressOf(1, 1)}`,
    )
    await api.watches.whenOpen(WATCHED)
    assert.equal(api.requests.count({ verb: 'list' }), 0)
  })

  test('the reload plugin does the same', async t => {
    const { api, server } = await started(t, [{}], ['reload 2s 1s'])
    await api.down()
    server.writeCorefile(corefile([{ options: ['ttl 7'] }], ['reload 2s 1s'])(server.ports))
    await server.line(/^\[INFO\] Reloading complete$/)
    await knows(server)
    assert.equal((await server.ask(nameOf('old-1'))).answer[0]?.split(' ')[1], '7')
  })

  test('a block that is added is served, its namespaces are changed, and it is taken away without a trace', async t => {
    const { api, server } = await started(t, [{ zone: NOWHERE }])
    assert.equal((await server.ask(nameOf('old-1'))).answer.length, 0)
    await server.reload(corefile([{}]))
    await knows(server)
    await server.reload(corefile([{ options: ['namespaces elsewhere'] }]))
    assert.equal(await server.addresses(nameOf('old-1')), 'NXDOMAIN')
    await api.watches.whenOpen(WATCHED)
    await server.reload(({ dns }) => `.:${dns} {\nbind 127.0.0.1\nwhoami\n}\n`)
    await api.watches.whenGone()
    const { rcode, answer } = await server.ask(nameOf('old-1'))
    assert.deepEqual([rcode, answer], ['NOERROR', []])
    await server.reload(corefile([{}]))
    await knows(server)
  })

  test('two clusters beside each other: what happens to one is nothing to the other', async t => {
    const other = await startKubeApi(t, { manifests: [namespace(), ...services('far', 3, 3)] })
    const file = join(temporaryFolder(t), 'kubeconfig')
    writeFileSync(file, other.kubeconfig())
    const zone = 'other.local'
    const { api, server } = await started(t, [{}, { zone, options: [`kubeconfig ${file} test`] }])
    await knows(server)
    assert.equal(await server.addresses(nameOf('far-1', zone)), `NOERROR ${addressOf(3, 1)}`)
    assert.equal(await server.addresses(nameOf('old-1', zone)), 'NXDOMAIN')
    await other.down()
    api.apply(service('late', addressOf(1, 1)))
    await until(
      'a change',
      async () => (await server.addresses(nameOf('late'))) === `NOERROR ${addressOf(1, 1)}`,
    )
    assert.equal(await server.addresses(nameOf('far-1', zone)), `NOERROR ${addressOf(3, 1)}`)
    await server.reload()
    assert.equal(await server.addresses(nameOf('far-1', zone)), `NOERROR ${addressOf(3, 1)}`)
  })
})

describe('deaths of a server that follows a cluster', { concurrency: AT_A_TIME }, () => {
  test('a shard that dies while the cluster changes: its successor answers what there is now', async t => {
    const { api, server } = await started(t)
    const serves = /^test: shard 0 serves$/
    const before = server.count(serves)
    server.fault(0, 'exit')
    for (let n = 0; n < 50; n++) api.apply(service(`late-${n}`, addressOf(1, n)))
    for (const name of ['old-0', 'old-1', 'old-2']) api.delete('Service', 'shop', name)
    await server.line(serves, before + 1)
    await until(
      'the last change',
      async () => (await server.addresses(nameOf('old-2'))) === 'NXDOMAIN',
    )
    // From many ports, so that both shards are asked.
    for (let n = 0; n < 50; n++)
      assert.equal(await server.addresses(nameOf(`late-${n}`)), `NOERROR ${addressOf(1, n)}`)
    const replies = await Promise.all(
      Array.from({ length: 64 }, () => server.addresses(nameOf('old-1'))),
    )
    assert.deepEqual([...new Set(replies)], ['NXDOMAIN'])
    assert.equal(api.requests.count({ verb: 'list' }), WATCHED)
  })

  for (const { name, isDown } of [
    { name: 'beside an API server', isDown: false },
    { name: 'while the API server is away', isDown: true },
  ])
    test(`the end, ${name}: after lameduck, and nothing stays open`, async t => {
      const { api, server } = await started(
        t,
        [{}],
        [`health 127.0.0.1:0 {\nlameduck ${LAMEDUCK_MS}ms\n}`],
      )
      if (isDown) await api.down()
      const startMs = performance.now()
      server.signal('SIGTERM')
      assert.equal(await server.ended, 0)
      const tookMs = performance.now() - startMs
      assert.ok(tookMs >= LAMEDUCK_MS, `${tookMs} ms`)
      await api.watches.whenGone()
    })

  test('the end while the first sync is waited for', async t => {
    const api = await startKubeApi(t, { manifests: MANIFESTS })
    api.faults.holdLists()
    const environment = podEnvironment(api.port, api.podFolder().path)
    const server = await launchCluster(t, corefile([{ options: ['startup_timeout 1h'] }]), {
      environment,
    })
    await server.line(
      /^\[INFO\] plugin\/kubernetes: waiting for Kubernetes API before starting server$/,
    )
    server.signal('SIGTERM')
    // Not after an hour: the test would not wait so long.
    assert.equal(await server.ended, 0)
    assert.equal(server.count(/^\[(ERROR|FATAL)\]/), 0)
  })
})
