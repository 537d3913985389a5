// Property: whatever the fast path answers about a cluster, the slow path answers with the same
// bytes; and a cache in front never gives what the cluster no longer has. Questions, EDNS shapes
// and changes are drawn by a seeded generator.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Query } from '../src/chain/query/query.ts'
import { fixtureManifests, readManifests } from './fakes/kube-api/manifests.ts'
import { type BothPaths, bothPaths, CLIENT } from './support/both-paths.ts'
import { type FakeSource, fakeCluster } from './support/cluster-records.ts'
import { type QueryOptions, query, replyTo } from './support/plugin-harness.ts'
import { type Numbers, numbersFrom } from './support/query-mix.ts'

const QUERIES = 20_000

const LEFT = [
  '',
  'web-0.',
  'web-1.',
  '10-244-1-1.',
  '10-244-0-2.',
  '_http._tcp.',
  '10-1-2-3.',
  'x.y.',
  'a.b.c.',
  'WWW.google.com.',
  'z1.pin._zone.',
]
const SERVICES = ['kubernetes', 'kube-dns', 'web', 'nope', '1st', 'any', '*']
const NAMESPACES = ['default', 'kube-system', 'testns', 'another', 'hidden', 'svc']
const BRANCHES = ['svc', 'svc', 'svc', 'pod', 'dns', 'com']
const TYPES = [
  'A',
  'A',
  'A',
  'AAAA',
  'AAAA',
  'SRV',
  'TXT',
  'PTR',
  'HTTPS',
  'NS',
  'SOA',
  'CNAME',
  'ANY',
]
const EDNS: readonly QueryOptions[] = [
  {},
  { udpSize: 1232 },
  { udpSize: 512, do: true },
  { udpSize: 4096, options: [{ code: 10, data: '0102030405060708' }] },
]

const pick = <T>(list: readonly T[], draw: Numbers): T => list[draw(list.length)] as T

const aName = (names: readonly string[], draw: Numbers): string => {
  const kind = draw(12)
  if (kind === 0)
    return pick(
      [
        'cluster.local.',
        'svc.cluster.local.',
        'ns.dns.cluster.local.',
        'pod.cluster.local.',
        'dns-version.cluster.local.',
      ],
      draw,
    )
  if (kind === 1)
    return pick(['1.0.96.10.in-addr.arpa.', 'www.example.org.', 'local.', 'in-addr.arpa.'], draw)
  if (kind < 7) return `${pick(LEFT, draw)}${pick(names, draw)}`
  return `${pick(LEFT, draw)}${pick(SERVICES, draw)}.${pick(NAMESPACES, draw)}.${pick(BRANCHES, draw)}.cluster.local.`
}

const aQuery = (names: readonly string[], draw: Numbers): Query => {
  const name = aName(names, draw)
  const spelt =
    draw(3) === 0
      ? [...name].map(letter => (draw(2) === 0 ? letter.toUpperCase() : letter)).join('')
      : name
  return query(spelt, pick(TYPES, draw), {
    ...pick(EDNS, draw),
    id: draw(65536),
    rd: draw(4) > 0,
    cd: draw(12) === 0,
  })
}

/** The names of the services in the manifests. */
const serviceNames = (yaml: string): string[] =>
  readManifests(yaml)
    .filter(({ kind }) => kind === 'Service')
    .map(({ metadata }) => `${metadata.name}.${metadata.namespace}.svc.cluster.local.`)

const compare = async (
  paths: BothPaths,
  names: readonly string[],
  seed: number,
): Promise<number> => {
  const draw = numbersFrom(seed)
  let answered = 0
  for (let n = 0; n < QUERIES; n++) {
    const { bytes, question } = aQuery(names, draw)
    const fast = paths.fast(bytes, CLIENT)
    if (fast !== undefined) {
      const slow = await paths.slow(bytes, CLIENT)
      assert.deepEqual(
        fast,
        slow === undefined ? undefined : new Uint8Array(slow),
        `query ${n}: ${question.name} type ${question.type}`,
      )
      answered++
    }
  }
  return answered
}

const CLUSTERS: { rule: string; text: string; front: readonly string[]; least: number }[] = [
  {
    rule: 'the seed',
    text: 'kubernetes cluster.local in-addr.arpa ip6.arpa {\npods insecure\nfallthrough in-addr.arpa ip6.arpa\n}',
    front: ['errors'],
    least: 5,
  },
  {
    rule: 'ttl 0 and empty services',
    text: 'kubernetes cluster.local {\nttl 0\nignore empty_service\n}',
    front: ['prometheus 127.0.0.1:0', 'errors'],
    least: 5,
  },
  {
    rule: 'everything falls through',
    text: 'kubernetes cluster.local {\nttl 3600\nfallthrough\n}',
    front: [],
    least: 40,
  },
  {
    rule: 'zonal names, and the root for a zone',
    text: 'kubernetes cluster.local . {\nzonal\n}',
    front: ['bufsize 700'],
    least: 8,
  },
]

for (const { rule, text, front, least } of CLUSTERS) {
  test(`kubernetes: both paths give the same bytes: ${rule}`, async () => {
    const yaml = fixtureManifests('cluster.yaml')
    const last = (request: Query) => replyTo(request, { rcode: 'REFUSED' })
    const paths = await bothPaths([...front, text], last, ['.'], control =>
      fakeCluster(control, text, yaml),
    )
    const names = serviceNames(yaml)
    assert.ok(names.length > 10, `${names}`)
    const answered = await compare(paths, names, 11)
    assert.ok(answered > QUERIES / least, `the fast path answered ${answered} of ${QUERIES}`)
  })
}

test('kubernetes: the fast path says nothing of names that it cannot be sure of while the cluster is not known', async () => {
  const text = 'kubernetes cluster.local'
  let source: FakeSource | undefined
  const last = (request: Query) => replyTo(request, { rcode: 'REFUSED' })
  const paths = await bothPaths([text], last, ['.'], async control => {
    source = await fakeCluster(control, text, fixtureManifests('cluster.yaml'))
    source.setSynced(false)
  })
  assert.equal(paths.fast(query('nope.default.svc.cluster.local.').bytes), undefined)
  assert.notEqual(paths.fast(query('kubernetes.default.svc.cluster.local.').bytes), undefined)
  source?.setSynced(true)
  assert.equal((paths.fast(query('nope.default.svc.cluster.local.').bytes)?.[3] ?? 0) & 15, 3)
})

test('kubernetes: a cache in front gives what the cluster has now, on both paths', async () => {
  const text = 'kubernetes cluster.local in-addr.arpa {\nfallthrough in-addr.arpa\n}'
  let source: FakeSource | undefined
  const last = (request: Query) =>
    replyTo(request, { rcode: 'NXDOMAIN', authority: ['in-addr.arpa. 60 IN SOA a. b. 1 2 3 4 60'] })
  const paths = await bothPaths(['cache 30', text], last, ['.'], async control => {
    source = await fakeCluster(
      control,
      text,
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }',
    )
  })
  const draw = numbersFrom(3)
  const service = (address: number): string =>
    `apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { clusterIP: 10.0.0.${address}, clusterIPs: [10.0.0.${address}] }`
  let now = 0
  for (let n = 0; n < 400; n++) {
    if (draw(3) === 0) {
      const next = draw(4)
      if (next > 0) await source?.put(service(next))
      else if (now > 0) await source?.remove(service(now))
      now = next
    }
    if (draw(3) === 0) paths.clock.advance(draw(1500))
    const a = query('web.shop.svc.cluster.local.').bytes
    const ptr = query('1.0.0.10.in-addr.arpa.', 'PTR').bytes
    for (const ask of [
      (bytes: Uint8Array) => paths.slow(bytes),
      async (bytes: Uint8Array) => paths.fast(bytes) ?? paths.slow(bytes),
    ]) {
      const reply = (await ask(a)) ?? assert.fail()
      if (now === 0) assert.equal((reply[3] ?? 0) & 15, 3, `step ${n}`)
      else assert.deepEqual([...reply.subarray(-4)], [10, 0, 0, now], `step ${n}`)
      assert.equal(((await ask(ptr))?.[3] ?? 0) & 15, now === 1 ? 0 : 3, `step ${n}: PTR`)
    }
  }
})

test('kubernetes: an answer from the records allocates nothing', async () => {
  const text = 'kubernetes cluster.local'
  const last = (request: Query) => replyTo(request, { rcode: 'REFUSED' })
  const paths = await bothPaths([text], last, ['.'], control =>
    fakeCluster(control, text, fixtureManifests('cluster.yaml')),
  )
  const times = 50_000
  for (const name of ['kubernetes.default.svc.cluster.local.', 'nope.default.svc.cluster.local.']) {
    const { bytes } = query(name, 'A', { do: true })
    paths.repeat(bytes, times)
    const grown = Array.from({ length: 21 }, () => {
      const before = process.memoryUsage().heapUsed
      assert.equal(paths.repeat(bytes, times), times)
      return process.memoryUsage().heapUsed - before
    }).sort((a, b) => a - b)
    assert.ok((grown[10] ?? 0) < times, `${grown[10]} bytes for ${times} answers of ${name}`)
  }
})
