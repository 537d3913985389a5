// What CoreDNS answered over HTTPS, asked of listeners without a certificate: the same lines over
// HTTP/1.1.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertAsRecorded } from './assert-recorded.ts'
import { runScenario } from './run-scenario.ts'
import { type QueryLine, readScenarios, type Scenario } from './scenario.ts'

const scenarios = readScenarios(join(import.meta.dirname, 'scenarios'))
const named = (name: string): Scenario =>
  scenarios.find(each => each.name === name) ?? assert.fail(name)

const inClear = (line: QueryLine): QueryLine => {
  const options = new Map(line.options)
  const method = options.get('https')
  if (method !== undefined) options.set('http', method)
  options.delete('https')
  return { ...line, options }
}

test('https-server, in clear text over HTTP/1.1', async t => {
  const scenario = named('https-server')
  const corefile = scenario.corefile.replace(/^ *tls .*\n/m, '')
  const steps = scenario.steps.map(step =>
    step.kind === 'ask' ? { ...step, line: inClear(step.line) } : step,
  )
  const clear: Scenario = { ...scenario, corefile, steps }
  assertAsRecorded(clear, await runScenario(t, clear))
})
