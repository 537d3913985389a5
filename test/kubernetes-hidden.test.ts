// Names of namespaces that are not exposed: whatever is asked of them, the answer has the bytes of
// the answer for a namespace that was never there. Wildcards are labels like any other.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixtureManifests, readManifests } from './fakes/kube-api/manifests.ts'
import { startCluster } from './support/cluster-server.ts'
import { askOneWay, type Way } from './support/kubernetes-ask.ts'
import { runTable } from './support/kubernetes-cases.ts'
import { query, show } from './support/messages.ts'

const LIMIT = { timeout: 40_000 }
const TYPES = [
  'A',
  'AAAA',
  'CNAME',
  'SRV',
  'PTR',
  'TXT',
  'MX',
  'NS',
  'SOA',
  'HTTPS',
  'ANY',
  'DS',
  'AXFR',
] as const
const UDP: Way = { transport: 'udp', family: 4 }
const TCP: Way = { transport: 'tcp', family: 6 }

/**
 * With a cache each question is asked once: how old an answer is tells nothing of what is hidden.
 */
const BLOCKS: readonly {
  readonly title: string
  readonly options: string
  readonly behind?: string
  readonly ways: readonly Way[]
}[] = [
  { title: 'by namespaces', options: 'namespaces testns', ways: [UDP, TCP] },
  { title: 'by namespace_labels', options: 'namespace_labels environment=test', ways: [UDP] },
  { title: 'with a cache', options: 'namespaces testns', behind: 'cache 30', ways: [UDP] },
]

const objects = readManifests(fixtureManifests('cluster.yaml'))
const namespaces = objects.flatMap(({ kind, metadata }) =>
  kind === 'Namespace' ? [metadata.name] : [],
)
const hidden = namespaces.filter(name => name !== 'testns')

/**
 * Every name that could tell of the objects in a namespace, with the namespace's label replaced by
 * `as`.
 */
const namesIn = (namespace: string, as: string): string[] => {
  const services = objects.filter(
    ({ kind, metadata }) => kind === 'Service' && metadata.namespace === namespace,
  )
  const below = services.flatMap(({ metadata: { name } }) => [
    name,
    ...['*', 'any', 'http', '10-244-2-1', '10-244-0-2'].map(endpoint => `${endpoint}.${name}`),
    ...['_http._tcp', '_https._tcp', '_dns._udp', '*.*', 'any.any', '_any._tcp'].map(
      port => `${port}.${name}`,
    ),
    `zone-a.pin._zone.${name}`,
  ])
  return [
    ...['', '*.', 'any.', 'missing.', '*.*.', '*.*.*.', 'any.any.any.'].map(
      left => `${left}${as}.svc.cluster.local.`,
    ),
    ...below.map(name => `${name}.${as}.svc.cluster.local.`),
    ...['', '*.', '10-244-2-1.', '10-244-0-2.', '192-0-2-7.', 'fd00--1.'].map(
      left => `${left}${as}.pod.cluster.local.`,
    ),
  ]
}

/** What of a reply must not depend on the namespace: all but its name. */
const without = (reply: Uint8Array, namespace: string): string =>
  Buffer.from(reply).toString('latin1').replaceAll(namespace, '?'.repeat(namespace.length))

test('hidden names', LIMIT, async t => {
  const { ports } = await startCluster(t, {
    ports: BLOCKS.length,
    corefile: (...ports) =>
      BLOCKS.map(
        ({ options, behind = '' }, index) => `.:${ports[index]} {
  bind 127.0.0.1 ::1
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    ${options}
  }
  ${behind}
}
`,
      ).join(''),
  })
  for (const [index, { title, ways, behind }] of BLOCKS.entries()) {
    const port = ports[index] ?? -1
    await t.test(title, async t => {
      for (const namespace of hidden) await t.test(namespace, () => sweep(port, ways, namespace))
      await t.test('reverse', () => sweepReverse(port))
      if (behind === undefined) await t.test('wildcards', t => runTable(t, port, WILDCARDS))
    })
  }
})

const sweep = async (port: number, ways: readonly Way[], namespace: string): Promise<void> => {
  // Of each a different one, so that none is in the cache from before.
  const absent = 'qxyz'.charAt(hidden.indexOf(namespace)).repeat(namespace.length)
  const absentNames = namesIn(namespace, absent)
  for (const [index, name] of namesIn(namespace, namespace).entries()) {
    const other = absentNames[index] ?? ''
    await Promise.all(
      TYPES.flatMap(type =>
        ways.map(async way => {
          const [of, ofAbsent] = await Promise.all(
            [name, other].map(one => askOneWay(port, query(one, type).bytes, way)),
          )
          assert.ok(of !== undefined && ofAbsent !== undefined)
          assert.equal(without(of, namespace), without(ofAbsent, absent), `${name} ${type}`)
          const { rcode, answer } = show(of)
          assert.deepEqual(answer, [], `${name} ${type}`)
          assert.equal(
            rcode,
            type === 'SOA' ? 'NOERROR' : type === 'AXFR' ? 'REFUSED' : 'NXDOMAIN',
            `${name} ${type}`,
          )
        }),
      ),
    )
  }
}

/**
 * Of services and endpoints in hidden namespaces, and of addresses of the same length that nobody
 * has.
 */
const REVERSE = [
  ['1.0.96.10.in-addr.arpa.', '1.0.99.10.in-addr.arpa.'],
  ['10.0.96.10.in-addr.arpa.', '10.0.99.10.in-addr.arpa.'],
  ['110.0.96.10.in-addr.arpa.', '110.0.99.10.in-addr.arpa.'],
  ['1.2.0.192.in-addr.arpa.', '1.9.0.192.in-addr.arpa.'],
  ['2.0.244.10.in-addr.arpa.', '2.0.249.10.in-addr.arpa.'],
  ['1.2.244.10.in-addr.arpa.', '1.2.249.10.in-addr.arpa.'],
] as const

const sweepReverse = async (port: number): Promise<void> => {
  for (const [name, absent] of REVERSE) {
    for (const type of ['PTR', 'A', 'TXT', 'ANY', 'SOA']) {
      const ask = (one: string) => askOneWay(port, query(one, type).bytes, UDP)
      const [of, ofAbsent] = [await ask(name), await ask(absent)]
      const questionEnd = 12 + name.length + 1 + 4
      assert.deepEqual(of.subarray(0, 12), ofAbsent.subarray(0, 12), name)
      assert.deepEqual(of.subarray(questionEnd), ofAbsent.subarray(questionEnd), name)
      assert.equal(show(of).rcode, type === 'SOA' ? 'NOERROR' : 'NXDOMAIN')
    }
  }
}

const WILDCARDS = `
*.testns.svc A,SRV,TXT NXDOMAIN
any.testns.svc A,SRV NXDOMAIN
svc1.*.svc A NXDOMAIN
svc1.any.svc A NXDOMAIN
*.*.svc A,SRV NXDOMAIN
any.any.svc A NXDOMAIN
*.svc A NXDOMAIN
any.svc A NXDOMAIN
*.svc1.testns.svc A NXDOMAIN
*.web.testns.svc A,SRV NXDOMAIN
any.web.testns.svc A NXDOMAIN
*.*.web.testns.svc SRV,A NXDOMAIN
_http.*.web.testns.svc SRV NXDOMAIN
*._tcp.web.testns.svc SRV NXDOMAIN
_any._tcp.web.testns.svc SRV NXDOMAIN
svc1.testns.* A NXDOMAIN
svc1.testns.any A NXDOMAIN
192-0-2-7.*.pod A NXDOMAIN
192-0-2-7.any.pod A NXDOMAIN
*.testns.pod A NXDOMAIN
* A NXDOMAIN
`
