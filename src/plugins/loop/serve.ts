// The shard half of loop: counts how often the probe passes by. Once is its way in; the third time
// it has come round twice.

import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { hostPort } from '../../upstream/endpoint.ts'
import { nameFromText, namesEqual } from '../../wire/name.ts'
import { TYPE_HINFO } from '../../wire/rrtypes.ts'
import type { LoopOptions } from './options.ts'
import { type LoopShared, SIGHTINGS, SWITCHED_OFF } from './words.ts'

const SIGHTING_LIMIT = 2
const HELP = 'https://coredns.io/plugins/loop#troubleshooting'

export const serve = (
  _options: LoopOptions,
  scope: ServeScope,
  shared: LoopShared | undefined,
): Stage | undefined => {
  const probe = shared === undefined ? undefined : nameFromText(shared.qname)
  if (shared === undefined || probe === undefined) return undefined
  const { words } = scope
  const { address, qname, word, zone } = shared
  return {
    wrap: next => query => {
      if (query.question.type !== TYPE_HINFO || Atomics.load(words, word + SWITCHED_OFF) === 1)
        return next(query)
      if (
        namesEqual(query.question.folded, probe) &&
        Atomics.add(words, word + SIGHTINGS, 1) + 1 > SIGHTING_LIMIT
      ) {
        const path = `${hostPort(query.client.address, query.client.port)} -> ${address}`
        scope.fatal(
          `Loop (${path}) detected for zone "${zone}", see ${HELP}. Query: "HINFO ${qname}"`,
        )
      }
      return next(query)
    },
  }
}
