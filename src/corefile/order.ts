// The directives in the order of the plugin chain: those of CoreDNS in its order, and between them
// the plugins that CoreDNS does not have. plugins/index.ts lists those that shardns implements.
// Plugins from outside are inserted into this order.

import { didYouMean } from './diagnostics/nearest.ts'

export const DIRECTIVES: readonly string[] = [
  'root',
  'metadata',
  'geoip',
  'cancel',
  'proxyproto',
  'quic',
  'grpc_server',
  'https',
  'https3',
  'timeouts',
  'multisocket',
  'reload',
  'nsid',
  'bufsize',
  'bind',
  'debug',
  'trace',
  'ready',
  'health',
  'pprof',
  'shed',
  'prometheus',
  'errors',
  'log',
  'dnstap',
  'local',
  'dns64',
  'any',
  'chaos',
  'loadbalance',
  'tsig',
  'rewrite',
  'autopath',
  'acl',
  'cache',
  'header',
  'dnssec',
  'tls',
  'minimal',
  'template',
  'transfer',
  'hosts',
  'route53',
  'azure',
  'clouddns',
  'k8s_external',
  'kubernetes',
  'file',
  'auto',
  'secondary',
  'etcd',
  'loop',
  'forward',
  'grpc',
  'erratic',
  'whoami',
  'on',
  'sign',
  'view',
  'nomad',
]

/** The first of the plugins that answer. A plugin without a place is inserted before it. */
const FIRST_ANSWER = 'template'

export interface Placed {
  readonly name: string
  /**
   * The directive before which it is inserted: one of those above, or another plugin from outside.
   */
  readonly before?: string | undefined
}

/**
 * The order with the given plugins inserted. One that CoreDNS's order has takes that place, unless
 * it has `before`. Throws an error if the place of one cannot be found.
 */
export const chainOrder = (given: readonly Placed[]): readonly string[] => {
  const moved = new Set(given.filter(({ before }) => before !== undefined).map(({ name }) => name))
  const order = DIRECTIVES.filter(name => !moved.has(name))
  let left = given.filter(({ name }) => !order.includes(name))
  while (left.length > 0) {
    const waiting = left.filter(({ before }) => !order.includes(before ?? FIRST_ANSWER))
    if (waiting.length === left.length) throw nowhere(waiting[0]!, [...order, ...moved])
    for (const one of left)
      if (!waiting.includes(one))
        order.splice(order.indexOf(one.before ?? FIRST_ANSWER), 0, one.name)
    left = waiting
  }
  return order
}

const nowhere = ({ name, before = '' }: Placed, known: readonly string[]): Error => {
  if (known.includes(before)) return new Error(`plugin/${name}: before=${before} leads to itself`)
  const meant = didYouMean(before, known)
  return new Error(
    `plugin/${name}: before=${before} is no directive${meant === undefined ? '' : `: ${meant}`}`,
  )
}
