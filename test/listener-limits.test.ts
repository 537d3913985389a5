// The four directives that limit listeners which are not plain DNS: what they read, what they
// refuse in CoreDNS's words, and what becomes of it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyPlugin } from '../src/chain/plugin/plugin.ts'
import { grpc_server } from '../src/plugins/grpc_server/index.ts'
import { https } from '../src/plugins/https/index.ts'
import { https3 } from '../src/plugins/https3/index.ts'
import { quic } from '../src/plugins/quic/index.ts'
import { chain, options, parseError } from './support/plugin-harness.ts'

const block = (name: string, ...lines: string[]): string => `${name} {\n${lines.join('\n')}\n}`

const given: { name: string; plugin: AnyPlugin; text: string; value: unknown }[] = [
  { name: 'nothing', plugin: https, text: 'https', value: {} },
  {
    name: 'a number',
    plugin: https,
    text: block('https', 'max_connections 7'),
    value: { maxConnections: 7 },
  },
  {
    name: '0 is a number',
    plugin: https,
    text: block('https', 'max_connections 0'),
    value: { maxConnections: 0 },
  },
  {
    name: 'more than 31 bits are cut to them',
    plugin: https,
    text: block('https', 'max_connections 99999999999'),
    value: { maxConnections: 0x7fffffff },
  },
  {
    name: 'the first occurrence counts',
    plugin: https,
    text: `https\n${block('https', 'max_connections 7')}`,
    value: {},
  },
  {
    name: 'later occurrences are not even read',
    plugin: https,
    text: `${block('https', 'max_connections 7')}\nhttps x {\nnope\n}`,
    value: { maxConnections: 7 },
  },
  { name: 'nothing', plugin: grpc_server, text: 'grpc_server', value: {} },
  {
    name: 'both',
    plugin: grpc_server,
    text: block('grpc_server', 'max_connections 0', 'max_streams 9'),
    value: { maxStreams: 9, maxConnections: 0 },
  },
  {
    name: 'checked, no more',
    plugin: https3,
    text: block('https3', 'max_streams 0', 'max_connections 5'),
    value: undefined,
  },
  {
    name: 'checked, no more',
    plugin: quic,
    text: block('quic', 'max_streams 1', 'worker_pool_size 1'),
    value: undefined,
  },
]
for (const { name, plugin, text, value } of given)
  test(`${plugin.name}: ${name}`, () => assert.deepEqual(options(plugin, text), value))

const LIMITS: { plugin: AnyPlugin; names: string[]; kind: string; least: number }[] = [
  { plugin: https, names: ['max_connections'], kind: 'a non-negative integer', least: 0 },
  {
    plugin: grpc_server,
    names: ['max_streams', 'max_connections'],
    kind: 'a non-negative integer',
    least: 0,
  },
  {
    plugin: https3,
    names: ['max_streams', 'max_connections'],
    kind: 'a non-negative integer',
    least: 0,
  },
  { plugin: quic, names: ['max_streams', 'worker_pool_size'], kind: 'a positive integer', least: 1 },
]
const wrongCount = (token: string): string =>
  `Wrong argument count or unexpected line ending after '${token}'`
for (const { plugin, names, kind, least } of LIMITS) {
  const refuses = (text: string, line: number, message: string): void =>
    assert.equal(
      parseError(plugin, text),
      `Corefile:${line} - Error during parsing: ${message}`,
    )
  test(`${plugin.name} refuses an argument`, () => refuses(`${plugin.name} x`, 2, wrongCount('x')))
  test(`${plugin.name} refuses an option that it does not have`, () =>
    refuses(block(plugin.name, 'nope 1'), 3, `unknown property 'nope'`))
  for (const name of names)
    test(`${plugin.name} refuses of ${name}: no word, two, none that is a number, too low, twice`, () => {
      refuses(block(plugin.name, name), 3, wrongCount(name))
      refuses(block(plugin.name, `${name} 1 2`), 3, wrongCount('2'))
      refuses(
        block(plugin.name, `${name} x`),
        3,
        `invalid ${name} value 'x': strconv.Atoi: parsing "x": invalid syntax`,
      )
      refuses(block(plugin.name, `${name} ${least - 1}`), 3, `${name} must be ${kind}: ${least - 1}`)
      refuses(
        block(plugin.name, `${name} 1`, `${name} 2`),
        4,
        `${name} already defined for this server block`,
      )
    })
}

test('https and grpc_server set the limits of the block', async () => {
  const one = await chain(https, block('https', 'max_connections 7'))
  assert.deepEqual(one.control.settings.https, { maxConnections: 7 })
  const other = await chain(grpc_server, block('grpc_server', 'max_streams 3'))
  assert.deepEqual(other.control.settings.grpcServer, { maxStreams: 3 })
})
