// What changes in the cluster is seen at once, by every shard and through `cache`, whose TTLs of 30
// s would outlast the tests: addresses, names that come and go, PTR records that fell through to an
// upstream before, answers that were on their way while the cluster changed.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Asked, type FakeUpstream, fakeUpstream } from './fakes/fake-upstream.ts'
import { type ClusterServer, Fence, startCluster } from './support/cluster-server.ts'
import { NAMESPACES, SCENARIOS } from './support/kubernetes-scenarios.ts'
import { ask, runScenarios } from './support/kubernetes-steps.ts'
import { show } from './support/messages.ts'

const LIMIT = { timeout: 40_000 }

/** Every address is called outside.example.org.; two names have one. */
const outside = ({ bytes, reply }: Asked): void => {
  const [name = '', , type] = show(bytes).question.split(' ')
  const address = new Map([
    ['www.example.org.', '192.0.2.80'],
    ['www.example.net.', '192.0.2.81'],
  ]).get(name)
  if (type === 'PTR') reply({ answer: [`${name} 300 IN PTR outside.example.org.`] })
  else if (type === 'A' && address !== undefined) reply({ answer: [`${name} 300 IN A ${address}`] })
  else reply({ rcode: 'NXDOMAIN' })
}

const corefile = (upstream: FakeUpstream) => (port: number, metrics: number) =>
  `.:${port} {
  bind 127.0.0.1 ::1
  kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {
    pods verified
    multicluster clusterset.local
    ttl 30
    fallthrough in-addr.arpa ip6.arpa
  }
  forward . 127.0.0.1:${upstream.port}
  prometheus 127.0.0.1:${metrics}
  cache 30
}
`

test('changes', LIMIT, async t => {
  const upstream = await fakeUpstream(outside)
  t.after(() => upstream.close())
  const cluster = await startCluster(t, { workers: 2, ports: 2, corefile: corefile(upstream) })
  const fence = new Fence(cluster)
  // The fences' own namespace is new as well.
  await fence.passed()
  const setting = { cluster, fence, metricsPort: cluster.ports[1] ?? -1 }
  await runScenarios(t, SCENARIOS, {
    ...setting,
    kinds: ['Service', 'EndpointSlice', 'Pod', 'ServiceImport', 'ImportedSlice'],
  })
  await runScenarios(t, NAMESPACES, { ...setting, kinds: ['Service', 'Namespace'] })
  await t.test('the serial of the SOA is the time of the last change', () =>
    serials(cluster, fence),
  )
  await t.test('no answer is older than one before it', () => inOrder(cluster))
  await t.test("an upstream's answer that was on its way is not kept", () =>
    onItsWay(cluster, fence, upstream),
  )
  await t.test('many services, all there, then all gone', t => many(t, cluster, fence))
})

const serials = async ({ api, port }: ClusterServer, fence: Fence): Promise<void> => {
  const serial = async (): Promise<number> =>
    Number((await ask(port, 'cluster.local. SOA')).split(' ')[2])
  const beforeSeconds = Math.floor(Date.now() / 1000)
  api.apply(
    `{kind: Service, metadata: {name: serial, namespace: testns}, spec: {clusterIP: 10.96.0.220, ports: [{port: 80}]}}`,
  )
  await fence.passed()
  const seconds = await serial()
  assert.ok(seconds >= beforeSeconds && seconds <= Math.floor(Date.now() / 1000), `${seconds}`)
}

const CHANGES = 40

/** One address after the other, while one question after the other is asked of any shard. */
const inOrder = async ({ api, port }: ClusterServer): Promise<void> => {
  const move = (turn: number) =>
    api.apply(`{kind: Service, metadata: {name: mover, namespace: testns},
      spec: {clusterIP: 10.96.2.${turn}, ports: [{name: http, port: 80}]}}`)
  let last = 0
  let moved = 0
  while (last < CHANGES) {
    if (moved < CHANGES) move(++moved)
    const answer = await ask(port, 'mover.testns.svc.cluster.local. A')
    if (answer === 'NXDOMAIN' && last === 0) continue
    const turn = Number(/^10\.96\.2\.(\d+)$/.exec(answer)?.[1] ?? assert.fail(answer))
    assert.ok(turn >= last && turn <= moved, `${turn} after ${last}`)
    last = turn
  }
}

/** The question falls through, the service comes, and only then the upstream answers. */
const onItsWay = async (
  { api, port }: ClusterServer,
  fence: Fence,
  upstream: FakeUpstream,
): Promise<void> => {
  const question = '210.0.96.10.in-addr.arpa. PTR'
  const held = Promise.withResolvers<Asked>()
  upstream.respond = asked => held.resolve(asked)
  const first = ask(port, question)
  const asked = await held.promise
  upstream.respond = outside
  api.apply(
    `{kind: Service, metadata: {name: late, namespace: testns}, spec: {clusterIP: 10.96.0.210, ports: [{port: 80}]}}`,
  )
  await fence.passed()
  outside(asked)
  assert.equal(await first, 'outside.example.org.')
  for (let n = 0; n < 20; n++)
    assert.equal(await ask(port, question), 'late.testns.svc.cluster.local.')
}

const MANY = 300

const many = async (t: TestContext, { api, port }: ClusterServer, fence: Fence): Promise<void> => {
  const names = Array.from({ length: MANY }, (_, n) => `many-${n}`)
  const address = (n: number): string => `10.96.${3 + (n >> 8)}.${n & 255}`
  const all = () => Promise.all(names.map(name => ask(port, `${name}.crowds.svc.cluster.local. A`)))
  assert.deepEqual(new Set(await all()), new Set(['NXDOMAIN']))
  for (const [n, name] of names.entries()) {
    api.apply({
      kind: 'Service',
      metadata: { name, namespace: 'crowds' },
      spec: { clusterIP: address(n), ports: [{ name: 'http', port: 80 }] },
    })
  }
  await fence.passed(['Service', 'Namespace'])
  await t.test('there', async () =>
    assert.deepEqual(
      await all(),
      names.map((_, n) => address(n)),
    ),
  )
  for (const name of names) api.delete('Service', 'crowds', name)
  await fence.passed()
  await t.test('gone', async () => assert.deepEqual(new Set(await all()), new Set(['NXDOMAIN'])))
}
