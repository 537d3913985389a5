// What the blocks of a listener come to: limits, certificates, PROXY headers.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BlockSettings, initialSettings } from '../chain/block.ts'
import type { ProxyServing, TlsServing } from '../chain/listening.ts'
import type { Site } from '../corefile/keys.ts'
import { ListenerTable } from './listener-table.ts'
import type { LoadedBlock } from './load/load.ts'

const certificate = (identity: string): TlsServing => ({
  identity,
  version: 1,
  material: { cert: '', key: '' },
  names: [],
  clientAuth: 'nocert',
  keylog: '',
  ticketKeys: new Uint8Array(48),
})

const proxy = (policy: ProxyServing['policy']): ProxyServing => ({
  allow: [],
  isOpen: true,
  policy,
})

const block = (
  index: number,
  transport: Site['transport'],
  settings: Partial<BlockSettings> = {},
  zone = `${index}.test.`,
) => {
  const key = { text: '', line: 1, file: '', span: undefined } as unknown as Site['key']
  const loaded: LoadedBlock = {
    index,
    sites: [{ transport, zone, port: 853, key }],
    zones: [zone],
    directives: [],
  }
  return { block: loaded, settings: { ...initialSettings(), ...settings } }
}

const messageOf = (...blocks: ReturnType<typeof block>[]) => {
  const table = new ListenerTable()
  for (const each of blocks) table.of(each.block, each.settings)
  const messages = table.messages(blocks)
  assert.equal(messages.length, 1)
  return messages[0]!
}

test('deadlines: of each the last block that sets it; what none sets has its default', () => {
  const { tcpLimits } = messageOf(
    block(0, 'tls', { timeouts: { readMs: 1, idleMs: 2 } }),
    block(1, 'tls', { timeouts: { readMs: 3, maxTcpQueries: 4 } }),
    block(2, 'tls'),
  )
  assert.deepEqual(tcpLimits, { readMs: 3, idleMs: 2, writeMs: 5000, maxQueries: 4 })
})

test('limits of connections: those of the first block, in its scheme', () => {
  const https = { https: { maxConnections: 7 }, grpcServer: { maxStreams: 9 } }
  const limits = (transport: Site['transport'], ...settings: Partial<BlockSettings>[]) =>
    messageOf(...settings.map((each, index) => block(index, transport, each))).limits
  assert.deepEqual(limits('https', https, { https: { maxConnections: 8 } }), {
    maxConnections: 7,
    maxStreams: 0,
  })
  assert.deepEqual(limits('https', {}, https), { maxConnections: 200, maxStreams: 0 })
  assert.deepEqual(limits('grpc', https), { maxConnections: 200, maxStreams: 9 })
  assert.deepEqual(limits('tls', https), { maxConnections: 0, maxStreams: 0 })
  assert.deepEqual(limits('dns', https), { maxConnections: 0, maxStreams: 0 })
})

test('certificates: in the order of the Corefile, each once, and none for plain DNS', () => {
  const [a, b] = [certificate('a'), certificate('b')]
  const identities = (transport: Site['transport']): string[] =>
    messageOf(
      block(0, transport, { tls: b }),
      block(1, transport),
      block(2, transport, { tls: a }),
      block(3, transport, { tls: certificate('b') }),
    ).tls.map(({ identity }) => identity)
  assert.deepEqual(identities('tls'), ['b', 'a'])
  assert.deepEqual(identities('https'), ['b', 'a'])
  assert.deepEqual(identities('dns'), [])
})

test('PROXY headers: as the first block says that says anything', () => {
  const blocks = [block(0, 'dns'), block(1, 'dns', { proxy: proxy('use') })]
  assert.equal(messageOf(...blocks, block(2, 'dns', { proxy: proxy('skip') })).proxy?.policy, 'use')
  assert.equal(messageOf(block(0, 'dns')).proxy, undefined)
})

test('listeners of several schemes may have one port', () => {
  const table = new ListenerTable()
  const blocks = [block(0, 'dns'), block(1, 'tls'), block(2, 'tls', {}, '.')]
  for (const each of blocks) table.of(each.block, each.settings)
  assert.deepEqual(
    table.messages(blocks).map(({ index, label, scheme }) => [index, label, scheme]),
    [
      [0, 'dns://:853', 'dns'],
      [1, 'tls://:853', 'tls'],
    ],
  )
  assert.deepEqual(table.zoneLines(blocks), ['0.test.:853', 'tls://.:853', 'tls://1.test.:853'])
})
