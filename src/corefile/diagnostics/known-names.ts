// Names in Corefiles that are no directive or option of today's CoreDNS: external plugins, retired
// directives and options, and options that were written outside of their plugin's block.

/** External plugins, each with the nearest equivalent in CoreDNS, if there is one. */
export const EXTERNAL_PLUGINS: ReadonlyMap<string, string> = new Map([
  ['alternate', `'next' in forward does the same`],
  ['fanout', `forward with 'policy' and 'max_fails' comes near`],
  ['fallback', `'next' in forward does the same`],
  ['dnsredir', 'forward comes near, one for each zone'],
  ['alias', ''],
  ['rrl', ''],
  ['k8s_gateway', ''],
  ['kubernetai', 'a server block takes one kubernetes; give each cluster its own block'],
  ['blocker', `hosts, with 0.0.0.0 for what is blocked, comes near`],
  ['blocklist', `hosts, with 0.0.0.0 for what is blocked, comes near`],
  ['filterlist', `hosts, with 0.0.0.0 for what is blocked, comes near`],
  ['ads', `hosts, with 0.0.0.0 for what is blocked, comes near`],
  ['ipin', ''],
  ['unbound', 'CoreDNS does not recurse: forward to a resolver that does'],
  ['recursor', 'CoreDNS does not recurse: forward to a resolver that does'],
  ...[
    'amazondns',
    'ipset',
    'dgadetect',
    'demo',
    'docker',
    'drove',
    'dump',
    'example',
    'finalize',
    'firewall',
    'git',
    'gslb',
    'idetcd',
    'ipecho',
    'k8s_dns_chaos',
    'k8s_event',
    'lighthouse',
    'mdns',
    'meship',
    'meshname',
    'multicluster',
    'mysql',
    'netbox',
    'nodecache',
    'kuadrant',
    'ocp_dnsnameresolver',
    'omada',
    'pdsql',
    'ratelimit',
    'records',
    'redis',
    'redisc',
    'sqlite',
    'tailscale',
    'vcluster',
    'warnlist',
    'wgsd',
    'ztnet',
  ].map(name => [name, ''] as const),
])

/** Directives that CoreDNS no longer has. */
export const RETIRED_DIRECTIVES: ReadonlyMap<string, string> = new Map([
  ['proxy', `since 1.5 CoreDNS has no proxy: use forward, as in forward . /etc/resolv.conf`],
  ['federation', 'since 1.7 CoreDNS has no federation'],
  ['reverse', 'CoreDNS has no reverse any more: template answers made-up names'],
  ['startup', `CoreDNS has no startup any more: 'on startup' does the same`],
  ['shutdown', `CoreDNS has no shutdown any more: 'on shutdown' does the same`],
])

const TRANSFER = 'transfers are a directive of their own now: transfer ZONE { to ADDRESS }'

/** `DIRECTIVE OPTION`, of options that CoreDNS no longer has. */
export const RETIRED_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['kubernetes resyncperiod', 'resyncperiod was retired in CoreDNS 1.7: leave it out'],
  ['kubernetes transfer', TRANSFER],
  [
    'kubernetes cidrs',
    'cidrs was retired: name the reverse zones behind kubernetes, in CIDR notation if you like',
  ],
  ['file transfer', TRANSFER],
  ['file upstream', 'upstream was retired: leave it out'],
  ['file no_reload', `no_reload was retired: write 'reload 0'`],
  ['auto transfer', TRANSFER],
  ['auto upstream', 'upstream was retired: leave it out'],
  ['auto no_reload', `no_reload was retired: write 'reload 0'`],
  [
    'secondary transfer',
    `use 'transfer from' alone here; to whom zones go is said by the directive transfer`,
  ],
  ['secondary upstream', 'upstream was retired: leave it out'],
  ['template upstream', 'upstream was retired: leave it out'],
  ['etcd upstream', 'upstream was retired: leave it out'],
  [
    'forward spray',
    `'spray' was an option of proxy: forward tries a random upstream when none is healthy`,
  ],
  [
    'forward protocol',
    `'protocol' was an option of proxy: write 'force_tcp', or tls:// before the address`,
  ],
  ['forward fail_timeout', `'fail_timeout' was an option of proxy: 'health_check' has its place`],
])

const OWNED: Readonly<Record<string, readonly string[]>> = {
  acl: ['allow', 'block', 'filter', 'drop', 'net'],
  bind: ['except'],
  cache: [
    'success',
    'denial',
    'prefetch',
    'serve_stale',
    'serve_stale_policy',
    'servfail',
    'disable',
    'keepttl',
  ],
  auto: ['directory'],
  dns64: ['prefix', 'translate_all', 'allow_ipv4'],
  erratic: ['drop', 'truncate', 'delay', 'large'],
  errors: ['consolidate', 'stacktrace', 'stdout'],
  file: ['fallthrough'],
  forward: [
    'except',
    'force_tcp',
    'prefer_udp',
    'expire',
    'max_age',
    'max_idle_conns',
    'read_timeout',
    'max_fails',
    'max_connect_attempts',
    'tls_servername',
    'policy',
    'health_check',
    'max_concurrent',
    'next',
    'next_on_nodata',
    'failfast_all_unhealthy_upstreams',
    'failover',
    'source_address',
    'resolver',
  ],
  health: ['lameduck'],
  hosts: ['no_reverse', 'fallthrough', 'fallthrough_unsupported', 'ttl'],
  k8s_external: ['apex', 'ttl', 'headless', 'fallthrough'],
  kubernetes: [
    'endpoint',
    'kubeconfig',
    'apiserver_qps',
    'apiserver_burst',
    'apiserver_max_inflight',
    'namespaces',
    'namespace_labels',
    'labels',
    'pods',
    'endpoint_pod_names',
    'ttl',
    'noendpoints',
    'fallthrough',
    'ignore',
    'multicluster',
    'zonal',
    'startup_timeout',
  ],
  loadbalance: ['round_robin', 'prefer', 'weighted'],
  log: ['class'],
  ready: ['monitor'],
  template: ['match', 'answer', 'additional', 'authority', 'rcode', 'ederror', 'fallthrough'],
  timeouts: ['read', 'write', 'idle', 'maxtcpqueries'],
}

/** `a`, `a and b`, `a, b and c`. (Intl.ListFormat loads its data for 8 ms.) */
const listText = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), names.at(-1)].filter(Boolean).join(' and ')

/**
 * Maps an option to the directives that have it, as text for a sentence: `cache`, `hosts and
 * kubernetes`.
 */
export const OPTION_OWNERS: ReadonlyMap<string, string> = (() => {
  const owners = new Map<string, string[]>()
  for (const [directive, options] of Object.entries(OWNED)) {
    for (const option of options) owners.set(option, [...(owners.get(option) ?? []), directive])
  }
  return new Map([...owners].map(([option, names]) => [option, listText(names)]))
})()
