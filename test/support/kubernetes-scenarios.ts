// Changes to the cluster of cluster.yaml, for a server with `pods verified`, `fallthrough` of
// reverse zones and an upstream that calls every address outside.example.org., www.example.org
// 192.0.2.80 and www.example.net 192.0.2.81.

import type { Scenario } from './kubernetes-steps.ts'

const service = (name: string, spec: string): string =>
  `{kind: Service, metadata: {name: ${name}, namespace: testns}, spec: {${spec}}}\n`
const HTTP = 'ports: [{name: http, port: 80}]'
const slice = (
  name: string,
  endpoints: string,
): string => `{kind: EndpointSlice, addressType: IPv4, ${HTTP},
  metadata: {name: ${name}-a, namespace: testns, labels: {kubernetes.io/service-name: ${name}}}, endpoints: [${endpoints}]}\n`

const pod = (phase: string, podIP: string): string =>
  `{kind: Pod, metadata: {name: runner, namespace: testns}, status: {phase: ${phase}, podIP: ${podIP}}}`

const imported = (spec: string): string =>
  `{kind: ServiceImport, metadata: {name: far, namespace: testns}, spec: {${spec}, ${HTTP}}}\n`
const importedSlice = (
  address: string,
): string => `{kind: EndpointSlice, addressType: IPv4, ${HTTP},
  metadata: {name: far-a, namespace: testns, labels: {multicluster.kubernetes.io/service-name: far,
    multicluster.kubernetes.io/source-cluster: cluster-b}}, endpoints: [{addresses: [${address}], hostname: one}]}\n`

const OUTSIDE = 'outside.example.org.'
const SHOP = 'shop.testns.svc.cluster.local.'
const SRV = `0 100 80 ${SHOP}`

export const SCENARIOS: readonly Scenario[] = [
  {
    title: 'a service with a cluster address',
    questions: [
      'shop.testns.svc.cluster.local. A',
      'shop.testns.svc.cluster.local. AAAA',
      '_http._tcp.shop.testns.svc.cluster.local. SRV',
      'shop.testns.svc.cluster.local. MX',
      '250.0.96.10.in-addr.arpa. PTR',
      '251.0.96.10.in-addr.arpa. PTR',
      // 10.96.0.250 once more, as an IPv6 address.
      'a.f.0.0.0.6.a.0.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa. PTR',
    ],
    steps: [
      {
        title: 'is not there',
        answers: ['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN', OUTSIDE, OUTSIDE, OUTSIDE],
      },
      {
        title: 'is created',
        apply: service('shop', `clusterIP: 10.96.0.250, ${HTTP}`),
        answers: ['10.96.0.250', 'NODATA', SRV, 'NODATA', SHOP, OUTSIDE, SHOP],
      },
      {
        title: 'gets another address',
        apply: service('shop', `clusterIP: 10.96.0.251, ${HTTP}`),
        answers: ['10.96.0.251', 'NODATA', SRV, 'NODATA', OUTSIDE, SHOP, OUTSIDE],
      },
      {
        title: 'gets a second family, and has its port called otherwise',
        apply: service(
          'shop',
          `clusterIPs: [10.96.0.251, 'fd00:10:96::251'], ipFamilyPolicy: RequireDualStack, ports: [{name: web, port: 80}]`,
        ),
        answers: ['10.96.0.251', 'fd00:10:96::251', 'NXDOMAIN', 'NODATA', OUTSIDE, SHOP, OUTSIDE],
      },
      {
        title: 'is deleted',
        remove: ['Service', 'testns', 'shop'],
        answers: ['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN', OUTSIDE, OUTSIDE, OUTSIDE],
      },
      {
        title: 'is created again',
        apply: service('shop', `clusterIP: 10.96.0.250, ${HTTP}`),
        answers: ['10.96.0.250', 'NODATA', SRV, 'NODATA', SHOP, OUTSIDE, SHOP],
      },
    ],
  },
  {
    title: 'endpoints of a headless service',
    questions: [
      'crowd.testns.svc.cluster.local. A',
      'one.crowd.testns.svc.cluster.local. A',
      '10-244-30-2.crowd.testns.svc.cluster.local. A',
      '1.30.244.10.in-addr.arpa. PTR',
      'crowd.testns.svc.cluster.local. TXT',
    ],
    steps: [
      {
        title: 'none',
        apply: service('crowd', `clusterIP: None, ${HTTP}`),
        answers: ['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN', OUTSIDE, 'NXDOMAIN'],
      },
      {
        title: 'the first',
        apply: slice('crowd', '{addresses: [10.244.30.1], hostname: one}'),
        answers: [
          '10.244.30.1',
          '10.244.30.1',
          'NXDOMAIN',
          'one.crowd.testns.svc.cluster.local.',
          'NODATA',
        ],
      },
      {
        title: 'a second',
        apply: slice(
          'crowd',
          '{addresses: [10.244.30.1], hostname: one}, {addresses: [10.244.30.2]}',
        ),
        answers: [
          '10.244.30.1, 10.244.30.2',
          '10.244.30.1',
          '10.244.30.2',
          'one.crowd.testns.svc.cluster.local.',
          'NODATA',
        ],
      },
      {
        title: 'the first is not ready any more',
        apply: slice(
          'crowd',
          '{addresses: [10.244.30.1], hostname: one, conditions: {ready: false}}, {addresses: [10.244.30.2]}',
        ),
        answers: ['10.244.30.2', 'NXDOMAIN', '10.244.30.2', OUTSIDE, 'NODATA'],
      },
      {
        title: 'their slice is deleted',
        remove: ['EndpointSlice', 'testns', 'crowd-a'],
        answers: ['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN', OUTSIDE, 'NXDOMAIN'],
      },
      {
        title: 'the first again, by another name',
        apply: slice('crowd', '{addresses: [10.244.30.1], hostname: uno}'),
        answers: [
          '10.244.30.1',
          'NXDOMAIN',
          'NXDOMAIN',
          'uno.crowd.testns.svc.cluster.local.',
          'NODATA',
        ],
      },
    ],
  },
  {
    title: 'ExternalName',
    questions: [
      'moved.testns.svc.cluster.local. CNAME',
      'moved.testns.svc.cluster.local. A',
      'behind.testns.svc.cluster.local. A',
      'goal.testns.svc.cluster.local. A',
    ],
    steps: [
      {
        title: 'of a name outside',
        apply: service('moved', 'type: ExternalName, externalName: www.example.org'),
        answers: ['www.example.org.', '192.0.2.80, www.example.org.', 'NXDOMAIN', 'NXDOMAIN'],
      },
      {
        title: 'of another one',
        apply: service('moved', 'type: ExternalName, externalName: www.example.net'),
        answers: ['www.example.net.', '192.0.2.81, www.example.net.', 'NXDOMAIN', 'NXDOMAIN'],
      },
      {
        title: 'of a service that is not there, with one more before it',
        apply: `${service('moved', 'type: ExternalName, externalName: goal.testns.svc.cluster.local')}---
${service('behind', 'type: ExternalName, externalName: moved.testns.svc.cluster.local')}`,
        answers: ['goal.testns.svc.cluster.local.', 'NODATA', 'NODATA', 'NXDOMAIN'],
      },
      {
        title: 'the service comes',
        apply: service('goal', `clusterIP: 10.96.0.240, ${HTTP}`),
        answers: [
          'goal.testns.svc.cluster.local.',
          '10.96.0.240, goal.testns.svc.cluster.local.',
          '10.96.0.240, goal.testns.svc.cluster.local., moved.testns.svc.cluster.local.',
          '10.96.0.240',
        ],
      },
      {
        title: 'the service moves',
        apply: service('goal', `clusterIP: 10.96.0.241, ${HTTP}`),
        answers: [
          'goal.testns.svc.cluster.local.',
          '10.96.0.241, goal.testns.svc.cluster.local.',
          '10.96.0.241, goal.testns.svc.cluster.local., moved.testns.svc.cluster.local.',
          '10.96.0.241',
        ],
      },
      {
        title: 'it becomes a service with a cluster address itself',
        apply: service('moved', `type: ClusterIP, clusterIP: 10.96.0.242, ${HTTP}`),
        answers: [
          'NODATA',
          '10.96.0.242',
          '10.96.0.242, moved.testns.svc.cluster.local.',
          '10.96.0.241',
        ],
      },
    ],
  },
  {
    title: 'pods',
    questions: [
      '10-244-40-1.testns.pod.cluster.local. A',
      '10-244-40-2.testns.pod.cluster.local. A',
      '10-244-40-1.testns.pod.clusterset.local. A',
    ],
    steps: [
      { title: 'none', answers: ['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN'] },
      {
        title: 'one runs',
        apply: pod('Running', '10.244.40.1'),
        answers: ['10.244.40.1', 'NXDOMAIN', '10.244.40.1'],
      },
      {
        title: 'it has another address',
        apply: pod('Running', '10.244.40.2'),
        answers: ['NXDOMAIN', '10.244.40.2', 'NXDOMAIN'],
      },
      {
        title: 'it is over',
        apply: pod('Succeeded', '10.244.40.2'),
        answers: ['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN'],
      },
      {
        title: 'it runs again',
        apply: pod('Running', '10.244.40.1'),
        answers: ['10.244.40.1', 'NXDOMAIN', '10.244.40.1'],
      },
      {
        title: 'it is deleted',
        remove: ['Pod', 'testns', 'runner'],
        answers: ['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN'],
      },
    ],
  },
  {
    title: 'imported services',
    questions: [
      'far.testns.svc.clusterset.local. A',
      'far.testns.svc.cluster.local. A',
      'one.cluster-b.far.testns.svc.clusterset.local. A',
    ],
    steps: [
      { title: 'none', answers: ['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN'] },
      {
        title: 'one address',
        apply: imported('type: ClusterSetIP, ips: [10.97.0.1]'),
        answers: ['10.97.0.1', 'NXDOMAIN', 'NXDOMAIN'],
      },
      {
        title: 'another',
        apply: imported('type: ClusterSetIP, ips: [10.97.0.2]'),
        answers: ['10.97.0.2', 'NXDOMAIN', 'NXDOMAIN'],
      },
      {
        title: 'endpoints instead',
        apply: `${imported('type: Headless')}---\n${importedSlice('10.245.2.1')}`,
        answers: ['10.245.2.1', 'NXDOMAIN', '10.245.2.1'],
      },
      {
        title: 'other endpoints',
        apply: importedSlice('10.245.2.2'),
        answers: ['10.245.2.2', 'NXDOMAIN', '10.245.2.2'],
      },
      {
        title: 'none again',
        remove: ['ServiceImport', 'testns', 'far'],
        answers: ['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN'],
      },
    ],
  },
]

/** Apart from the others: a namespace that comes or goes makes the cache forget everything. */
export const NAMESPACES: readonly Scenario[] = [
  {
    title: 'namespaces',
    questions: [
      'lone.fresh.svc.cluster.local. A',
      'fresh.svc.cluster.local. A',
      'fresh.pod.cluster.local. A',
    ],
    steps: [
      { title: 'none', answers: ['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN'] },
      {
        title: 'comes with a service',
        apply: `{kind: Service, metadata: {name: lone, namespace: fresh}, spec: {clusterIP: 10.96.0.230, ${HTTP}}}`,
        answers: ['10.96.0.230', 'NODATA', 'NODATA'],
      },
      {
        title: 'goes',
        remove: ['Namespace', '', 'fresh'],
        answers: ['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN'],
      },
    ],
  },
]
