// The shard half of forward: links the `forward`s of a block into one chain link each, and keeps
// their connections tidy.

import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Handler, Stage } from '../../chain/stage/handler.ts'
import { threadSockets } from '../../upstream/socket-allowance.ts'
import type { ForwardShared } from './control.ts'
import { Forwarder } from './forwarder.ts'
import type { ForwardOptions } from './options.ts'

const SWEEP_INTERVAL_MS = 10_000

export const serve = (
  options: readonly ForwardOptions[],
  scope: ServeScope,
  shared: ForwardShared,
): Stage => {
  threadSockets.limit = shared.socketsPerShard
  const forwarders = shared.instances.map(
    (instance, index) => new Forwarder(options[index]!, instance, scope),
  )
  const sweeper = setInterval(() => {
    for (const forwarder of forwarders) forwarder.sweep()
  }, SWEEP_INTERVAL_MS)
  sweeper.unref()
  scope.onRetire(() => {
    clearInterval(sweeper)
    for (const forwarder of forwarders) forwarder.close()
  })
  return { wrap: next => link(forwarders, next) }
}

/**
 * The first `forward` whose FROM covers the name answers; the others come into play through `next`
 * only.
 */
const link = (forwarders: readonly Forwarder[], next: Handler): Handler => {
  return forwarders.reduceRight<Handler>((following, forwarder, index) => {
    const others = forwarders.slice(index + 1)
    return query => {
      if (!forwarder.matches(query)) return following(query)
      return forwarder.answer(
        query,
        others.some(other => other.matches(query)) ? following : undefined,
      )
    }
  }, next)
}
