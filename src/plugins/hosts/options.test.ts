import assert from 'node:assert/strict'
import { test } from 'node:test'
import { options, parseError } from '../../../test/support/plugin-harness.ts'
import { hosts } from './index.ts'
import type { HostsOptions } from './options.ts'

const block = (...lines: string[]): string => `hosts {\n${lines.join('\n')}\n}`

const DEFAULTS: HostsOptions = {
  path: undefined,
  zones: ['.'],
  inline: [],
  ttlSeconds: 3600,
  autoReverse: true,
  reloadMs: 5000,
  fall: [],
  fallUnsupported: false,
  errorPrefix: 'Corefile:2 - Error during parsing: ',
}

const cases: { name: string; text: string; keys?: string; parsed: Partial<HostsOptions> }[] = [
  { name: 'defaults', text: 'hosts', parsed: {} },
  { name: 'file', text: 'hosts a.hosts', parsed: { path: 'a.hosts' } },
  {
    name: 'file and zones',
    text: 'hosts a.hosts Example.org 192.0.2.0/24',
    parsed: { path: 'a.hosts', zones: ['example.org.', '2.0.192.in-addr.arpa.'] },
  },
  {
    name: 'zones of the server block',
    text: 'hosts',
    keys: 'Example.org example.net',
    parsed: { zones: ['example.org.', 'example.net.'] },
  },
  {
    name: 'inline lines',
    text: block('192.0.2.1 a b', 'no_reverse', '::1 c'),
    parsed: { inline: ['192.0.2.1 a b', '::1 c'], autoReverse: false },
  },
  {
    name: 'a line that is no entry is taken as one',
    text: block('bogus line'),
    parsed: { inline: ['bogus line'] },
  },
  {
    name: 'ttl, words behind it ignored',
    text: block('ttl 65535 x'),
    parsed: { ttlSeconds: 65535 },
  },
  { name: 'reload', text: block('reload 1m'), parsed: { reloadMs: 60_000 } },
  { name: 'reload zero', text: block('reload 0'), parsed: { reloadMs: 0 } },
  { name: 'fallthrough', text: block('fallthrough'), parsed: { fall: ['.'] } },
  {
    name: 'fallthrough with zones',
    text: block('fallthrough Example.org example.net'),
    parsed: { fall: ['example.org.', 'example.net.'] },
  },
  {
    name: 'fallthrough_unsupported before fallthrough',
    text: block('fallthrough_unsupported', 'fallthrough'),
    parsed: { fall: ['.'], fallUnsupported: true },
  },
  {
    name: 'options behind fallthrough',
    text: block('fallthrough', 'ttl 5', 'no_reverse'),
    parsed: { fall: ['.'], ttlSeconds: 5, autoReverse: false },
  },
]
for (const c of cases) {
  test(`parse: ${c.name}`, () => {
    const { errorPrefix, ...parsed } = options(hosts, c.text, c.keys)
    const { errorPrefix: _, ...defaults } = DEFAULTS
    assert.deepEqual(parsed, { ...defaults, ...c.parsed })
    assert.match(errorPrefix, /^Corefile:\d+ - Error during parsing: $/)
  })
}

const at = (line: number, text: string): string =>
  `Corefile:${line} - Error during parsing: ${text}`
const errors = [
  {
    name: 'twice in a block',
    text: 'hosts\nhosts',
    message: 'this plugin can only be used once per Server Block',
  },
  { name: 'no ttl', text: block('ttl'), message: at(3, 'ttl needs a time in second') },
  {
    name: 'a ttl that is no number',
    text: block('ttl 5s'),
    message: at(3, 'ttl needs a number of second'),
  },
  { name: 'ttl 0', text: block('ttl 0'), message: at(3, 'ttl provided is invalid') },
  {
    name: 'a ttl beyond 65535',
    text: block('ttl 65536'),
    message: at(3, 'ttl provided is invalid'),
  },
  {
    name: 'no duration',
    text: block('reload'),
    message: at(3, 'reload needs a duration (zero seconds to disable)'),
  },
  {
    name: 'two durations',
    text: block('reload 1s 2s'),
    message: at(3, 'reload needs a duration (zero seconds to disable)'),
  },
  {
    name: 'a bare number',
    text: block('reload 5'),
    message: at(3, "invalid duration for reload '5'"),
  },
  {
    name: 'a negative duration',
    text: block('reload -5s'),
    message: at(3, "invalid negative duration for reload '-5s'"),
  },
  {
    name: 'an entry behind fallthrough',
    text: block('fallthrough', '192.0.2.1 a'),
    message: at(4, "unknown property '192.0.2.1'"),
  },
  {
    name: 'fallthrough_unsupported alone',
    text: block('fallthrough_unsupported'),
    message: at(4, 'fallthrough_unsupported requires fallthrough'),
  },
]
for (const c of errors)
  test(`parse refuses: ${c.name}`, () => assert.equal(parseError(hosts, c.text), c.message))
