// Every plugin, in the order of the chain, which is CoreDNS's (corefile/order.ts). A directive of
// CoreDNS that is not here is refused by name.

import type { AnyPlugin } from '../chain/plugin.ts'
import { DIRECTIVES } from '../corefile/order.ts'
import { acl } from './acl/index.ts'
import { any } from './any/index.ts'
import { bind } from './bind/index.ts'
import { bufsize } from './bufsize/index.ts'
import { cache } from './cache/index.ts'
import { debug } from './debug/index.ts'
import { errors } from './errors/index.ts'
import { forward } from './forward/index.ts'
import { health } from './health/index.ts'
import { hosts } from './hosts/index.ts'
import { kubernetes } from './kubernetes/index.ts'
import { loadbalance } from './loadbalance/index.ts'
import { log } from './log/index.ts'
import { loop } from './loop/index.ts'
import { prometheus } from './prometheus/index.ts'
import { ready } from './ready/index.ts'
import { reload } from './reload/index.ts'
import { root } from './root/index.ts'
import { timeouts } from './timeouts/index.ts'
import { whoami } from './whoami/index.ts'

export const PLUGINS: readonly AnyPlugin[] = [
  root,
  timeouts,
  reload,
  bufsize,
  bind,
  debug,
  ready,
  health,
  prometheus,
  errors,
  log,
  any,
  loadbalance,
  acl,
  cache,
  hosts,
  kubernetes,
  loop,
  forward,
  whoami,
]

const BY_NAME: ReadonlyMap<string, AnyPlugin> = new Map(
  PLUGINS.map(plugin => [plugin.name, plugin]),
)

export const findPlugin = (name: string): AnyPlugin | undefined => BY_NAME.get(name)

/** What each directive that CoreDNS knows and shardns does not yet is refused with. */
export const UNSUPPORTED: ReadonlyMap<string, string> = new Map(
  DIRECTIVES.filter(name => !BY_NAME.has(name)).map(name => [
    name,
    `directive '${name}' is known to CoreDNS but not supported by shardns yet`,
  ]),
)
