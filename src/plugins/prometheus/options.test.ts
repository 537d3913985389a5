import assert from 'node:assert/strict'
import { test } from 'node:test'
import { options, parseError } from '../../../test/support/plugin-harness.ts'
import { prometheus } from './index.ts'

const DEFAULTS = { address: 'localhost:9153', runtimeMetrics: false, tls: '' }
const accepted = [
  { text: 'prometheus', expected: DEFAULTS },
  { text: 'prometheus :9253', expected: { ...DEFAULTS, address: ':9253' } },
  {
    text: 'prometheus {\nruntime_metrics\n}',
    expected: { ...DEFAULTS, runtimeMetrics: true },
  },
  { text: 'prometheus {\ntls web.yml\n}', expected: { ...DEFAULTS, tls: 'web.yml' } },
]
for (const c of accepted)
  test(`parse: ${JSON.stringify(c.text)}`, () =>
    assert.deepEqual(options(prometheus, c.text), c.expected))

const AT = (line: number) => `Corefile:${line} - Error during parsing: `

const refused = [
  { text: 'prometheus\nprometheus', message: 'this plugin can only be used once per Server Block' },
  { text: 'prometheus bla', message: 'address bla: missing port in address' },
  {
    text: 'prometheus :1 :2',
    message: `${AT(2)}Wrong argument count or unexpected line ending after ':2'`,
  },
  { text: 'prometheus {\nbogus\n}', message: `${AT(3)}unknown option: bogus` },
  {
    text: 'prometheus {\nruntime_metrics x\n}',
    message: `${AT(3)}Wrong argument count or unexpected line ending after 'x'`,
  },
  {
    text: 'prometheus {\ntls\n}',
    message: `${AT(3)}Wrong argument count or unexpected line ending after 'tls'`,
  },
  {
    text: 'prometheus {\ntls a.yml b.yml\n}',
    message: `${AT(3)}Wrong argument count or unexpected line ending after 'b.yml'`,
  },
  {
    text: 'prometheus {\ntls a.yml\ntls a.yml\n}',
    message: `${AT(4)}tls block already specified`,
  },
]
for (const c of refused)
  test(`parse refuses: ${JSON.stringify(c.text)}`, () =>
    assert.equal(parseError(prometheus, c.text), c.message))
