// An API server that does not serve, seen from outside: what is said of it, what is answered
// meanwhile, and that its return is enough.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type KubeApi, type KubeApiOptions, startKubeApi } from './fakes/kube-api/api-server.ts'
import type { PodFolder } from './fakes/kube-api/pod-folder.ts'
import { wrongAuthority } from './fakes/kube-api/tls-files.ts'
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
import {
  type ClusterPorts,
  type ClusterServer,
  launchCluster,
  podEnvironment,
  startCluster,
  until,
} from './support/kubernetes-fault-server.ts'

const AT_A_TIME = 4
const MANIFESTS = [
  namespace(),
  ...services('old', 0, 3),
  service('pool', 'None'),
  slice('pool', generation(0, 3)),
]

const corefile = ({ dns, ready }: ClusterPorts): string => `.:${dns} {
bind 127.0.0.1
errors
ready 127.0.0.1:${ready}
kubernetes cluster.local in-addr.arpa {
pods insecure
fallthrough in-addr.arpa
startup_timeout 300ms
}
whoami
}
`

/** Lines that tell of trouble, `starting server with unsynced Kubernetes API` apart. */
const complaints = ({ lines }: ClusterServer): string[] =>
  lines.filter(
    line => /^\[(WARNING|ERROR|FATAL)\]/.test(line) && !line.includes('unsynced Kubernetes API'),
  )

const setRights = (api: KubeApi, how: 'allow' | 'deny', resource: string): void => {
  for (const verb of ['list', 'watch']) api.auth[how](verb, resource)
}

interface Trouble {
  readonly name: string
  readonly setting?: KubeApiOptions
  readonly begin?: (api: KubeApi, folder: PodFolder) => unknown
  /** Undefined: nothing is to be said before a time-out. */
  readonly says: RegExp | undefined
  /** Undefined: this server stays as it is. */
  readonly end?: (api: KubeApi, folder: PodFolder) => unknown
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'that nothing listens for',
    begin: api => api.down(),
    says: /https:\S+ refuses the connection \(ECONNREFUSED\): is the API server up, and may this pod reach it\?$/,
    end: api => api.up(),
  },
  {
    name: 'that takes connections and no more',
    begin: api => (api.faults.hang = 'accept'),
    says: undefined,
    end: async api => {
      api.faults.hang = undefined
      await api.down()
      await api.up()
    },
  },
  {
    name: 'that lists slowly',
    begin: api => api.faults.holdLists(),
    says: undefined,
    end: api => api.faults.releaseLists(),
  },
  {
    name: 'that forbids',
    begin: api => setRights(api, 'deny', 'services'),
    says: /services: may not watch services \(403\): the ClusterRole needs list and watch on services in API group "": /,
    end: api => setRights(api, 'allow', 'services'),
  },
  {
    name: 'for which the token is too old, until it is rotated',
    begin: api => api.auth.revoke(),
    says: /: the token in \S+\/token is not accepted \(401\): expired or of another cluster$/,
    end: api => api.rotateToken(),
  },
  {
    name: 'that fails',
    begin: api => api.faults.failNext({ code: 500, count: 1000 }),
    says: /https:\S+ answers 500: Internal error occurred/,
    end: api => api.faults.failNoMore(),
  },
  {
    name: 'of another authority',
    begin: (api, folder) => folder.write(api.token, wrongAuthority()),
    says: /its certificate is not signed by the CA in \S+\/ca\.crt \(\w+\): is that the CA of this cluster\?$/,
    end: (api, folder) => folder.write(api.token),
  },
  {
    name: 'whose certificate has expired',
    setting: { identity: 'expired' },
    says: /its certificate, or a CA's, has expired \(CERT_HAS_EXPIRED\): renew it, or set this host's clock right$/,
  },
  {
    name: 'whose certificate is for other names',
    setting: { identity: 'other-name' },
    says: /its certificate is for other names: .*\(DNS:api\.example\.net, IP Address:192\.0\.2\.1\)$/,
  },
]

describe('started beside an API server', { concurrency: AT_A_TIME }, () => {
  for (const { name, setting, begin, says, end } of TROUBLES)
    test(name, async t => {
      const api = await startKubeApi(t, { manifests: MANIFESTS, ...setting })
      const folder = api.podFolder()
      await begin?.(api, folder)
      const server = await startCluster(t, corefile, {
        environment: podEnvironment(api.port, folder.path),
      })
      await server.line(
        /^\[WARNING\] plugin\/kubernetes: starting server with unsynced Kubernetes API$/,
      )
      if (says !== undefined) await server.line(says)
      assert.equal(await server.addresses(nameOf('old-0')), 'SERVFAIL')
      assert.equal((await server.ask('www.example.org.')).rcode, 'NOERROR')
      assert.equal(await server.notReady(), 'kubernetes')
      assert.equal(
        complaints(server).length,
        says === undefined ? 0 : 1,
        complaints(server).join('\n'),
      )
      if (end === undefined) return
      await end(api, folder)
      await until('the first sync', async () => (await server.notReady()) === undefined)
      assert.equal(await server.addresses(nameOf('old-0')), `NOERROR ${addressOf(0, 0)}`)
      assert.equal(await server.addresses(nameOf('missing')), 'NXDOMAIN')
      // Whoever was last to be in step says so after a second of its watch.
      if (says !== undefined)
        await server.line(/^\[INFO\] plugin\/kubernetes: \w+: in step with the API server again$/)
    })

  test('without rights to endpoint slices: cluster addresses are answered, the rest waits', async t => {
    const api = await startKubeApi(t, { manifests: MANIFESTS })
    setRights(api, 'deny', 'endpointslices')
    const server = await startCluster(t, corefile, {
      environment: podEnvironment(api.port, api.podFolder().path),
    })
    await server.line(/needs list and watch on endpointslices in API group "discovery\.k8s\.io"/)
    assert.equal(await server.addresses(nameOf('old-0')), `NOERROR ${addressOf(0, 0)}`)
    assert.equal(await server.addresses(nameOf('pool')), 'SERVFAIL')
    assert.equal(await server.notReady(), 'kubernetes')
  })

  const nowhere = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '443' }
  for (const { name, environment, says } of [
    {
      name: 'without its environment',
      environment: {},
      says: /unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined$/,
    },
    {
      name: 'without credentials',
      environment: { ...nowhere, SHARDNS_SERVICE_ACCOUNT_DIR: '/nonexistent' },
      says: /unable to load in-cluster configuration: \/nonexistent\/\S+ cannot be read: there is no such file$/,
    },
  ])
    test(`${name}: the start fails`, async t => {
      const server = await launchCluster(t, corefile, { environment })
      assert.equal(await server.ended, 1)
      const [first, ...others] = server.lines
      assert.match(first ?? '', says)
      assert.match(first ?? '', /^plugin\/kubernetes: /)
      assert.deepEqual(others, [])
    })
})

test('a set of endpoints that is replaced under load is answered wholly old or wholly new, and nothing fails', async t => {
  const [rounds, size, clients] = [20, 24, 6]
  const api = await startKubeApi(t, { manifests: MANIFESTS })
  api.apply(slice('pool', generation(0, size)))
  const server = await startCluster(t, corefile, {
    environment: podEnvironment(api.port, api.podFolder().path),
  })
  const whole = new Set(
    Array.from({ length: rounds + 1 }, (_, n) =>
      ['NOERROR', ...generation(n, size).toSorted()].join(' '),
    ),
  )
  const seen = new Set<string>()
  let isOver = false
  const client = async (): Promise<void> => {
    while (!isOver) {
      const answer = await server.addresses(nameOf('pool'))
      assert.ok(whole.has(answer), answer)
      seen.add(answer)
    }
  }
  const asking = Promise.all(Array.from({ length: clients }, client))
  for (let round = 1; round <= rounds; round++) {
    api.apply(slice('pool', generation(round, size)))
    // A break now and then: what was missed comes with the next watch.
    if (round % 8 === 0) api.watches.reset({ midLine: true })
    const wanted = ['NOERROR', ...generation(round, size).toSorted()].join(' ')
    await until(`generation ${round}`, () => seen.has(wanted))
  }
  isOver = true
  await asking
  assert.equal(api.requests.count({ verb: 'list', resource: 'endpointslices' }), 1)
  assert.equal(api.delete('Service', NAMESPACE, 'pool'), true)
  await until(
    'the end of the service',
    async () => (await server.addresses(nameOf('pool'))) === 'NXDOMAIN',
  )
})
