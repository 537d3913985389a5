// The shard half of example: the answer.

import { answer } from '../../../src/chain/answer/answer.ts'
import type { ServeScope } from '../../../src/chain/plugin/serve-scope.ts'
import type { Stage } from '../../../src/chain/stage/handler.ts'
import { rdataA } from '../../../src/wire/rdata.ts'
import { TYPE_A } from '../../../src/wire/rrtypes.ts'
import { ZoneIndex } from '../../../src/wire/zone-index.ts'
import type { ExampleShared } from './control.ts'
import type { ExampleOptions } from './options.ts'

export const serve = (
  { address, zones, ttlSeconds, isLogged }: ExampleOptions,
  { block, counters, log }: ServeScope,
  { answers }: ExampleShared,
): Stage => {
  const rdata = rdataA(address)
  const index = ZoneIndex.fromText(zones)
  const servers = new Map(block.listeners.map((listener, place) => [listener.index, place]))
  return {
    concerns: ({ name, qtype }) => qtype === TYPE_A && index.holds(name),
    wrap: () => query => {
      const { name, wire: owner } = query.question
      if (isLogged) log.info(`answers ${name}`)
      counters.add(answers.base + (servers.get(query.listener.index) ?? 0) * answers.step)
      return answer(query, { aa: true, answers: [{ owner, type: TYPE_A, ttlSeconds, rdata }] })
    },
  }
}
