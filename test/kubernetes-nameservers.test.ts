// NS records of a cluster's zones, which depend on the addresses that the server answers at:
// without sockets, since those of loopback do not count.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { control } from '../src/plugins/kubernetes/control.ts'
import { options as table } from '../src/plugins/kubernetes/options.ts'
import { serve } from '../src/plugins/kubernetes/serve.ts'
import { fakeControl, fakeServe } from './fakes/fake-scopes.ts'
import { fixtureManifests } from './fakes/kube-api/manifests.ts'
import { fakeCluster } from './support/cluster-records.ts'
import { directive } from './support/directive-text.ts'
import { shown } from './support/kubernetes-cases.ts'
import { query } from './support/messages.ts'

interface Case {
  readonly rule: string
  /** Addresses that the server is bound to. */
  readonly own: readonly string[]
  readonly question: string
  readonly answer: readonly string[]
  readonly additional?: readonly string[]
}

const NS = 'cluster.local. 5 IN NS'
const WEB = 'web.testns.svc.cluster.local.'

const CASES: readonly Case[] = [
  {
    rule: 'the service whose endpoint the server is',
    own: ['10.244.0.2', '127.0.0.1'],
    question: 'cluster.local.',
    answer: [`${NS} kube-dns.kube-system.svc.cluster.local.`],
    additional: ['kube-dns.kube-system.svc.cluster.local. 5 IN A 10.96.0.10'],
  },
  {
    rule: 'of a service with two families one name with two addresses, however many of its endpoints the server is',
    own: ['10.244.1.4', 'fd00:10:244::1:4'],
    question: 'cluster.local.',
    answer: [`${NS} dual-stack.testns.svc.cluster.local.`],
    additional: [
      'dual-stack.testns.svc.cluster.local. 5 IN A 10.96.0.102',
      'dual-stack.testns.svc.cluster.local. 5 IN AAAA fd00:10:96::102',
    ],
  },
  {
    rule: 'of a headless service every endpoint',
    own: ['10.244.3.1'],
    question: 'cluster.local.',
    answer: [`${NS} web-0.${WEB}`, `${NS} web-1.${WEB}`],
    additional: [`web-0.${WEB} 5 IN A 10.244.3.1`, `web-1.${WEB} 5 IN A 10.244.3.2`],
  },
  {
    rule: "of no endpoint: ns.dns at the server's own addresses",
    own: ['192.0.2.53', '2001:db8::53', '::1'],
    question: 'cluster.local.',
    answer: [`${NS} ns.dns.cluster.local.`],
    additional: [
      'ns.dns.cluster.local. 5 IN A 192.0.2.53',
      'ns.dns.cluster.local. 5 IN AAAA 2001:db8::53',
    ],
  },
  {
    rule: "the name server's own address",
    own: ['192.0.2.53', '2001:db8::53'],
    question: 'ns.dns.cluster.local. AAAA',
    answer: ['ns.dns.cluster.local. 5 IN AAAA 2001:db8::53'],
  },
  {
    rule: "the name server's address is its service's",
    own: ['10.244.0.2'],
    question: 'ns.dns.cluster.local. A',
    answer: ['ns.dns.cluster.local. 5 IN A 10.96.0.10'],
  },
  {
    rule: 'nothing but loopback: none',
    own: ['127.0.0.1', '::1'],
    question: 'cluster.local.',
    answer: [],
  },
  { rule: 'below the zone: none', own: ['10.244.0.2'], question: 'svc.cluster.local.', answer: [] },
  {
    rule: 'the zone in mixed case is a name like others',
    own: ['10.244.0.2'],
    question: 'Cluster.local.',
    answer: [],
  },
  {
    rule: 'of a reverse zone: names in that zone',
    own: ['192.0.2.53'],
    question: 'in-addr.arpa.',
    answer: ['in-addr.arpa. 5 IN NS ns.dns.in-addr.arpa.'],
    additional: ['ns.dns.in-addr.arpa. 5 IN A 192.0.2.53'],
  },
]

const TEXT = 'kubernetes cluster.local in-addr.arpa'

for (const { rule, own, question, answer, additional = [] } of CASES) {
  test(`NS: ${rule}`, async () => {
    const scope = fakeControl({ settings: { bindAddresses: own } })
    const source = await fakeCluster(scope, TEXT, fixtureManifests('cluster.yaml'))
    const options = table.parse(directive(TEXT))
    const shared = await control(options, scope)
    const stage = serve(options, fakeServe({ control: scope }), shared)
    const [name = '', type = 'NS'] = question.split(' ')
    const reply = await stage.wrap(() => assert.fail('passed on'))(query(name, type))
    const { authority, ...told } = shown(reply?.bytes ?? new Uint8Array())
    assert.deepEqual(told, {
      rcode: 'NOERROR',
      flags: 'qr aa rd',
      question: `${name} IN ${type}`,
      answer,
      additional,
    })
    assert.equal(authority.length, answer.length === 0 ? 1 : 0)
    source.dispose()
  })
}
