import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BothPaths, bothPaths } from '../../../test/support/both-paths.ts'
import { type FakeSource, fakeCluster } from '../../../test/support/cluster-records.ts'
import {
  chain,
  fakeBlock,
  options,
  parseError,
  query,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { Reply } from '../../chain/reply/reply.ts'
import { k8s_external } from './index.ts'

const DEFAULTS = { zones: ['.'], apex: 'dns', ttlSeconds: 5, isHeadless: false, fallthrough: [] }

const parsed: { rule: string; text: string; gives: object }[] = [
  { rule: 'nothing', text: 'k8s_external', gives: {} },
  { rule: 'zones', text: 'k8s_external B.test a.test', gives: { zones: ['b.test.', 'a.test.'] } },
  {
    rule: 'all of it',
    text: 'k8s_external {\nttl 3600\napex ns.of\nheadless\nfallthrough a.test\n}',
    gives: { ttlSeconds: 3600, apex: 'ns.of', isHeadless: true, fallthrough: ['a.test.'] },
  },
  {
    rule: 'fall through for all',
    text: 'k8s_external {\nfallthrough\n}',
    gives: { fallthrough: ['.'] },
  },
  {
    rule: 'the last counts',
    text: 'k8s_external a.test\nk8s_external b.test',
    gives: { zones: ['b.test.'] },
  },
]
for (const { rule, text, gives } of parsed)
  test(`k8s_external is read: ${rule}`, () => {
    assert.deepEqual(options(k8s_external, text), { ...DEFAULTS, ...gives })
  })

const ERROR = 'Error during parsing: '
const refused: { text: string; error: string }[] = [
  { text: 'ttl 3601', error: `Corefile:3 - ${ERROR}ttl must be in range [0, 3600]: 3601` },
  { text: 'ttl -1', error: `Corefile:3 - ${ERROR}ttl must be in range [0, 3600]: -1` },
  { text: 'ttl soon', error: 'strconv.Atoi: parsing "soon": invalid syntax' },
  {
    text: 'ttl',
    error: `Corefile:3 - ${ERROR}Wrong argument count or unexpected line ending after 'ttl'`,
  },
  {
    text: 'apex',
    error: `Corefile:3 - ${ERROR}Wrong argument count or unexpected line ending after 'apex'`,
  },
  { text: 'apex a..b', error: `Corefile:3 - ${ERROR}'hostmaster.a..b' in . is no name` },
  {
    text: `apex ${'a.'.repeat(121)}b`,
    error: `Corefile:3 - ${ERROR}'hostmaster.${'a.'.repeat(121)}b' in . is no name`,
  },
  { text: 'serial 1', error: `Corefile:3 - ${ERROR}unknown property 'serial'` },
]
for (const { text, error } of refused)
  test(`k8s_external refuses ${text}`, () => {
    assert.equal(parseError(k8s_external, `k8s_external {\n${text}\n}`), error)
  })

test('k8s_external needs kubernetes in its block', async () => {
  const block = fakeBlock({ directives: ['k8s_external'] })
  await assert.rejects(chain(k8s_external, 'k8s_external', { control: { block } }), {
    message: 'kubernetes plugin not loaded',
  })
})

const service = (name: string, spec: string, ingress = ''): string => `
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ${spec} }
status: { loadBalancer: { ingress: [${ingress}] } }`
const PORTS = 'ports: [{ name: http, port: 80 }, { name: dns, protocol: UDP, port: 53 }]'
const EDGE = `type: LoadBalancer, clusterIP: 10.96.0.11, ${PORTS}`

const CLUSTER = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
${service('edge', `${EDGE}, externalIPs: [198.51.100.7]`, '{ ip: 198.51.100.8 }, { ip: "2001:db8::8" }')}
${service('twice', `${EDGE}, externalIPs: [198.51.100.7, 198.51.100.7]`)}
${service('named', EDGE, '{ hostname: LB.example.org }')}
${service('none', EDGE)}
${service('bare', 'clusterIP: 10.96.0.12, clusterIPs: [10.96.0.12], externalIPs: [198.51.100.9]')}
${service('head', `clusterIP: None, clusterIPs: [None], ${PORTS}`)}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: head-1, namespace: shop, labels: { kubernetes.io/service-name: head } }
addressType: IPv4
endpoints: [{ addresses: [10.1.0.1], hostname: one }, { addresses: [10.1.0.2] }]
ports: [{ name: http, protocol: TCP, port: 80 }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: none-1, namespace: shop, labels: { kubernetes.io/service-name: none } }
addressType: IPv4
endpoints: [{ addresses: [10.1.0.3] }]
ports: [{ name: http, protocol: TCP, port: 80 }]
`

interface World {
  readonly paths: BothPaths
  readonly source: FakeSource
}

const setup = async (lines: string, front: readonly string[] = []): Promise<World> => {
  const text = 'kubernetes cluster.local {\nttl 9\n}'
  let source: FakeSource | undefined
  const last = (request: ReturnType<typeof query>) =>
    replyTo(request, { answer: [`${request.question.name} 60 IN A 192.0.2.99`] })
  const external = `k8s_external ext.test in-addr.arpa {\n${lines}\n}`
  const paths = await bothPaths([...front, external, text], last, ['.'], async control => {
    source = await fakeCluster(control, text, '')
    await source.put(CLUSTER)
  })
  assert.ok(source)
  await paths.control.started()
  return { paths, source }
}

const ask = async ({ paths }: World, name: string, type: string) => {
  const bytes = await paths.slow(query(name, type).bytes)
  return show(new Reply(new Uint8Array(bytes ?? [])))
}

/** Without its serial. */
const SOA = / \d+ 7200 1800 86400 /

const asked: {
  name: string
  type?: string
  lines?: string
  rcode?: string
  answer?: readonly string[]
  additional?: readonly string[]
}[] = [
  { name: 'edge.shop.ext.test.', answer: ['A 198.51.100.7', 'A 198.51.100.8'] },
  { name: 'edge.shop.ext.test.', type: 'AAAA', answer: ['AAAA 2001:db8::8'] },
  { name: 'edge.shop.ext.test.', type: 'TXT' },
  { name: 'any.edge.shop.ext.test.', answer: ['A 198.51.100.7', 'A 198.51.100.8'] },
  { name: 'a.b.c.edge.shop.ext.test.', rcode: 'NXDOMAIN' },
  { name: '_http._tcp.edge.shop.ext.test.', type: 'AAAA', answer: ['AAAA 2001:db8::8'] },
  { name: '_http._udp.edge.shop.ext.test.', rcode: 'NXDOMAIN' },
  { name: 'twice.shop.ext.test.', answer: ['A 198.51.100.7'] },
  {
    name: '_dns._udp.twice.shop.ext.test.',
    type: 'SRV',
    answer: ['SRV 0 50 53 twice.shop.ext.test.'],
    additional: ['twice.shop.ext.test. 5 IN A 198.51.100.7'],
  },
  { name: 'bare.shop.ext.test.', answer: ['A 198.51.100.9'] },
  { name: 'bare.shop.ext.test.', type: 'SRV' },
  { name: 'named.shop.ext.test.', type: 'CNAME' },
  { name: 'none.shop.ext.test.', rcode: 'NXDOMAIN' },
  { name: 'head.shop.ext.test.', rcode: 'NXDOMAIN' },
  { name: 'head.shop.ext.test.', lines: 'headless', answer: ['A 10.1.0.1', 'A 10.1.0.2'] },
  { name: 'one.head.shop.ext.test.', lines: 'headless', answer: ['A 10.1.0.1'] },
  { name: 'two.head.shop.ext.test.', lines: 'headless', rcode: 'NXDOMAIN' },
  { name: 'none.shop.ext.test.', lines: 'headless', rcode: 'NXDOMAIN' },
  { name: '10-1-0-3.none.shop.ext.test.', lines: 'headless', answer: ['A 10.1.0.3'] },
  {
    name: 'one.head.shop.ext.test.',
    type: 'SRV',
    lines: 'headless\nttl 7',
    answer: ['SRV 0 100 80 one.head.shop.ext.test.'],
    additional: ['one.head.shop.ext.test. 7 IN A 10.1.0.1'],
  },
  { name: 'shop.ext.test.' },
  { name: 'hidden.ext.test.', rcode: 'NXDOMAIN' },
  { name: 'dns.ext.test.' },
  { name: 'x.dns.ext.test.', rcode: 'NXDOMAIN' },
  { name: 'a.ns1.dns.ext.test.', rcode: 'NXDOMAIN' },
  { name: 'ns1.dns.ext.test.', lines: 'apex of.it', rcode: 'NXDOMAIN' },
  { name: 'ns1.of.it.ext.test.', type: 'TXT', lines: 'apex of.it' },
  { name: 'ext.test.', type: 'MX' },
  {
    name: '8.100.51.198.in-addr.arpa.',
    type: 'PTR',
    answer: ['PTR edge.shop.ext.test.'],
  },
  {
    name: '7.100.51.198.in-addr.arpa.',
    type: 'PTR',
    answer: ['PTR edge.shop.ext.test.', 'PTR twice.shop.ext.test.'],
  },
  { name: '1.100.51.198.in-addr.arpa.', type: 'PTR', rcode: 'NXDOMAIN' },
  { name: 'nope.shop.ext.test.', lines: 'fallthrough', answer: ['A 192.0.2.99'] },
]
for (const {
  name,
  type = 'A',
  lines = '',
  rcode = 'NOERROR',
  answer = [],
  additional = [],
} of asked)
  test(`k8s_external ${lines.replace('\n', ', ')}: ${name} ${type}`, async () => {
    const shown = await ask(await setup(lines), name, type)
    const rdata = shown.answer.map(record => record.split(' ').slice(3).join(' '))
    assert.deepEqual(
      { rcode: shown.rcode, answer: rdata, additional: shown.additional },
      { rcode, answer, additional },
    )
    if (answer.length === 0) assert.match(shown.authority.join(), SOA)
  })

test('k8s_external: until the cluster is known, no name is denied', async () => {
  const world = await setup('fallthrough')
  world.source.setSynced(false)
  assert.equal((await ask(world, 'nope.shop.ext.test.', 'A')).rcode, 'SERVFAIL')
  assert.equal((await ask(world, 'edge.shop.ext.test.', 'A')).rcode, 'NOERROR')
})

test('k8s_external: a cache in front gives what the cluster has now', async () => {
  const world = await setup('headless', ['cache 30'])
  const { source, paths } = world
  const changes: { rule: string; yaml: string; name: string; type?: string; rcode: string }[] = [
    {
      rule: 'an address goes',
      yaml: service('bare', EDGE),
      name: 'bare.shop.ext.test.',
      rcode: 'NXDOMAIN',
    },
    {
      rule: 'one comes',
      yaml: service('none', EDGE, '{ ip: 198.51.100.44 }'),
      name: 'none.shop.ext.test.',
      rcode: 'NOERROR',
    },
    {
      rule: 'its name goes',
      yaml: service('edge', EDGE),
      name: '8.100.51.198.in-addr.arpa.',
      type: 'PTR',
      rcode: 'NXDOMAIN',
    },
  ]
  for (const { rule, yaml, name, type = 'A', rcode } of changes) {
    const before = await ask(world, name, type)
    assert.notEqual(before.rcode, rcode, rule)
    paths.clock.advance(1500)
    await source.put(yaml)
    assert.equal((await ask(world, name, type)).rcode, rcode, rule)
  }
})
