// Where shardns answers otherwise than CoreDNS did, line by line. A line that does not differ any
// more fails the test: then it goes from here.

import type { Part } from './compare.ts'

export interface KnownDifference {
  readonly scenario: string
  /** Numbers of lines in `queries`. */
  readonly lines: readonly number[]
  readonly parts: readonly Part[]
  readonly reason: string
}

const OWN_CASE =
  'what the cache holds is answered in the letters of this question, not in those of whoever asked first'
const NO_SERVICE_NAME =
  'an endpoint whose slice names no service has no name: NXDOMAIN, where CoreDNS cannot pack its answer and is silent'
const NO_SUCH_SERVICE =
  'an endpoint of a service that does not exist has no name: CoreDNS gives one that does not resolve'
const FQDN = 'EndpointSlices of type FQDN are left out: the service has no endpoints'
const NOT_IMPORTED =
  'an imported slice that does not say its cluster is left out: CoreDNS makes an empty label of it'
const HIDDEN = 'the namespace is hidden, and so are the names of its addresses'
const SERVER_NAME = 'the name has address records, so that it exists for every other type'
const MIXED_SERVER_NAME = 'the name is the same in any letters'
const BEHIND_DNS64 =
  'the question of *dns64* comes back as it was asked: CoreDNS gives the client the rewritten one, without the answer'
const UNSYNCED =
  'what the cluster will say is not known yet: nobody else is asked, though the zone falls through'
const IMPORT_WITHOUT_PORTS = 'a ServiceImport without ports has addresses all the same'
const IMPORT_WITHOUT_IPS = 'a ServiceImport without addresses exists for all types'

const UPPER_ORIGIN =
  'a zone whose file has letters in upper case in its name is served: CoreDNS refers to the zone itself'
const ROOT_WILDCARD =
  'a wildcard of the root zone is one (RFC 4592): CoreDNS looks for a name with two dots at its end'
const ALL_SIGNATURES =
  'the signatures of the apex are all shown: CoreDNS keeps those of SOA and NS elsewhere, and leaves them out'
const DNS64_BEFORE_REWRITE =
  'dns64 asks for A of the name that the client has asked for, and answers its question; CoreDNS goes on with what rewrite has made of it, and the client gets the answer to a question of others'

const NOT_ECHOED =
  'options of the client that nobody handles do not come back (RFC 6891 section 6.1.2); later versions of CoreDNS send none either'

const REFUSED_ONCE =
  'the REFUSED that *template* makes is the answer: CoreDNS sends a bare one behind it, which is what clients get over HTTPS and gRPC'

/** These are as they should be. */
export const WANTED: readonly KnownDifference[] = [
  {
    scenario: 'auto-basic',
    lines: [15, 17],
    parts: ['flags', 'answer', 'additional'],
    reason: UPPER_ORIGIN,
  },
  {
    scenario: 'auto-basic',
    lines: [16, 18],
    parts: ['flags', 'authority', 'additional'],
    reason: UPPER_ORIGIN,
  },
  { scenario: 'cache-flags', lines: [49, 50, 51, 52, 53, 54], parts: ['opt'], reason: NOT_ECHOED },
  {
    scenario: 'edns-hosts',
    lines: [41, 42, 45, 46, 49, 50, 53, 54, 57, 58, 61, 62, 77, 78, 81, 82],
    parts: ['opt'],
    reason: NOT_ECHOED,
  },
  {
    scenario: 'file-dname',
    lines: [64],
    parts: ['rcode', 'flags'],
    reason:
      'a DNAME that makes too long a name is YXDOMAIN (RFC 6672 section 2.2): CoreDNS cannot pack its CNAME, and says NXDOMAIN with TC',
  },
  { scenario: 'file-signed', lines: [7], parts: ['answer'], reason: ALL_SIGNATURES },
  {
    scenario: 'file-signed',
    lines: [48],
    parts: ['flags', 'answer', 'authority'],
    reason: ALL_SIGNATURES,
  },
  {
    scenario: 'hosts-file',
    lines: [85, 86, 88, 89, 90, 91, 92, 94, 95, 96, 105, 109],
    parts: ['rcode'],
    reason: ROOT_WILDCARD,
  },
  {
    scenario: 'hosts-file',
    lines: [87, 93],
    parts: ['rcode', 'answer', 'authority'],
    reason: ROOT_WILDCARD,
  },
  {
    scenario: 'erratic-2',
    lines: [10, 11, 14, 16, 17, 18, 19, 24],
    parts: ['flags'],
    reason:
      'one of AMOUNT replies is truncated, as the manual says; later versions of CoreDNS do so, too',
  },
  {
    scenario: 'grpc-server-client',
    lines: [9, 10, 21, 22, 33, 34, 45, 46, 57, 58],
    parts: ['flags'],
    reason: REFUSED_ONCE,
  },
  {
    scenario: 'https-server',
    lines: [11, 12, 25, 26, 39, 40, 53, 54],
    parts: ['flags', 'opt'],
    reason: REFUSED_ONCE,
  },
  {
    scenario: 'https-server',
    lines: [43, 44, 45, 46, 47, 48, 49, 50, 51, 52],
    parts: ['opt'],
    reason: NOT_ECHOED,
  },
  {
    scenario: 'nsid-2',
    lines: [4, 5, 6, 7, 8, 9, 16, 17, 18, 19, 20, 21, 27, 39],
    parts: ['opt'],
    reason: NOT_ECHOED,
  },
  {
    scenario: 'rewrite-and-friends',
    lines: [45, 48],
    parts: ['question', 'opt', 'answer'],
    reason: DNS64_BEFORE_REWRITE,
  },
  {
    scenario: 'rewrite-and-friends',
    lines: [54, 62],
    parts: ['question', 'opt', 'authority'],
    reason: DNS64_BEFORE_REWRITE,
  },
  {
    scenario: 'rewrite-and-friends',
    lines: [57],
    parts: ['question', 'opt'],
    reason: DNS64_BEFORE_REWRITE,
  },
  {
    scenario: 'proxyproto-2',
    lines: [4],
    parts: ['additional'],
    reason:
      'an IPv4 client that a PROXY header names is one over UDP too, as it is over TCP: CoreDNS shows it as IPv4-mapped IPv6',
  },
  { scenario: 'routing', lines: [54], parts: ['opt'], reason: NOT_ECHOED },
  { scenario: 'routing-hosts', lines: [38], parts: ['opt'], reason: NOT_ECHOED },
  {
    scenario: 'cache-flags',
    lines: [68],
    parts: ['flags', 'answer'],
    reason: 'a NOTIFY is not answered with what a QUERY brought',
  },
  { scenario: 'cache-flags', lines: [69, 70], parts: ['answer'], reason: OWN_CASE },
  { scenario: 'external-headless', lines: [127], parts: ['rcode'], reason: FQDN },
  {
    scenario: 'metadata-log',
    lines: [110, 111],
    parts: ['rcode', 'flags', 'authority'],
    reason: MIXED_SERVER_NAME,
  },
  {
    scenario: 'multicluster',
    lines: [22],
    parts: ['rcode', 'answer', 'authority'],
    reason: IMPORT_WITHOUT_PORTS,
  },
  { scenario: 'multicluster', lines: [23, 24, 25], parts: ['rcode'], reason: IMPORT_WITHOUT_PORTS },
  { scenario: 'multicluster', lines: [29], parts: ['rcode'], reason: IMPORT_WITHOUT_IPS },
  { scenario: 'multicluster', lines: [33], parts: ['answer'], reason: NOT_IMPORTED },
  { scenario: 'multicluster', lines: [35, 39], parts: ['reply'], reason: NOT_IMPORTED },
  {
    scenario: 'multicluster',
    lines: [49],
    parts: ['rcode', 'answer', 'authority'],
    reason: NOT_IMPORTED,
  },
  {
    scenario: 'multicluster',
    lines: [67, 68, 69, 70, 134, 135],
    parts: ['reply'],
    reason: NO_SERVICE_NAME,
  },
  { scenario: 'multicluster', lines: [149, 160], parts: ['rcode'], reason: SERVER_NAME },
  { scenario: 'multicluster', lines: [161], parts: ['rcode'], reason: MIXED_SERVER_NAME },
  {
    scenario: 'namespace-labels-ignore-empty',
    lines: [84, 85],
    parts: ['rcode', 'flags', 'authority'],
    reason: FQDN,
  },
  {
    scenario: 'namespace-labels-ignore-empty',
    lines: [88, 164],
    parts: ['rcode', 'flags', 'answer', 'authority'],
    reason: HIDDEN,
  },
  {
    scenario: 'namespace-labels-ignore-empty',
    lines: [165],
    parts: ['reply'],
    reason: NO_SERVICE_NAME,
  },
  { scenario: 'reverse-cidr-ttl0', lines: [28], parts: ['rcode'], reason: SERVER_NAME },
  { scenario: 'reverse-cidr-ttl0', lines: [77], parts: ['rcode'], reason: FQDN },
  {
    scenario: 'not-synced',
    lines: [10, 28, 29, 30, 48],
    parts: ['rcode', 'flags', 'authority'],
    reason: UNSYNCED,
  },
  { scenario: 'seed', lines: [134], parts: ['reply'], reason: NO_SERVICE_NAME },
  {
    scenario: 'verified-pod-names-ttl',
    lines: [112],
    parts: ['answer'],
    reason:
      'a name of a pod with a dot in it stays one label: CoreDNS gives two, and denies that name then',
  },
  {
    scenario: 'verified-pod-names-ttl',
    lines: [161],
    parts: ['rcode', 'answer', 'authority'],
    reason: FQDN,
  },
  {
    scenario: 'verified-pod-names-ttl',
    lines: [210],
    parts: ['rcode', 'answer', 'authority'],
    reason: 'the address of a pod may be spelt with its zeros written out',
  },
  { scenario: 'verified-pod-names-ttl', lines: [288], parts: ['rcode'], reason: MIXED_SERVER_NAME },
  {
    scenario: 'rewrite-and-friends',
    lines: [45, 48],
    parts: ['question', 'opt', 'answer'],
    reason: BEHIND_DNS64,
  },
  {
    scenario: 'rewrite-and-friends',
    lines: [54, 62],
    parts: ['question', 'opt', 'authority'],
    reason: BEHIND_DNS64,
  },
  {
    scenario: 'rewrite-and-friends',
    lines: [57],
    parts: ['question', 'opt'],
    reason: BEHIND_DNS64,
  },
  {
    scenario: 'rewrite-answer-name-value',
    lines: [71, 72],
    parts: ['reply'],
    reason: 'a reply in which a rule has made what is no name is answered SERVFAIL, not dropped',
  },
  {
    scenario: 'rewrite-edns0-local',
    lines: [57, 59, 61, 63, 64, 65, 67, 68, 69, 70],
    parts: ['opt'],
    reason: NOT_ECHOED,
  },
  { scenario: 'zones-nested', lines: [69], parts: ['rcode'], reason: FQDN },
  {
    scenario: 'zones-nested',
    lines: [81],
    parts: ['rcode', 'flags', 'answer', 'authority'],
    reason: NO_SUCH_SERVICE,
  },
]

const NOTHING_READ = 'a Corefile with an error is refused before any folder is looked at'
const OWN_TYPE = 'the target of an alias is asked for by the type of the question only'
const ofNs = (type: string, rcode: string): string =>
  `LOG: ns.dns.cluster.local. ${type} ${rcode} kind=- ns=- svc=- ep=- port=- proto=- cns=- cpod=- app=- team=- err=invalid query name`

/** Lines of the log that stand for others. */
export const LOGGED: readonly {
  readonly scenario: string
  readonly recorded: readonly string[]
  readonly received: readonly string[]
  readonly reason: string
}[] = [
  {
    scenario: 'zonal-log',
    recorded: ['LOG: www.example.org. A SERVFAIL zone=- svc=- ns=- ep=- err=-'],
    received: [],
    reason: OWN_TYPE,
  },
  {
    scenario: 'metadata-log',
    recorded: ['web. A NXDOMAIN', 'www.example.org. A NOERROR'].map(
      asked =>
        `LOG: ${asked} kind=- ns=- svc=- ep=- port=- proto=- cns=- cpod=- app=- team=- err=-`,
    ),
    received: [],
    reason: OWN_TYPE,
  },
  {
    scenario: 'metadata-log',
    recorded: ['AAAA', 'SRV'].map(type => ofNs(type, 'NXDOMAIN')),
    received: ['AAAA', 'SRV'].map(type => ofNs(type, 'NOERROR')),
    reason: MIXED_SERVER_NAME,
  },
]

const OWN_WORDS = 'what is wrong with a zone file is said in our words, with line and column'

/** Corefiles that are refused with another text, and why: what is said instead. */
export const WORDED_OTHERWISE: Readonly<
  Record<string, { readonly text: string; readonly reason: string }>
> = {
  'auto-fallthrough': {
    text: "plugin/auto: Corefile:4 - Error during parsing: unknown property 'fallthrough'\n",
    reason: NOTHING_READ,
  },
  'auto-regexp-bad': {
    text: 'plugin/auto: error parsing regexp: missing closing ): `(`\n',
    reason: NOTHING_READ,
  },
  'auto-regexp-no-group': {
    text: 'plugin/auto: Corefile:3 - Error during parsing: Need at least one sub expression\n',
    reason: NOTHING_READ,
  },
  'auto-regexp-without-template': {
    text: "plugin/auto: Corefile:3 - Error during parsing: Wrong argument count or unexpected line ending after '(.*)'\n",
    reason: NOTHING_READ,
  },
  'file-bad-ttl': {
    text: 'plugin/file: failed to parse file "db.nottl" for origin a.test. with error db.nottl:1:3: the record has no TTL, and none stands before it\n',
    reason: OWN_WORDS,
  },
  'file-bad-type': {
    text: 'plugin/file: failed to parse file "db.type" for origin a.test. with error db.type:3:3: NOPE is neither a TTL, a class nor a record type\n',
    reason: OWN_WORDS,
  },
  'file-include-missing': {
    text: 'plugin/file: failed to parse file "db.include" for origin a.test. with error db.include:3:10: file nosuch cannot be read: open nosuch: no such file or directory\n',
    reason: OWN_WORDS,
  },
}

/** These should go. */
export const PENDING: readonly KnownDifference[] = []
