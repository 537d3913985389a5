// A Corefile that clusters have had for years, as it is: retired `upstream` included, credentials
// laid out as in a pod. Only what a test must not touch is replaced in its text: ports, the
// addresses they are opened at, and /etc/resolv.conf, by an upstream of the test.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FakeUpstream, fakeUpstream } from './fakes/fake-upstream.ts'
import { type ClusterServer, Fence, startCluster } from './support/cluster-server.ts'
import { askOneWay, WAYS } from './support/kubernetes-ask.ts'
import { allCached, ask, gist } from './support/kubernetes-steps.ts'
import { query, show } from './support/messages.ts'

const LIMIT = { timeout: 30_000 }

const SEED = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       upstream
       fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
`

const seedAt =
  (upstream: FakeUpstream) => (dns: number, health: number, ready: number, metrics: number) => {
    const replacements = [
      ['.:53 {\n', `.:${dns} {\n    bind 127.0.0.1 ::1\n`],
      ['health {', `health 127.0.0.1:${health} {`],
      ['ready\n', `ready 127.0.0.1:${ready}\n`],
      ['prometheus :9153', `prometheus 127.0.0.1:${metrics}`],
      ['/etc/resolv.conf', `127.0.0.1:${upstream.port}`],
    ] as const
    return replacements.reduce((text, [was, is]) => {
      assert.equal(text.split(was).length, 2, was)
      return text.replace(was, is)
    }, SEED)
  }

/**
 * What is in the cluster, and what the upstream has; loadbalance turns answers, gists are sorted.
 */
const ANSWERS: readonly (readonly [question: string, gist: string])[] = [
  ['kubernetes.default.svc.cluster.local. A', '10.96.0.1'],
  ['kubernetes.default.svc.cluster.local. AAAA', 'NODATA'],
  ['dual-stack.testns.svc.cluster.local. AAAA', 'fd00:10:96::102'],
  ['web.testns.svc.cluster.local. A', '10.244.3.1, 10.244.3.2'],
  [
    '_http._tcp.web.testns.svc.cluster.local. SRV',
    '0 50 80 web-0.web.testns.svc.cluster.local., 0 50 80 web-1.web.testns.svc.cluster.local.',
  ],
  ['192-0-2-5.testns.pod.cluster.local. A', '192.0.2.5'],
  ['missing.testns.svc.cluster.local. A', 'NXDOMAIN'],
  ['kubernetes.default.testns.svc.cluster.local. A', 'NXDOMAIN'],
  ['external.testns.svc.cluster.local. A', '192.0.2.80, www.example.org.'],
  ['1.0.96.10.in-addr.arpa. PTR', 'kubernetes.default.svc.cluster.local.'],
  [
    '1.0.0.0.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.4.2.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR',
    'dual-0.headless-dual.testns.svc.cluster.local.',
  ],
  ['1.0.113.203.in-addr.arpa. PTR', 'outside.example.org.'],
  [
    '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR',
    'outside.example.org.',
  ],
  ['www.example.org. A', '192.0.2.80'],
  ['www.example.net. A', 'NXDOMAIN'],
]

test("the seed's Corefile", LIMIT, async t => {
  const upstream = await fakeUpstream(({ bytes, reply }) => {
    const [name = '', , type] = show(bytes).question.split(' ')
    if (type === 'PTR') reply({ answer: [`${name} 300 IN PTR outside.example.org.`] })
    else if (name === 'www.example.org.' && type === 'A')
      reply({ answer: [`${name} 300 IN A 192.0.2.80`] })
    else reply({ rcode: 'NXDOMAIN' })
  })
  t.after(() => upstream.close())
  const cluster = await startCluster(t, { ports: 4, workers: 2, corefile: seedAt(upstream) })
  const [dns = -1, health, ready, metrics = -1] = cluster.ports

  for (const [question, expected] of ANSWERS) {
    await t.test(question, async () => {
      const [name = '', type] = question.split(' ')
      const replies = await Promise.all(
        WAYS.map((way, id) => askOneWay(dns, query(name, type, { id }).bytes, way)),
      )
      assert.deepEqual(replies.map(gist), Array(WAYS.length).fill(expected))
    })
  }
  await t.test(
    "the upstream was asked for names that are not the cluster's, and for no other",
    () => {
      const questions = upstream.asked
        .map(({ bytes }) => show(bytes).question)
        .filter(question => !question.endsWith(' HINFO'))
      const expected = ANSWERS.map(([question]) => question.replace(' ', ' IN ')).filter(question =>
        /203|8\.b\.d|^www/.test(question),
      )
      assert.deepEqual([...new Set(questions)].toSorted(), expected.toSorted())
    },
  )
  await t.test('a change is seen through cache and forward', () => comesAndGoes(cluster, metrics))
  await t.test('health, ready and metrics', async () => {
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${path}`)).text()
    assert.equal(await get(`${health}/health`), 'OK')
    assert.equal(await get(`${ready}/ready`), 'OK')
    assert.match(
      await get(`${metrics}/metrics`),
      /^coredns_kubernetes_rest_client_requests_total\{.*code="200".*\} \d+$/m,
    )
  })
  await t.test('one warning, of what is retired', () => {
    const warnings = (cluster.process.out + cluster.process.err)
      .split('\n')
      .filter(line => line.includes('[WARNING]'))
    assert.equal(warnings.length, 1, warnings.join('\n'))
    assert.match(warnings[0] ?? '', /'upstream' was retired/)
  })
  await t.test("the token and the authority are those of the pod's folder", () => {
    const users = new Set(cluster.api.requests.recent().map(({ user }) => user))
    assert.deepEqual([...users], ['system:serviceaccount:kube-system:coredns'])
  })
})

const comesAndGoes = async (cluster: ClusterServer, metrics: number): Promise<void> => {
  const fence = new Fence(cluster)
  await fence.passed()
  const questions = ['late.testns.svc.cluster.local. A', '200.0.96.10.in-addr.arpa. PTR']
  const both = () => Promise.all(questions.map(question => ask(cluster.port, question)))
  assert.deepEqual(await both(), ['NXDOMAIN', 'outside.example.org.'])
  await allCached(cluster.port, metrics, questions)
  cluster.api.apply(
    '{kind: Service, metadata: {name: late, namespace: testns}, spec: {clusterIP: 10.96.0.200, ports: [{port: 80}]}}',
  )
  await fence.passed()
  assert.deepEqual(await both(), ['10.96.0.200', 'late.testns.svc.cluster.local.'])
  cluster.api.delete('Service', 'testns', 'late')
  await fence.passed()
  assert.deepEqual(await both(), ['NXDOMAIN', 'outside.example.org.'])
}
