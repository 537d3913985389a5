import assert from 'node:assert/strict'
import { test } from 'node:test'
import { a, cacheChain, NXDOMAIN } from '../../../test/support/cache-chain.ts'
import {
  chain,
  counterValue,
  directive,
  fakeControl,
  gaugeValues,
  query,
  replyTo,
} from '../../../test/support/plugin-harness.ts'
import { totalSlots } from '../../cache/layout.ts'
import type { BlockInfo } from '../../chain/block.ts'
import { control } from './control.ts'
import { cache } from './index.ts'
import { options as table } from './options.ts'

const LISTENERS = [
  { index: 1, label: 'dns://:53' },
  { index: 3, label: 'dns://:5353' },
  { index: 4, label: 'dns://:53' },
]

test('cache metrics: each listener counts under its own server label', async () => {
  const block = { zones: ['example.org.'], listeners: LISTENERS, view: 'inside' }
  const next = (): never => assert.fail('not asked twice')
  const started = await chain(cache, 'cache example.org example.net', {
    control: { block },
    next: request => (request.id === 1 ? replyTo(request, { answer: [a(300)] }) : next()),
  })
  const { control: main, serve, handle } = started
  await handle(
    query('www.example.org.', 'A', { id: 1, listener: { index: 1, label: 'dns://:53' } }),
  )
  for (const index of [1, 3, 3, 4, 4])
    await handle(query('www.example.org.', 'A', { id: 2, listener: { index, label: '' } }))
  await handle(
    query('www.example.org.', 'A', { id: 2, listener: { index: 2, label: 'of another block' } }),
  )
  const zones = 'example.org.,example.net.'
  const value = (name: string, server: string): number =>
    counterValue(main, serve.row, `coredns_cache_${name}`, { server, zones, view: 'inside' })
  assert.deepEqual(
    ['requests_total', 'hits_total', 'misses_total'].map(name => [
      value(name, 'dns://:53'),
      value(name, 'dns://:5353'),
    ]),
    [
      [4, 2],
      [3, 2],
      [1, 0],
    ],
  )
})

test('cache metrics: entries are shown by table from the first one on', async () => {
  const started = cacheChain('cache', { answer: [a(300)] }, NXDOMAIN)
  const entries = (): [string | undefined, number][] =>
    gaugeValues(started.control, 'coredns_cache_entries').map(({ labels, value }) => [
      labels.type,
      value,
    ])
  assert.deepEqual(entries(), [])
  await started.ask()
  assert.deepEqual(entries(), [
    ['success', 1],
    ['denial', 0],
  ])
  await started.ask({ type: 'AAAA' })
  assert.deepEqual(entries(), [
    ['success', 1],
    ['denial', 1],
  ])
})

test('cache metrics: entries that make room are counted, and CAPACITY holds', async () => {
  const started = cacheChain('cache {\nsuccess 1024\n}', request =>
    replyTo(request, { answer: [`${request.question.name} 300 IN A 192.0.2.1`] }),
  )
  for (let n = 0; n < 1100; n++) await started.ask({ name: `n${n}.example.org.` })
  const [success] = gaugeValues(started.control, 'coredns_cache_entries')
  const evicted = started.count('evictions_total', { type: 'success' })
  assert.ok(success !== undefined && success.value <= 1024)
  assert.ok(evicted > 0)
  assert.equal(success.value + evicted, 1100)
  assert.equal(started.count('evictions_total', { type: 'denial' }), 0)
})

test('cache tables: without CAPACITY as many entries as the memory holds, half of them for denial', () => {
  const main = fakeControl()
  const refsOf = (text: string) => control(table.parse(directive(text)), main)
  const sizes = (text: string): number[] => {
    const { success, denial } = refsOf(text)
    return [success.capacity, denial.capacity]
  }
  const all = totalSlots(refsOf('cache').success.geometry)
  const half = Math.floor(all / 2)
  assert.deepEqual(sizes('cache'), [all, half])
  assert.deepEqual(sizes('cache {\nsuccess 2048\n}'), [2048, half])
  assert.deepEqual(sizes('cache {\ndenial 2100\n}'), [all, 2048])
  assert.deepEqual(sizes('cache {\nsuccess 0\ndenial 0\n}'), [1024, 1024])
})

test('cache tables: the same block finds its tables again; blocks that answer from elsewhere have their own', () => {
  const main = fakeControl()
  const tablesOf = (block: Partial<BlockInfo>, text = 'cache'): string => {
    const shared = control(table.parse(directive(text)), {
      ...main,
      block: { ...main.block, ...block },
    })
    return `${shared.success.id} ${shared.denial.id}`
  }
  const first = tablesOf({})
  assert.equal(tablesOf({ index: 7, directives: ['cache'] }), first)
  assert.equal(tablesOf({}, 'cache 5 {\nprefetch 1\n}'), first)
  const others = [
    tablesOf({ view: 'inside' }),
    tablesOf({ listeners: [{ index: 0, label: 'dns://:5353' }] }),
    tablesOf({ zones: ['example.org.'] }),
    tablesOf({}, 'cache example.org'),
    tablesOf({}, 'cache {\nsuccess 2048\ndenial 2048\n}'),
  ]
  assert.equal(new Set([first, ...others].flatMap(ids => ids.split(' '))).size, 12)
})
