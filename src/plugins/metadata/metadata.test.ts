import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bothPaths } from '../../../test/support/both-paths.ts'
import {
  fakeServe,
  options,
  parseError,
  query,
  replyTo,
} from '../../../test/support/plugin-harness.ts'
import { COLLECTOR, METADATA } from '../../chain/offers/metadata.ts'
import type { Query } from '../../chain/query/query.ts'
import { inFront } from '../../chain/stage/handler.ts'
import { metadata } from './index.ts'
import { serve } from './serve.ts'

const zones = [
  { name: 'those of the block', text: 'metadata', zones: ['example.org.'] },
  { name: 'its own', text: 'metadata Example.COM net', zones: ['example.com.', 'net.'] },
  { name: 'of a prefix', text: 'metadata 10.1.0.0/16', zones: ['1.10.in-addr.arpa.'] },
]
for (const c of zones)
  test(`metadata: zones, ${c.name}`, () =>
    assert.deepEqual(options(metadata, c.text, 'example.org').zones, c.zones))

const refused = [
  { text: 'metadata {\nx\n}', line: 3, behind: 'x' },
  { text: 'metadata a {\nx y\n}', line: 3, behind: 'x' },
  { text: 'metadata\nmetadata', line: 3, behind: 'metadata' },
]
for (const { text, line, behind } of refused)
  test(`metadata refuses: ${text.replaceAll('\n', ' ')}`, () =>
    assert.equal(
      parseError(metadata, text),
      `Corefile:${line} - Error during parsing: Wrong argument count or unexpected line ending after '${behind}'`,
    ))

/** A block with *metadata* and a plugin that tells; gives what the rest of the chain reads. */
const read = (text: string, asked: Query, label: string): string | undefined => {
  const scope = fakeServe()
  const stage = serve(options(metadata, text), scope)
  let told = 0
  scope.offer(METADATA, ({ question }, set) => set('x/name', () => `${++told} ${question.name}`))
  let found: string | undefined
  void inFront(stage, seen => {
    seen.metadata?.set('y/later', () => 'set')
    found = seen.metadata?.get(label)
    return replyTo(seen)
  })(asked)
  return found
}

test('the plugins of the block are asked, for names in its zones', () => {
  assert.equal(read('metadata', query('a.test.'), 'x/name'), '1 a.test.')
  assert.equal(read('metadata test', query('a.test.'), 'x/name'), '1 a.test.')
  assert.equal(read('metadata test', query('a.other.'), 'x/name'), undefined)
})

test('what turns out on the way is kept for all names', () =>
  assert.equal(read('metadata test', query('a.other.'), 'y/later'), 'set'))

test('others may collect before the chain is gone through', () => {
  const scope = fakeServe()
  serve(options(metadata, 'metadata'), scope)
  scope.offer(METADATA, (_, set) => set('x/y', () => 'told'))
  const [collect] = scope.offered(COLLECTOR)
  assert.equal(collect?.(query('a.test.')).get('x/y'), 'told')
})

const ANSWER = (request: Query) =>
  replyTo(request, { answer: ['www.example.org. 300 IN A 192.0.2.1'] })

const paths = [
  { log: 'log', isFast: true },
  { log: 'log . "{remote} {/view/name}"', isFast: false },
]
for (const { log, isFast } of paths)
  test(`a hit leaves on the ${isFast ? 'fast' : 'slow'} path behind ${log}`, async () => {
    const both = await bothPaths(['metadata', log, 'cache'], ANSWER)
    const { bytes } = query('www.example.org.')
    await both.slow(bytes)
    const slow = await both.slow(bytes)
    const fast = both.fast(bytes)
    assert.equal(fast !== undefined, isFast)
    if (isFast) assert.deepEqual(fast, slow && new Uint8Array(slow))
    both.batchSent(0)
  })
