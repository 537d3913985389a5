// Answers that the real CoreDNS gave, asked of shardns. README.md says what is compared;
// known-differences.ts, where the two differ.

import { join } from 'node:path'
import { suite, test } from 'node:test'
import { assertAsRecorded } from './assert-recorded.ts'
import { runScenario, whySkipped } from './run-scenario.ts'
import { readScenarios } from './scenario.ts'

suite('golden', { concurrency: 2 }, async () => {
  for (const scenario of readScenarios(join(import.meta.dirname, 'scenarios')))
    test(scenario.name, { skip: await whySkipped(scenario) }, async t => {
      assertAsRecorded(scenario, await runScenario(t, scenario))
    })
})
