// What the end-to-end tests of Kubernetes (test/e2e/network/dns*.go) ask a cluster's server, asked
// as they do: by dig and kdig, over UDP and TCP and both address families, for names that a pod's
// search list completes. The search list is dig's own domain, or gone through here.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fakeUpstream } from './fakes/fake-upstream.ts'
import { startCluster } from './support/cluster-server.ts'
import { query, show } from './support/messages.ts'
import { askUdp } from './support/raw-client.ts'
import { runProgram, startServer, without } from './support/server-process.ts'

const LIMIT = { timeout: 30_000 }

/** As the kubelet writes it for a pod in testns. */
const SEARCH = ['testns.svc.cluster.local', 'svc.cluster.local', 'cluster.local'] as const

interface Told {
  readonly status: string
  /** Answers with single blanks. */
  readonly answer: readonly string[]
}

const told = async (program: 'dig' | 'kdig', args: readonly string[]): Promise<Told> => {
  const { out } = await runProgram(program, [
    ...args,
    '+noall',
    program === 'dig' ? '+comments' : '+header',
    '+answer',
  ])
  const lines = out.split('\n').filter(line => line.trim() !== '')
  return {
    status: lines.flatMap(line => /status: (\w+)/.exec(line)?.[1] ?? []).at(-1) ?? 'silence',
    answer: lines.filter(line => !line.startsWith(';')).map(line => line.replace(/\s+/g, ' ')),
  }
}

interface Probe {
  readonly name: string
  readonly type?: string
  readonly answer: readonly string[]
}

const WEB = 'web.testns.svc.cluster.local.'
const PROBES: readonly (Probe & { readonly title: string })[] = [
  {
    title: 'DNS for the cluster',
    name: 'kubernetes.default.svc.cluster.local.',
    answer: ['kubernetes.default.svc.cluster.local. 5 IN A 10.96.0.1'],
  },
  {
    title: 'names outside',
    name: 'www.example.org.',
    answer: ['www.example.org. 300 IN A 192.0.2.80'],
  },
  {
    title: 'headless service',
    name: WEB,
    answer: [`${WEB} 5 IN A 10.244.3.1`, `${WEB} 5 IN A 10.244.3.2`],
  },
  {
    title: 'SRV of a headless service',
    name: `_http._tcp.${WEB}`,
    type: 'SRV',
    answer: [
      `_http._tcp.${WEB} 5 IN SRV 0 50 80 web-0.${WEB}`,
      `_http._tcp.${WEB} 5 IN SRV 0 50 80 web-1.${WEB}`,
    ],
  },
  {
    title: 'SRV of a service with a cluster address',
    name: '_http._tcp.svc1.testns.svc.cluster.local.',
    type: 'SRV',
    answer: [
      '_http._tcp.svc1.testns.svc.cluster.local. 5 IN SRV 0 100 80 svc1.testns.svc.cluster.local.',
    ],
  },
  {
    title: 'pods with subdomain',
    name: `web-1.${WEB}`,
    answer: [`web-1.${WEB} 5 IN A 10.244.3.2`],
  },
  {
    title: 'service whose name starts with a digit',
    name: '1st-digit.testns.svc.cluster.local.',
    answer: ['1st-digit.testns.svc.cluster.local. 5 IN A 10.96.0.106'],
  },
  {
    title: 'dual stack',
    name: 'dual-stack.testns.svc.cluster.local.',
    type: 'AAAA',
    answer: ['dual-stack.testns.svc.cluster.local. 5 IN AAAA fd00:10:96::102'],
  },
  {
    title: 'ExternalName',
    name: 'external.testns.svc.cluster.local.',
    type: 'CNAME',
    answer: ['external.testns.svc.cluster.local. 5 IN CNAME www.example.org.'],
  },
  {
    title: 'pod by its address',
    name: '10-244-3-1.testns.pod.cluster.local.',
    answer: ['10-244-3-1.testns.pod.cluster.local. 5 IN A 10.244.3.1'],
  },
]

const REVERSE: readonly { readonly address: string; readonly names: readonly string[] }[] = [
  { address: '10.96.0.1', names: ['kubernetes.default.svc.cluster.local.'] },
  { address: '10.244.3.1', names: ['web-0.web.testns.svc.cluster.local.'] },
  { address: 'fd00:10:96::102', names: ['dual-stack.testns.svc.cluster.local.'] },
  { address: 'fd00:10:244::5:1', names: ['dual-0.headless-dual.testns.svc.cluster.local.'] },
  { address: '203.0.113.1', names: [] },
]

/** `tries`: how many names of the list are not there before one is. */
const PARTIAL: readonly {
  readonly name: string
  readonly type?: string
  readonly tries: number
  readonly rdata: string
}[] = [
  { name: 'kubernetes.default', tries: 1, rdata: 'A 10.96.0.1' },
  { name: 'kubernetes.default.svc', tries: 2, rdata: 'A 10.96.0.1' },
  { name: 'svc1', tries: 0, rdata: 'A 10.96.0.100' },
  { name: 'svc1.testns', tries: 1, rdata: 'A 10.96.0.100' },
  { name: 'svc1.testns.svc', tries: 2, rdata: 'A 10.96.0.100' },
  {
    name: '_http._tcp.svc1',
    type: 'SRV',
    tries: 0,
    rdata: 'SRV 0 100 80 svc1.testns.svc.cluster.local.',
  },
  {
    name: '_http._tcp.svc1.testns',
    type: 'SRV',
    tries: 1,
    rdata: 'SRV 0 100 80 svc1.testns.svc.cluster.local.',
  },
  {
    name: '_http._tcp.svc1.testns.svc',
    type: 'SRV',
    tries: 2,
    rdata: 'SRV 0 100 80 svc1.testns.svc.cluster.local.',
  },
  { name: 'web-0.web', tries: 0, rdata: 'A 10.244.3.1' },
  { name: 'www.example.org', tries: 3, rdata: 'A 192.0.2.80' },
]

const LONG = Array.from({ length: 6 }, (_, n) => `${'long-search-path-'.repeat(3)}${n}.example.com`)
/** Odd lists that the kubelet accepts, and where `svc1.testns` is found in them. */
const ODD_LISTS: readonly {
  readonly title: string
  readonly search: readonly string[]
  readonly found: string
}[] = [
  {
    title: 'more than 6 paths, more than 256 characters',
    search: [...LONG, ...SEARCH],
    found: 'svc.cluster.local',
  },
  {
    title: 'an underscore',
    search: ['_sip._tcp.abc_d.example.com', ...SEARCH],
    found: 'svc.cluster.local',
  },
]

test('probes of the end-to-end tests', LIMIT, async t => {
  const port = await startProbed(t)
  for (const program of ['dig', 'kdig'] as const) {
    await t.test(program, { skip: without(program) }, t => probe(t, program, port))
  }
  await t.test('search lists', { skip: without('dig') }, t => searchLists(t, port))
})

const startProbed = async (t: TestContext): Promise<number> => {
  const upstream = await fakeUpstream(({ bytes, reply }) => {
    const isThere = show(bytes).question === 'www.example.org. IN A'
    reply(isThere ? { answer: ['www.example.org. 300 IN A 192.0.2.80'] } : { rcode: 'NXDOMAIN' })
  })
  t.after(() => upstream.close())
  const { port } = await startCluster(t, {
    corefile: port => `.:${port} {
  bind 127.0.0.1 ::1
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    fallthrough in-addr.arpa ip6.arpa
  }
  forward . 127.0.0.1:${upstream.port}
}
`,
  })
  return port
}

const probe = async (t: TestContext, program: 'dig' | 'kdig', port: number): Promise<void> => {
  const ways = [
    ['@127.0.0.1', '+notcp'],
    ['@::1', '+tcp'],
  ]
  for (const { title, name, type = 'A', answer } of PROBES) {
    await t.test(`${title}: ${name} ${type}`, async () => {
      const all = await Promise.all(
        ways.map(way => told(program, [...way, '-p', `${port}`, name, type])),
      )
      for (const one of all) assert.deepEqual(one, { status: 'NOERROR', answer })
    })
  }
  for (const { address, names } of REVERSE) {
    await t.test(`-x ${address}`, async () => {
      const { status, answer } = await told(program, ['@127.0.0.1', '-p', `${port}`, '-x', address])
      assert.equal(status, names.length === 0 ? 'NXDOMAIN' : 'NOERROR')
      assert.deepEqual(
        answer.map(record => record.split(' ').slice(1).join(' ')),
        names.map(name => `5 IN PTR ${name}`),
      )
    })
  }
}

const searchLists = async (t: TestContext, port: number): Promise<void> => {
  const at = ['@127.0.0.1', '-p', `${port}`]
  for (const { name, type = 'A', tries, rdata } of PARTIAL) {
    await t.test(`${name} ${type}`, async () => {
      const all = await Promise.all(
        [...SEARCH, ''].map(domain => told('dig', [...at, `${name}.${domain}`, type])),
      )
      assert.deepEqual(all.slice(0, tries), Array(tries).fill({ status: 'NXDOMAIN', answer: [] }))
      const full = tries < SEARCH.length ? `${name}.${SEARCH[tries]}.` : `${name}.`
      const ttl = tries < SEARCH.length ? 5 : 300
      assert.deepEqual(all[tries], { status: 'NOERROR', answer: [`${full} ${ttl} IN ${rdata}`] })
    })
  }
  for (const domain of SEARCH.slice(0, 2)) {
    await t.test(`dig's own search: svc1 in ${domain}`, async () => {
      const name = domain === SEARCH[0] ? 'svc1' : 'svc1.testns'
      const { answer } = await told('dig', [
        ...at,
        '+search',
        '+ndots=5',
        `+domain=${domain}`,
        name,
        'A',
      ])
      assert.deepEqual(answer, ['svc1.testns.svc.cluster.local. 5 IN A 10.96.0.100'])
    })
  }
  for (const { title, search, found } of ODD_LISTS) {
    await t.test(`svc1.testns, a list with ${title}`, async () => {
      const all = await Promise.all(
        search.map(domain => told('dig', [...at, `svc1.testns.${domain}`, 'A'])),
      )
      const first = all.findIndex(({ answer }) => answer.length > 0)
      assert.equal(search[first], found)
      for (const { status } of all.slice(0, first)) assert.equal(status, 'NXDOMAIN')
    })
  }
}

test('a Corefile with hosts alone, as the test of resolv.conf mounts it', LIMIT, async t => {
  const { port } = await startServer(
    t,
    port =>
      `.:${port} {\n  bind 127.0.0.1\n  hosts {\n    192.0.2.9 notexistname.resolv.conf.local\n  }\n}\n`,
  )
  const [reply] = await askUdp(port, [query('notexistname.resolv.conf.local').bytes])
  assert.deepEqual(show(reply ?? new Uint8Array()).answer, [
    'notexistname.resolv.conf.local. 3600 IN A 192.0.2.9',
  ])
})
