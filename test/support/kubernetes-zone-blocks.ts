// Server blocks (kubernetes-blocks.ts) that differ in their zones: imported services, topology
// zones, several zones, the root.

import type { OptionBlock } from './kubernetes-blocks.ts'

export const ZONE_BLOCKS: readonly OptionBlock[] = [
  {
    title: 'multicluster: imported services, and none of the own',
    zones: ['clusterset.local.', 'cluster.local.', 'in-addr.arpa.'],
    options: 'multicluster clusterset.local',
    table: `
imported.testns.svc A
  5 A 10.96.0.200
imported.testns.svc AAAA,TXT,CNAME NODATA
_http._tcp.imported.testns.svc SRV
  5 SRV 0 100 80 imported.testns.svc
  + imported.testns.svc 5 A 10.96.0.200
imported-headless.testns.svc A
  5 A 10.245.1.1
far-0.cluster-b.imported-headless.testns.svc A
  5 A 10.245.1.1
FAR-0.Cluster-B.imported-headless.testns.svc.clusterset.LOCAL. A
  5 A 10.245.1.1
_http._tcp.imported-headless.testns.svc SRV
  5 SRV 0 100 80 far-0.cluster-b.imported-headless.testns.svc
  + far-0.cluster-b.imported-headless.testns.svc 5 A 10.245.1.1
far-0.imported-headless.testns.svc A NXDOMAIN
far-0.cluster-c.imported-headless.testns.svc A NXDOMAIN
svc1.testns.svc A NXDOMAIN
web.testns.svc A NXDOMAIN
imported.testns.svc.cluster.local. A NXDOMAIN
svc1.testns.svc.cluster.local. A
  5 A 10.96.0.100
testns.svc A NODATA
missing.svc A NXDOMAIN
@ SOA
  5 SOA ns.dns.clusterset.local. hostmaster.clusterset.local. SERIAL 7200 1800 86400 5
100.0.96.10.in-addr.arpa. PTR
  5 PTR svc1.testns.svc.clusterset.local.`,
  },
  {
    title: 'zonal: endpoints of headless services by zone',
    options: 'zonal',
    table: `
zone-a.pin._zone.web.testns.svc A
  5 A 10.244.3.1
zone-b.prefer._zone.web.testns.svc A
  5 A 10.244.3.2
Zone-A.Pin._zone.web.testns.svc.cluster.local. SRV
  5 SRV 0 100 80 web-0.web.testns.svc
  + web-0.web.testns.svc 5 A 10.244.3.1
rack1.eu.pin._zone.far.testns.svc A
  5 A 10.244.21.1
zone-c.pin._zone.far.testns.svc A
  5 A 10.244.21.2
zone-x.pin._zone.web.testns.svc A,AAAA,SRV,TXT,MX NODATA
zone-x.prefer._zone.web.testns.svc A
  5 A 10.244.3.1
  5 A 10.244.3.2
zone-a.pin._zone.web.testns.svc TXT,AAAA NODATA
zone-a.best._zone.web.testns.svc A NXDOMAIN
pin._zone.web.testns.svc A NXDOMAIN
zone-a.pin._zone.svc1.testns.svc A NXDOMAIN
zone-a.prefer._zone.missing.testns.svc A NXDOMAIN
zone-a.pin._zone.web.missing.svc A NXDOMAIN
zone-a.pin._zone.external.testns.svc A NXDOMAIN
zone-a.pin.zone.web.testns.svc A NXDOMAIN`,
  },
  {
    title: 'several zones: PTR points into the first that is no reverse zone',
    zones: ['example.net.', 'cluster.local.', 'in-addr.arpa.'],
    options: '',
    table: `
svc1.testns.svc A
  5 A 10.96.0.100
svc1.testns.svc.cluster.local. A
  5 A 10.96.0.100
web-0.web.testns.svc SRV
  5 SRV 0 100 80 web-0.web.testns.svc
  + web-0.web.testns.svc 5 A 10.244.3.1
missing.testns.svc A NXDOMAIN
missing.testns.svc.cluster.local. A NXDOMAIN
100.0.96.10.in-addr.arpa. PTR
  5 PTR svc1.testns.svc.example.net.
external-inside.testns.svc A
  5 CNAME svc1.testns.svc.cluster.local.
  svc1.testns.svc.cluster.local. 5 A 10.96.0.100`,
  },
  {
    title: 'the root as zone',
    zones: ['.'],
    options: 'pods insecure',
    table: `
svc1.testns.svc. A
  5 A 10.96.0.100
missing.testns.svc. A NXDOMAIN
svc. A NODATA
10-1-2-3.testns.pod. A
  5 A 10.1.2.3
web-0.web.testns.svc. SRV
  5 SRV 0 100 80 web-0.web.testns.svc.
  + web-0.web.testns.svc. 5 A 10.244.3.1
100.0.96.10.in-addr.arpa. PTR
  5 PTR svc1.testns.svc.`,
  },
]
