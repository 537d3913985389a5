import assert from 'node:assert/strict'
import { test } from 'node:test'
import { options, parseError } from '../../../test/support/plugin-harness.ts'
import { loadbalance } from './index.ts'
import type { LoadbalanceOptions } from './options.ts'

const weighted = (file: string, reloadMs = 30_000): LoadbalanceOptions => ({
  weighted: { file, reloadMs },
  prefer: [],
})
const prefer = (...subnets: string[]): LoadbalanceOptions => ({
  weighted: undefined,
  prefer: subnets,
})

const cases: { text: string; expected: LoadbalanceOptions }[] = [
  { text: 'loadbalance', expected: prefer() },
  { text: 'loadbalance {\n}', expected: prefer() },
  { text: 'loadbalance round_robin', expected: prefer() },
  {
    text: 'loadbalance round_robin {\nprefer 192.0.2.0/24 2001:db8::/32\nprefer 198.51.100.1/32\n}',
    expected: prefer('192.0.2.0/24', '2001:db8::/32', '198.51.100.1/32'),
  },
  { text: 'loadbalance {\nprefer 192.0.2.0/24\n}', expected: prefer('192.0.2.0/24') },
  { text: 'loadbalance weighted weights', expected: weighted('weights') },
  { text: 'loadbalance weighted weights {\nreload 0s\n}', expected: weighted('weights', 0) },
  { text: 'loadbalance weighted /w {\nreload 1m30s\n}', expected: weighted('/w', 90_000) },
  { text: 'loadbalance weighted w\nloadbalance', expected: prefer() },
  {
    text: 'loadbalance {\nprefer 192.0.2.0/24\n}\nloadbalance weighted w',
    expected: weighted('w'),
  },
]

for (const c of cases) {
  test(`loadbalance options: ${JSON.stringify(c.text)}`, () =>
    assert.deepEqual(options(loadbalance, c.text), c.expected))
}

const at = (line: number, text: string): string =>
  `Corefile:${line} - Error during parsing: ${text}`

const errors: { text: string; message: string }[] = [
  { text: 'loadbalance fair', message: 'unknown policy: fair' },
  { text: 'loadbalance round_robin fair', message: at(2, 'unknown property for round_robin') },
  { text: 'loadbalance weighted', message: at(2, 'missing weight file argument') },
  { text: 'loadbalance weighted a b', message: at(2, 'unexpected argument(s)') },
  { text: 'loadbalance weighted a {\nbogus\n}', message: at(3, "unknown property 'bogus'") },
  {
    text: 'loadbalance weighted a {\nprefer 192.0.2.0/24\n}',
    message: at(3, "unknown property 'prefer'"),
  },
  {
    text: 'loadbalance weighted a {\nreload\n}',
    message: at(3, 'reload duration value is missing'),
  },
  { text: 'loadbalance weighted a {\nreload 1s 2s\n}', message: at(3, 'unexpected argument') },
  {
    text: 'loadbalance weighted a {\nreload often\n}',
    message: at(3, "invalid reload duration 'often'"),
  },
  {
    text: 'loadbalance weighted a {\nreload -1s\n}',
    message: at(3, "invalid reload duration '-1s'"),
  },
  { text: 'loadbalance {\nbogus\n}', message: at(3, "unknown property 'bogus'") },
  {
    text: 'loadbalance {\nprefer 192.0.2.0/33\n}',
    message: at(3, 'invalid CIDR "192.0.2.0/33": invalid CIDR address: 192.0.2.0/33'),
  },
]

for (const c of errors) {
  test(`loadbalance error: ${JSON.stringify(c.text)}`, () =>
    assert.equal(parseError(loadbalance, c.text), c.message))
}
