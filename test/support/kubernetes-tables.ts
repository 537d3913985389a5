// The Kubernetes DNS specification 1.1.0 row by row, as a table (kubernetes-cases.ts). The objects
// are those of cluster.yaml and of MORE_OBJECTS.

/** One service of each shape that cluster.yaml lacks. */
export const MORE_OBJECTS = `
{kind: Service, metadata: {name: multi, namespace: testns}, spec: {clusterIP: None, ports: [{name: http, port: 80}, {name: admin, port: 81}]}}
---
kind: EndpointSlice
metadata: {name: multi-a, namespace: testns, labels: {kubernetes.io/service-name: multi}}
addressType: IPv4
endpoints:
  - {addresses: [10.244.20.1], hostname: one}
  - {addresses: [10.244.20.2], hostname: two}
  - {addresses: [10.244.20.3], hostname: two}
ports: [{name: http, port: 80}, {name: admin, port: 81}]
---
{kind: Service, metadata: {name: multi-too, namespace: another}, spec: {clusterIP: None, ports: [{name: http, port: 80}]}}
---
kind: EndpointSlice
metadata: {name: multi-too-a, namespace: another, labels: {kubernetes.io/service-name: multi-too}}
addressType: IPv4
endpoints: [{addresses: [10.244.20.1]}]
ports: [{name: http, port: 80}]
---
{kind: Service, metadata: {name: to-inside, namespace: testns}, spec: {type: ExternalName, externalName: external-inside.testns.svc.cluster.local}}
---
{kind: Service, metadata: {name: to-outside, namespace: testns}, spec: {type: ExternalName, externalName: external.testns.svc.cluster.local}}
---
{kind: Service, metadata: {name: to-nowhere, namespace: testns}, spec: {type: ExternalName, externalName: gone.example.org}}
---
{kind: Service, metadata: {name: loop-a, namespace: testns}, spec: {type: ExternalName, externalName: loop-b.testns.svc.cluster.local}}
---
{kind: Service, metadata: {name: loop-b, namespace: testns}, spec: {type: ExternalName, externalName: loop-a.testns.svc.cluster.local}}
`

export const SPECIFICATION = `
# 2.2 schema version
dns-version TXT
  28800 TXT "1.1.0"
# 2.3.1 cluster addresses, each family its own
kubernetes.default.svc A
  5 A 10.96.0.1
kubernetes.default.svc AAAA NODATA
dual-stack.testns.svc A
  5 A 10.96.0.102
dual-stack.testns.svc AAAA
  5 AAAA fd00:10:96::102
ipv6-only.testns.svc AAAA
  5 AAAA fd00:10:96::103
ipv6-only.testns.svc A NODATA
none-ready.testns.svc A
  5 A 10.96.0.105
1st-digit.testns.svc A
  5 A 10.96.0.106
external-ips.testns.svc A
  5 A 10.96.0.107
# 2.3.2 SRV of cluster addresses
_https._tcp.kubernetes.default.svc SRV
  5 SRV 0 100 443 kubernetes.default.svc
  + kubernetes.default.svc 5 A 10.96.0.1
_dns._udp.kube-dns.kube-system.svc SRV
  5 SRV 0 100 53 kube-dns.kube-system.svc
  + kube-dns.kube-system.svc 5 A 10.96.0.10
kube-dns.kube-system.svc SRV
  5 SRV 0 33 53 kube-dns.kube-system.svc
  5 SRV 0 33 9153 kube-dns.kube-system.svc
  + kube-dns.kube-system.svc 5 A 10.96.0.10
_http._tcp.dual-stack.testns.svc SRV
  5 SRV 0 50 80 dual-stack.testns.svc
  + dual-stack.testns.svc 5 A 10.96.0.102
  + dual-stack.testns.svc 5 AAAA fd00:10:96::102
unnamed-port.testns.svc SRV
  5 SRV 0 100 8443 unnamed-port.testns.svc
  + unnamed-port.testns.svc 5 A 10.96.0.101
_http._tcp.unnamed-port.testns.svc SRV,A NXDOMAIN
_http._udp.svc1.testns.svc SRV,A NXDOMAIN
_https._tcp.svc1.testns.svc SRV,A NXDOMAIN
# the port is asked of addresses too, underscores are not
_http._tcp.svc1.testns.svc A
  5 A 10.96.0.100
http.tcp.svc1.testns.svc SRV
  5 SRV 0 100 80 svc1.testns.svc
  + svc1.testns.svc 5 A 10.96.0.100
# 2.3.3 PTR of cluster addresses
1.0.96.10.in-addr.arpa. PTR
  5 PTR kubernetes.default.svc
2.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR
  5 PTR dual-stack.testns.svc
# an IPv4 address in IPv6's clothes is the same address
1.0.0.0.0.6.a.0.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa. PTR
  5 PTR kubernetes.default.svc
7.100.51.198.in-addr.arpa. PTR NXDOMAIN
# 2.4.1 headless: the ready endpoints
web.testns.svc A
  5 A 10.244.3.1
  5 A 10.244.3.2
web.testns.svc AAAA NODATA
headless-dual.testns.svc A
  5 A 10.244.5.1
headless-dual.testns.svc AAAA
  5 AAAA fd00:10:244::5:1
published.testns.svc A
  5 A 10.244.8.1
ready-forms.testns.svc A
  5 A 10.244.9.1
  5 A 10.244.9.2
  5 A 10.244.9.4
headless-unready.testns.svc A,AAAA,SRV NXDOMAIN
web-0.web.testns.svc A
  5 A 10.244.3.1
two.multi.testns.svc A
  5 A 10.244.20.2
  5 A 10.244.20.3
dual-0.headless-dual.testns.svc AAAA
  5 AAAA fd00:10:244::5:1
10-244-4-1.headless.testns.svc A
  5 A 10.244.4.1
10-244-1-1.svc1.testns.svc A
  5 A 10.244.1.1
fd00-10-244--1-4.dual-stack.testns.svc AAAA
  5 AAAA fd00:10:244::1:4
10-244-6-1.headless-unready.testns.svc A NXDOMAIN
web-2.web.testns.svc A NXDOMAIN
is-false.ready-forms.testns.svc A NXDOMAIN
orphan.testns.svc A NXDOMAIN
orphan-0.orphan.testns.svc A NXDOMAIN
# 2.4.2 SRV of headless services: endpoints by ports
_http._tcp.web.testns.svc SRV
  5 SRV 0 50 80 web-0.web.testns.svc
  5 SRV 0 50 80 web-1.web.testns.svc
  + web-0.web.testns.svc 5 A 10.244.3.1
  + web-1.web.testns.svc 5 A 10.244.3.2
multi.testns.svc SRV
  5 SRV 0 16 80 one.multi.testns.svc
  5 SRV 0 16 81 one.multi.testns.svc
  5 SRV 0 16 80 two.multi.testns.svc
  5 SRV 0 16 81 two.multi.testns.svc
  + one.multi.testns.svc 5 A 10.244.20.1
  + two.multi.testns.svc 5 A 10.244.20.2
  + two.multi.testns.svc 5 A 10.244.20.3
_admin._tcp.multi.testns.svc SRV
  5 SRV 0 33 81 one.multi.testns.svc
  5 SRV 0 33 81 two.multi.testns.svc
  + one.multi.testns.svc 5 A 10.244.20.1
  + two.multi.testns.svc 5 A 10.244.20.2
  + two.multi.testns.svc 5 A 10.244.20.3
_sip._udp.two-protocols.testns.svc SRV
  5 SRV 0 100 5060 sip-0.two-protocols.testns.svc
  + sip-0.two-protocols.testns.svc 5 A 10.244.7.1
web-0.web.testns.svc SRV
  5 SRV 0 100 80 web-0.web.testns.svc
  + web-0.web.testns.svc 5 A 10.244.3.1
headless-unnamed-port.testns.svc SRV
  5 SRV 0 100 1234 10-244-10-2.headless-unnamed-port.testns.svc
  + 10-244-10-2.headless-unnamed-port.testns.svc 5 A 10.244.10.2
portless.testns.svc A
  5 A 10.244.10.1
portless.testns.svc SRV NODATA
# 2.4.3 PTR of endpoints: a name for each service
1.3.244.10.in-addr.arpa. PTR
  5 PTR web-0.web.testns.svc
1.20.244.10.in-addr.arpa. PTR
  5 PTR one.multi.testns.svc
  5 PTR 10-244-20-1.multi-too.another.svc
1.1.244.10.in-addr.arpa. PTR
  5 PTR 10-244-1-1.svc1.testns.svc
1.0.0.0.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.4.2.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR
  5 PTR dual-0.headless-dual.testns.svc
1.6.244.10.in-addr.arpa. PTR NXDOMAIN
1.0.113.203.in-addr.arpa. PTR NXDOMAIN
0.96.10.in-addr.arpa. PTR NXDOMAIN
in-addr.arpa. PTR NODATA
# 2.5 ExternalName: www.example.org is the upstream's
external.testns.svc CNAME
  5 CNAME www.example.org.
external.testns.svc A
  5 CNAME www.example.org.
  www.example.org. 300 A 192.0.2.80
external.testns.svc AAAA
  5 CNAME www.example.org.
  www.example.org. 300 AAAA 2001:db8::80
external-dot.testns.svc CNAME
  5 CNAME www.example.net.
external-inside.testns.svc A
  5 CNAME svc1.testns.svc
  svc1.testns.svc 5 A 10.96.0.100
external-inside.testns.svc AAAA NODATA
to-inside.testns.svc A
  5 CNAME external-inside.testns.svc
  external-inside.testns.svc 5 CNAME svc1.testns.svc
  svc1.testns.svc 5 A 10.96.0.100
to-outside.testns.svc A
  5 CNAME external.testns.svc
  external.testns.svc 5 CNAME www.example.org.
  www.example.org. 300 A 192.0.2.80
to-nowhere.testns.svc A,AAAA
  5 CNAME gone.example.org.
external-circle.testns.svc CNAME
  5 CNAME external-circle.testns.svc
external-circle.testns.svc A,AAAA NODATA
loop-a.testns.svc A,AAAA NODATA
external-missing.testns.svc A NODATA
external-address.testns.svc A,CNAME,SRV,TXT NXDOMAIN
external.testns.svc SRV,TXT,MX,HTTPS,ANY NODATA
_http._tcp.external.testns.svc A,SRV,CNAME NXDOMAIN
a.external.testns.svc A,SRV,CNAME NXDOMAIN
# 2.6 of 1.0: pods, whatever their address is (pods insecure)
10-244-0-2.kube-system.pod A
  5 A 10.244.0.2
192-0-2-77.testns.pod A
  5 A 192.0.2.77
192-0-2-77.testns.pod AAAA NODATA
2001-db8--7.testns.pod AAAA
  5 AAAA 2001:db8::7
2001-db8--7.testns.pod A NODATA
192-0-2-77.missing.pod A NXDOMAIN
192-0-2-256.testns.pod A NXDOMAIN
web-0.testns.pod A NXDOMAIN
a.b.192-0-2-77.testns.pod A
  5 A 192.0.2.77
a.b.c.192-0-2-77.testns.pod A NXDOMAIN
`
