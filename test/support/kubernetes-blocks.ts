// Server blocks for tests of the options of kubernetes: what stands in the directive, and a table
// (kubernetes-cases.ts) of what it changes. The objects are those of cluster.yaml and of
// OPTION_OBJECTS.

import type { TableSetting } from './kubernetes-cases.ts'

export interface OptionBlock extends TableSetting {
  readonly title: string
  /** Lines of the directive's block. */
  readonly options: string
  readonly table: string
}

export const OPTION_OBJECTS = `
{kind: Service, metadata: {name: far, namespace: testns}, spec: {clusterIP: None, ports: [{name: http, port: 80}]}}
---
kind: EndpointSlice
metadata: {name: far-a, namespace: testns, labels: {kubernetes.io/service-name: far}}
addressType: IPv4
endpoints:
  - {addresses: [10.244.21.1], hostname: far-0, zone: rack1.eu, targetRef: {kind: Pod, name: far-pod-0, namespace: testns}}
  - {addresses: [10.244.21.2], hostname: far-1, zone: Zone-C}
ports: [{name: http, port: 80}]
`

export const OPTION_BLOCKS: readonly OptionBlock[] = [
  {
    title: 'namespaces, given twice: others do not exist, and have no PTR',
    options: 'namespaces testns\n namespaces default',
    table: `
svc1.testns.svc A
  5 A 10.96.0.100
kubernetes.default.svc A
  5 A 10.96.0.1
svc1.another.svc A,SRV,TXT NXDOMAIN
another.svc A NXDOMAIN
1.0.96.10.in-addr.arpa. PTR
  5 PTR kubernetes.default.svc
110.0.96.10.in-addr.arpa. PTR NXDOMAIN
1.2.244.10.in-addr.arpa. PTR NXDOMAIN`,
  },
  {
    title: 'namespace_labels',
    options: 'namespace_labels environment in (test, stage)',
    table: `
svc1.testns.svc A
  5 A 10.96.0.100
testns.svc A NODATA
svc1.another.svc A NXDOMAIN
kubernetes.default.svc A NXDOMAIN
100.0.96.10.in-addr.arpa. PTR
  5 PTR svc1.testns.svc
110.0.96.10.in-addr.arpa. PTR NXDOMAIN`,
  },
  {
    title: 'labels: of services and of slices',
    options: 'labels app=svc1',
    table: `
svc1.testns.svc A
  5 A 10.96.0.100
svc1.another.svc A
  5 A 10.96.0.110
10-244-1-1.svc1.testns.svc A NXDOMAIN
web.testns.svc A NXDOMAIN
kubernetes.default.svc A NXDOMAIN
1.0.96.10.in-addr.arpa. PTR NXDOMAIN
default.svc A NODATA`,
  },
  {
    title: 'pods disabled',
    options: 'pods disabled',
    table: `
10-244-3-1.testns.pod A,SRV,TXT NXDOMAIN
testns.pod A NXDOMAIN
pod A NODATA`,
  },
  {
    title: 'pods verified: only running pods, by their first address, in their namespace',
    options: 'pods verified',
    table: `
10-244-3-1.testns.pod A
  5 A 10.244.3.1
fd00-10-244--1-5.testns.pod AAAA
  5 AAAA fd00:10:244::1:5
10-244-3-1.testns.pod AAAA,TXT,MX NODATA
10-244-3-9.testns.pod A NXDOMAIN
10-244-3-1.another.pod A NXDOMAIN
10-244-12-1.testns.pod A NXDOMAIN
10-244-12-2.testns.pod A NXDOMAIN
10-244-12-3.testns.pod A NXDOMAIN
fd00-10-244--5-1.testns.pod AAAA NXDOMAIN
testns.pod A NODATA`,
  },
  {
    title: 'endpoint_pod_names: host name, else pod, else address',
    options: 'endpoint_pod_names',
    table: `
headless-6b7f-x.headless.testns.svc A
  5 A 10.244.4.1
10-244-4-1.headless.testns.svc A NXDOMAIN
10-244-4-2.headless.testns.svc A
  5 A 10.244.4.2
far-0.far.testns.svc A
  5 A 10.244.21.1
far-pod-0.far.testns.svc A NXDOMAIN
coredns-7c65d6cfc9-4qk8z.kube-dns.kube-system.svc A
  5 A 10.244.0.2
1.4.244.10.in-addr.arpa. PTR
  5 PTR headless-6b7f-x.headless.testns.svc`,
  },
  {
    title: 'ttl 0',
    options: 'ttl 0',
    ttl: 0,
    table: `
svc1.testns.svc A
  0 A 10.96.0.100
svc1.testns.svc AAAA NODATA
missing.testns.svc A NXDOMAIN
100.0.96.10.in-addr.arpa. PTR
  0 PTR svc1.testns.svc
dns-version TXT
  28800 TXT "1.1.0"`,
  },
  {
    title: 'ttl 30',
    options: 'ttl 30',
    ttl: 30,
    table: `
svc1.testns.svc A
  30 A 10.96.0.100
web-0.web.testns.svc SRV
  30 SRV 0 100 80 web-0.web.testns.svc
  + web-0.web.testns.svc 30 A 10.244.3.1
external.testns.svc CNAME
  30 CNAME www.example.org.
missing.testns.svc A,SRV NXDOMAIN`,
  },
  {
    title: 'ttl 3600: the SOA has 300 at most',
    options: 'ttl 3600',
    ttl: 3600,
    table: `
svc1.testns.svc A
  3600 A 10.96.0.100
svc1.testns.svc AAAA,MX NODATA
@ SOA
  300 SOA ns.dns.cluster.local. hostmaster.cluster.local. SERIAL 7200 1800 86400 3600`,
  },
  {
    title: 'noendpoints',
    options: 'noendpoints',
    table: `
svc1.testns.svc A
  5 A 10.96.0.100
10-244-1-1.svc1.testns.svc A NXDOMAIN
web.testns.svc A,SRV,TXT NXDOMAIN
web-0.web.testns.svc A NXDOMAIN
100.0.96.10.in-addr.arpa. PTR
  5 PTR svc1.testns.svc
1.3.244.10.in-addr.arpa. PTR NXDOMAIN`,
  },
  {
    title: 'ignore empty_service: of services with a cluster address',
    options: 'ignore empty_service',
    table: `
svc1.testns.svc A
  5 A 10.96.0.100
no-endpoints.testns.svc A,AAAA,SRV,TXT,MX NXDOMAIN
none-ready.testns.svc A,AAAA,SRV,TXT,MX NXDOMAIN
_http._tcp.none-ready.testns.svc A,SRV NXDOMAIN
external.testns.svc CNAME
  5 CNAME www.example.org.
105.0.96.10.in-addr.arpa. PTR
  5 PTR none-ready.testns.svc`,
  },
  {
    title: "fallthrough: names that do not exist are the next plugin's, NODATA is not",
    options: 'fallthrough',
    table: `
missing.testns.svc A
  60 A 192.0.2.99
nonsense A
  60 A 192.0.2.99
a.b.c.d.e.svc A
  60 A 192.0.2.99
110.100.96.10.in-addr.arpa. PTR
  60 PTR outside.example.org.
100.0.96.10.in-addr.arpa. PTR
  5 PTR svc1.testns.svc
svc1.testns.svc AAAA NODATA
missing.testns.svc SOA NODATA
testns.svc A NODATA`,
  },
  {
    title: 'fallthrough with zones',
    options: 'fallthrough ip6.arpa another.svc.cluster.local',
    table: `
missing.another.svc A
  60 A 192.0.2.99
x.y.Missing.ANOTHER.svc.cluster.local. A
  60 A 192.0.2.99
svc1.another.svc A
  5 A 10.96.0.110
missing.testns.svc A NXDOMAIN
110.100.96.10.in-addr.arpa. PTR NXDOMAIN
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR
  60 PTR outside.example.org.`,
  },
]
