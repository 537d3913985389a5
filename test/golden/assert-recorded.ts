// The verdict on a golden case: all as recorded, but for the known differences, each of which must
// still be there.

import assert from 'node:assert/strict'
import type { Part } from './compare.ts'
import { LOGGED, PENDING, WANTED } from './known-differences.ts'
import type { ScenarioRun } from './run-scenario.ts'
import type { Scenario } from './scenario.ts'

const key = (line: number, part: Part): string => `${line} ${part}`

export const assertAsRecorded = (scenario: Scenario, { outcomes, log }: ScenarioRun): void => {
  const known = new Map(
    [...WANTED, ...PENDING]
      .filter(difference => difference.scenario === scenario.name)
      .flatMap(({ lines, parts, reason }) =>
        lines.flatMap(line => parts.map(part => [key(line, part), reason] as const)),
      ),
  )
  const unexpected: string[] = []
  for (const { line, differences } of outcomes)
    for (const { part, recorded, received } of differences)
      if (!known.delete(key(line.number, part)))
        unexpected.push(
          `line ${line.number}: ${line.text}\n${part}, recorded:\n  ${recorded}\nreceived:\n  ${received}`,
        )
  assert.equal(unexpected.join('\n\n'), '', 'differs from CoreDNS')
  assert.deepEqual(Object.fromEntries(known), {}, 'known differences that are gone')
  const others = LOGGED.filter(each => each.scenario === scenario.name)
  assert.deepEqual(
    [...log, ...others.flatMap(({ recorded }) => recorded)].sort(),
    [...scenario.log, ...others.flatMap(({ received }) => received)].sort(),
  )
}
