// Every type on every kind of name of a cluster, and names in mixed case, as tables
// (kubernetes-cases.ts). The objects are those of cluster.yaml.

/** Types that a cluster has no records of: an address look-up tells NODATA from NXDOMAIN. */
const OTHERS = 'MX,HTTPS,SVCB,ANY,HINFO,DS,CAA,NAPTR,DNSKEY,TYPE65280'

export const TYPES = `
# the zone
@ A,AAAA,CNAME,SRV,PTR,NS,${OTHERS} NODATA
@ TXT NXDOMAIN
@ SOA
  5 SOA ns.dns.cluster.local. hostmaster.cluster.local. SERIAL 7200 1800 86400 5
@ AXFR,IXFR REFUSED
# branches
svc A,AAAA,CNAME,SRV,PTR,NS,SOA,${OTHERS} NODATA
pod A,AAAA,CNAME,SRV,PTR,NS,SOA,${OTHERS} NODATA
svc TXT NXDOMAIN
pod TXT NXDOMAIN
# namespaces
testns.svc A,AAAA,CNAME,SRV,PTR,NS,SOA,${OTHERS} NODATA
testns.pod A,AAAA,CNAME,SRV,PTR,NS,SOA,${OTHERS} NODATA
empty.svc A,SRV,MX NODATA
testns.svc TXT NXDOMAIN
testns.pod TXT NXDOMAIN
missing.svc A,AAAA,CNAME,SRV,PTR,NS,TXT,${OTHERS} NXDOMAIN
missing.pod A,AAAA,CNAME,SRV,PTR,NS,TXT,${OTHERS} NXDOMAIN
missing.svc SOA NODATA
# a service
svc1.testns.svc A
  5 A 10.96.0.100
svc1.testns.svc SRV
  5 SRV 0 100 80 svc1.testns.svc
  + svc1.testns.svc 5 A 10.96.0.100
svc1.testns.svc AAAA,CNAME,PTR,TXT,NS,SOA,${OTHERS} NODATA
svc1.testns.svc AXFR,IXFR REFUSED
web.testns.svc AAAA,CNAME,PTR,TXT,NS,SOA,${OTHERS} NODATA
missing.testns.svc A,AAAA,CNAME,SRV,PTR,TXT,NS,${OTHERS} NXDOMAIN
missing.testns.svc SOA NODATA
# a port
_http._tcp.svc1.testns.svc AAAA,CNAME,PTR,TXT,NS,SOA,${OTHERS} NODATA
_http._tcp.web.testns.svc AAAA,CNAME,PTR,TXT,NS,SOA,${OTHERS} NODATA
_smtp._tcp.web.testns.svc A,AAAA,CNAME,SRV,PTR,TXT,NS,${OTHERS} NXDOMAIN
# an endpoint
web-0.web.testns.svc AAAA,CNAME,PTR,TXT,NS,SOA,${OTHERS} NODATA
_http.web.testns.svc A,AAAA,CNAME,SRV,PTR,TXT,NS,${OTHERS} NXDOMAIN
# a pod
192-0-2-77.testns.pod AAAA,CNAME,PTR,TXT,NS,SOA,${OTHERS} NODATA
192-0-2-77.testns.pod SRV
  5 SRV 0 100 0 192-0-2-77.testns.pod
  + 192-0-2-77.testns.pod 5 A 192.0.2.77
web-0.testns.pod A,AAAA,CNAME,SRV,PTR,TXT,NS,${OTHERS} NXDOMAIN
web-0.testns.pod SOA NODATA
# the name server, which has no address that others can reach
ns.dns A,AAAA,MX NODATA
dns A,MX NXDOMAIN
# reverse names
in-addr.arpa. A,AAAA,CNAME,SRV,NS,${OTHERS} NODATA
in-addr.arpa. TXT NXDOMAIN
in-addr.arpa. SOA
  5 SOA ns.dns.in-addr.arpa. hostmaster.in-addr.arpa. SERIAL 7200 1800 86400 5
1.0.96.10.in-addr.arpa. A,AAAA,CNAME,SRV,TXT,NS,${OTHERS} NXDOMAIN
1.0.96.10.in-addr.arpa. SOA NODATA
1.0.96.10.in-addr.arpa. AXFR REFUSED
ip6.arpa. A,MX,HTTPS NODATA
# nonsense
nonsense A,AAAA,CNAME,SRV,PTR,TXT,NS,${OTHERS} NXDOMAIN
nonsense SOA NODATA
a.b.svc1.testns.srv A,SRV,MX NXDOMAIN
a._http._tcp.svc1.testns.svc A,AAAA,CNAME,SRV,PTR,TXT,NS,${OTHERS} NXDOMAIN
zone-a.pin._zone.web.testns.svc A,SRV,MX NXDOMAIN
a.b.c.d.e.f.g.h.web.testns.svc A,MX NXDOMAIN
x.dns-version TXT NXDOMAIN
dns-version A,AAAA,MX NXDOMAIN
`

/** Owners are as they were asked; of targets the zone is. */
export const MIXED_CASE = `
SVC1.TestNS.Svc.Cluster.LOCAL. A
  5 A 10.96.0.100
Svc1.testns.svc.cluster.local. AAAA NODATA
Missing.TESTNS.svc.CLUSTER.local. A NXDOMAIN
_HTTP._Tcp.WEB.testns.SVC.Cluster.Local. SRV
  5 SRV 0 50 80 web-0.web.testns.svc.Cluster.Local.
  5 SRV 0 50 80 web-1.web.testns.svc.Cluster.Local.
  + web-0.web.testns.svc.Cluster.Local. 5 A 10.244.3.1
  + web-1.web.testns.svc.Cluster.Local. 5 A 10.244.3.2
WEB-0.web.TESTNS.svc.cluster.local. A
  5 A 10.244.3.1
FD00-10-244--1-4.Dual-Stack.testns.svc.cluster.local. AAAA
  5 AAAA fd00:10:244::1:4
2001-DB8--A.testns.POD.cluster.local. AAAA
  5 AAAA 2001:db8::a
DNS-Version.CLUSTER.local. TXT
  28800 TXT "1.1.0"
CLUSTER.local. SOA
  5 SOA ns.dns.CLUSTER.local. hostmaster.CLUSTER.local. SERIAL 7200 1800 86400 5
CLUSTER.local. NS NODATA
External.testns.svc.cluster.LOCAL. CNAME
  5 CNAME www.example.org.
External-Inside.TestNS.svc.CLUSTER.local. A
  5 CNAME svc1.testns.svc.cluster.local.
  svc1.testns.svc.cluster.local. 5 A 10.96.0.100
1.0.96.10.IN-ADDR.Arpa. PTR
  5 PTR kubernetes.default.svc.cluster.local.
1.0.0.0.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.4.2.0.0.1.0.0.0.0.D.F.IP6.ARPA. PTR
  5 PTR dual-0.headless-dual.testns.svc.cluster.local.
`
