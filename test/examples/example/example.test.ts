// The tests that docs/built-in-plugins.md shows, run.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chain,
  counterValue,
  options,
  parseError,
  query,
  replyTo,
  show,
} from '../../support/plugin-harness.ts'
import { example } from './index.ts'

const errors = [
  {
    name: 'no address',
    text: 'example',
    message:
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'example'",
  },
  {
    name: 'a name',
    text: 'example a.test',
    message: "Corefile:2 - Error during parsing: 'a.test' is no IPv4 address",
  },
]
for (const { name, text, message } of errors)
  test(`example refuses: ${name}`, () => assert.equal(parseError(example, text), message))

test('example reads its options', () =>
  assert.deepEqual(options(example, 'example 192.0.2.7 {\nlog\n}', 'example.org'), {
    address: '192.0.2.7',
    zones: ['example.org.'],
    ttlSeconds: 60,
    isLogged: true,
  }))

test('example answers A queries of its zones, and counts them', async () => {
  const { handle, control, serve, retire } = await chain(example, 'example 192.0.2.7 org', {
    next: asked => replyTo(asked, { rcode: 'REFUSED' }),
  })
  const reply = await handle(query('www.example.org.', 'A', { do: true, client: '198.51.100.7' }))
  assert.deepEqual(show(reply).answer, ['www.example.org. 60 IN A 192.0.2.7'])
  assert.equal(show(await handle(query('www.example.org.', 'MX'))).rcode, 'REFUSED')
  assert.equal(counterValue(control, serve.row, 'coredns_example_answers_total'), 1)
  await retire()
})
