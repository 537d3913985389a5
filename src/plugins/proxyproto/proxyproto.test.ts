import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, options, parseError } from '../../../test/support/plugin-harness.ts'
import { ipToText } from '../../base/ip.ts'
import type { ProxyServing } from '../../chain/listening.ts'
import { proxyproto } from './index.ts'

const block = (...lines: string[]): string => `proxyproto {\n${lines.join('\n')}\n}`

type Shown = Omit<ProxyServing, 'allow'> & { readonly allow: readonly string[] }

const shown = (serving: ProxyServing): Shown => ({
  ...serving,
  allow: serving.allow.map(({ bytes, bits }) => `${ipToText(bytes)}/${bits}`),
})

const OPEN = { allow: [], isOpen: true, policy: 'use' } as const

const values: readonly { readonly name: string; readonly text: string; readonly given: Shown }[] = [
  { name: 'nothing: everybody', text: 'proxyproto', given: OPEN },
  { name: 'an empty block', text: 'proxyproto {\n}', given: OPEN },
  {
    name: 'allow: others are ignored',
    text: block('allow 192.0.2.7/24 2001:db8::/32', 'allow ::1/128'),
    given: { allow: ['192.0.2.0/24', '2001:db8::/32', '::1/128'], isOpen: false, policy: 'ignore' },
  },
  { name: 'allow without words', text: block('allow'), given: OPEN },
  ...(['use', 'ignore', 'reject', 'skip'] as const).map(policy => ({
    name: `default ${policy} for everybody`,
    text: block(`default ${policy.toUpperCase()}`),
    given: { ...OPEN, policy },
  })),
  {
    name: 'the last default counts',
    text: block('allow 192.0.2.0/24', 'default use', 'default Reject'),
    given: { allow: ['192.0.2.0/24'], isOpen: false, policy: 'reject' },
  },
  {
    name: 'sessions',
    text: block('udp_session_tracking 1m30s'),
    given: { ...OPEN, sessions: { ttlMs: 90_000, most: 10_240 } },
  },
  {
    name: 'sessions, so many',
    text: block('udp_session_tracking 10s 7'),
    given: { ...OPEN, sessions: { ttlMs: 10_000, most: 7 } },
  },
  { name: 'no sessions', text: block('udp_session_tracking 0'), given: OPEN },
  { name: 'no sessions either', text: block('udp_session_tracking -1s'), given: OPEN },
  {
    name: 'occurrences add up',
    text: `${block('allow 192.0.2.0/24')}\n${block('default skip')}`,
    given: { allow: ['192.0.2.0/24'], isOpen: false, policy: 'skip' },
  },
]
for (const c of values)
  test(`parse: ${c.name}`, () => assert.deepEqual(shown(options(proxyproto, c.text)), c.given))

const at = (line: number, text: string): string =>
  `Corefile:${line} - Error during parsing: ${text}`
const count = (line: number, word: string): string =>
  at(line, `Wrong argument count or unexpected line ending after '${word}'`)

const errors = [
  { name: 'an argument', text: 'proxyproto x', message: count(2, 'x') },
  { name: 'an unknown option', text: block('nope'), message: at(3, "unknown option 'nope'") },
  {
    name: 'what is no prefix',
    text: block('allow 192.0.2.0/24 nope'),
    message: 'nope: invalid CIDR address: nope',
  },
  {
    name: 'an address without a prefix',
    text: block('allow 192.0.2.1'),
    message: '192.0.2.1: invalid CIDR address: 192.0.2.1',
  },
  { name: 'no default', text: block('default'), message: count(3, 'default') },
  { name: 'two defaults', text: block('default use skip'), message: count(3, 'skip') },
  { name: 'a default that is none', text: block('default always'), message: count(3, 'always') },
  {
    name: 'tracking without a time',
    text: block('udp_session_tracking'),
    message: count(3, 'udp_session_tracking'),
  },
  {
    name: 'tracking with three words',
    text: block('udp_session_tracking 1s 2 3'),
    message: count(3, '3'),
  },
  {
    name: 'a time that is none',
    text: block('udp_session_tracking x'),
    message: 'udp_session_tracking: invalid duration "x": time: invalid duration "x"',
  },
  {
    name: 'a time without a unit',
    text: block('udp_session_tracking 5'),
    message: 'udp_session_tracking: invalid duration "5": time: missing unit in duration "5"',
  },
  ...['0', '-1', 'many', '1.5'].map(word => ({
    name: `${word} sessions`,
    text: block(`udp_session_tracking 1s ${word}`),
    message: `udp_session_tracking: invalid max sessions "${word}": must be a positive integer`,
  })),
  {
    name: 'a bad number of sessions before there are none',
    text: block('udp_session_tracking 0 x'),
    message: 'udp_session_tracking: invalid max sessions "x": must be a positive integer',
  },
]
for (const c of errors)
  test(`parse refuses: ${c.name}`, () => assert.equal(parseError(proxyproto, c.text), c.message))

test('control: sets what the listeners read', async () => {
  const { control } = await chain(proxyproto, 'proxyproto')
  assert.deepEqual(control.settings.proxy, OPEN)
})
