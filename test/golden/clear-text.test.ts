// What CoreDNS answered over HTTPS and gRPC, asked of listeners without a certificate: the same
// lines over HTTP/1.1, and the calls without the client that the recording has beside them.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertAsRecorded } from './assert-recorded.ts'
import { runScenario } from './run-scenario.ts'
import { type QueryLine, readScenarios, type Scenario } from './scenario.ts'

const scenarios = readScenarios(join(import.meta.dirname, 'scenarios'))
const named = (name: string): Scenario =>
  scenarios.find(each => each.name === name) ?? assert.fail(name)

/** With the lines that pass, as `change` makes them. */
const restricted = (
  scenario: Scenario,
  corefile: string,
  isAsked: (line: QueryLine) => boolean,
  change: (line: QueryLine) => QueryLine = line => line,
): Scenario => {
  const asks = scenario.steps.filter(step => step.kind === 'ask')
  const kept = asks.map(({ line }) => isAsked(line))
  return {
    ...scenario,
    corefile,
    steps: asks
      .filter((_, index) => kept[index])
      .map(({ line }) => ({ kind: 'ask', line: change(line) })),
    recorded: scenario.recorded.filter((_, index) => kept[index]),
  }
}

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
  const clear = restricted(scenario, corefile, () => true, inClear)
  assertAsRecorded(clear, await runScenario(t, clear))
})

test('grpc-server-client, without the client', async t => {
  const scenario = named('grpc-server-client')
  const [server = ''] = scenario.corefile.split(/^(?=\S*:@PORT2@)/m)
  const calls = restricted(scenario, server, ({ options }) => options.has('grpc'))
  assertAsRecorded(calls, await runScenario(t, calls))
})
