// What the names of a cluster answer, through the running server: the Kubernetes DNS specification
// row by row, every type on every kind of name, by UDP and TCP over IPv4 and IPv6, with EDNS and
// without.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Asked, type FakeUpstream, fakeUpstream } from './fakes/fake-upstream.ts'
import { startCluster, startFixtureApi } from './support/cluster-server.ts'
import { askOneWay } from './support/kubernetes-ask.ts'
import { runTable } from './support/kubernetes-cases.ts'
import { MORE_OBJECTS, SPECIFICATION } from './support/kubernetes-tables.ts'
import { MIXED_CASE, TYPES } from './support/kubernetes-type-tables.ts'
import { query, show } from './support/messages.ts'

const LIMIT = { timeout: 30_000 }
/** So many endpoints that each has a hundredth of the weight at most, which is 1 at least. */
const CROWD = 150
/**
 * An ExternalName of the one before it each; the first is one of a service with a cluster address.
 */
const CHAIN = 13
const PORTS = [{ name: 'http', port: 80 }]

/** www.example.org exists, nothing else does. */
const outside = ({ bytes, reply }: Asked): void => {
  const question = show(bytes).question
  if (question === 'www.example.org. IN A')
    reply({ answer: ['www.example.org. 300 IN A 192.0.2.80'] })
  else if (question === 'www.example.org. IN AAAA')
    reply({ answer: ['www.example.org. 300 IN AAAA 2001:db8::80'] })
  else reply({ rcode: 'NXDOMAIN' })
}

const corefile = (upstream: FakeUpstream) => (port: number) =>
  `.:${port} {
  bind 127.0.0.1 ::1
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
  }
  forward . 127.0.0.1:${upstream.port}
}
`

test('tables', LIMIT, async t => {
  const upstream = await fakeUpstream(outside)
  t.after(() => upstream.close())
  const api = await startFixtureApi(t)
  api.apply(MORE_OBJECTS)
  for (let n = 1; n <= CHAIN; n++) {
    const externalName = `${n === 1 ? 'svc1' : `chain-${n - 1}`}.testns.svc.cluster.local`
    const metadata = { name: `chain-${n}`, namespace: 'testns' }
    api.apply({ kind: 'Service', metadata, spec: { type: 'ExternalName', externalName } })
  }
  api.apply([
    {
      kind: 'Service',
      metadata: { name: 'crowd', namespace: 'testns' },
      spec: { clusterIP: 'None', ports: PORTS },
    },
    {
      kind: 'EndpointSlice',
      metadata: {
        name: 'crowd-a',
        namespace: 'testns',
        labels: { 'kubernetes.io/service-name': 'crowd' },
      },
      addressType: 'IPv4',
      endpoints: Array.from({ length: CROWD }, (_, n) => ({ addresses: [`10.244.22.${n + 1}`] })),
      ports: PORTS,
    },
  ])
  const { port } = await startCluster(t, { api, corefile: corefile(upstream) })
  await t.test('specification', t => runTable(t, port, SPECIFICATION))
  await t.test('every type on every kind of name', t => runTable(t, port, TYPES))
  await t.test('mixed case', t => runTable(t, port, MIXED_CASE))
  await t.test('a long chain of ExternalNames', t => runTable(t, port, CHAINS))
  for (const type of ['A', 'SRV'])
    await t.test(`more than a datagram holds: ${type}`, () => truncated(port, type))
})

const CHAINS = `
chain-10.testns.svc A
${Array.from({ length: 9 }, (_, n) => `  chain-${10 - n}.testns.svc 5 CNAME chain-${9 - n}.testns.svc`).join('\n')}
  chain-1.testns.svc 5 CNAME svc1.testns.svc
  svc1.testns.svc 5 A 10.96.0.100
chain-${CHAIN}.testns.svc A NODATA
`

const truncated = async (port: number, type: string): Promise<void> => {
  const { bytes } = query('crowd.testns.svc.cluster.local.', type)
  const overUdp = show(await askOneWay(port, bytes, { transport: 'udp', family: 4 }))
  assert.ok(overUdp.answer.length < CROWD)
  assert.equal(overUdp.flags, 'qr aa tc rd')
  const overTcp = show(await askOneWay(port, bytes, { transport: 'tcp', family: 4 }))
  const expected = Array.from({ length: CROWD }, (_, n) => {
    const address = `10.244.22.${n + 1}`
    const data =
      type === 'A'
        ? address
        : `0 1 80 ${address.replaceAll('.', '-')}.crowd.testns.svc.cluster.local.`
    return `crowd.testns.svc.cluster.local. 5 IN ${type} ${data}`
  })
  assert.deepEqual(overTcp.answer, expected)
  assert.equal(overTcp.flags, 'qr aa rd')
}
