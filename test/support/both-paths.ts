// One server block in one shard, asked over the fast path and over the slow one, with the same
// memory and under the same clock: no threads, no sockets. Behind the block's plugins stands a
// scripted answer.

import assert from 'node:assert/strict'
import { CacheKey } from '../../src/cache/key.ts'
import { errorReply } from '../../src/chain/answer/answer.ts'
import { rcodeOfError } from '../../src/chain/errors.ts'
import type { OfferKind } from '../../src/chain/offers/offers.ts'
import { readOptions } from '../../src/chain/plugin/plugin.ts'
import { FastQuery } from '../../src/chain/query/fast-query.ts'
import type { Peer } from '../../src/chain/query/query.ts'
import type { Handler } from '../../src/chain/stage/handler.ts'
import { loadPlugin } from '../../src/plugins/index.ts'
import { compose, type NamedStage } from '../../src/shard/answer/chain.ts'
import type { Left } from '../../src/shard/answer/dispatch.ts'
import type { FastPath } from '../../src/shard/answer/fast-path.ts'
import type { ServedListener } from '../../src/shard/generation.ts'
import { nameFromText } from '../../src/wire/name.ts'
import { CLASS_IN } from '../../src/wire/rrtypes.ts'
import {
  directive,
  type FakeControl,
  fakeBlock,
  fakeClock,
  fakeControl,
  fakeServe,
} from './plugin-harness.ts'
import { noFault, shardWith } from './stage-shard.ts'

const IN_BYTES = 8192
const OUT_BYTES = 4096
const IN_AT = 128
const OUT_AT = 64
export interface BothPaths {
  readonly control: FakeControl
  readonly clock: ReturnType<typeof fakeClock>
  /** Counts of the shard. */
  readonly row: Int32Array
  /** The fast path's reply; undefined when it leaves the query to the slow path. */
  fast(bytes: Uint8Array, client?: Peer): Uint8Array | undefined
  /** The same query so many times; how many times the fast path answered. */
  repeat(bytes: Uint8Array, times: number): number
  /** The slow path's reply; undefined for silence. */
  slow(bytes: Uint8Array, client?: Peer): Promise<Uint8Array | undefined>
  /** As an engine asks: the slow path goes on from what the fast path has read. */
  asked(bytes: Uint8Array, client?: Peer): Promise<Uint8Array | undefined>
  /** What the block's plugins have offered in the shard. */
  offered<T>(kind: OfferKind<T>): readonly T[]
  /** Ends a batch of the fast path. */
  batchSent(elapsedMs: number): void
}

export const CLIENT: Peer = { address: '192.0.2.53', port: 40_000, family: 4 }

/**
 * Directives in the order of the chain, each as Corefile text; `last` answers behind them.
 * `prepare` runs before the control halves.
 */
export const bothPaths = async (
  texts: readonly string[],
  last: Handler,
  zones = ['.'],
  prepare: (control: FakeControl) => Promise<unknown> = async () => undefined,
): Promise<BothPaths> => {
  const clock = fakeClock()
  const directives = texts.map(text => text.split(/\s/, 1)[0] ?? '')
  const plugins = await Promise.all(directives.map(name => loadPlugin(name)))
  const options = plugins.map((plugin, index) =>
    readOptions(plugin, directive(texts[index] ?? '', zones.join(' '))),
  )
  const changing = plugins.flatMap(({ facts }, index) => facts?.changing?.(options[index]) ?? [])
  const block = fakeBlock({ zones, directives, changing })
  const control = fakeControl({ clock, block })
  await prepare(control)
  const serve = fakeServe({
    control,
    resolve: async (asked, name, type) => {
      const other = asked.with({ name: nameFromText(name)!, type, class: CLASS_IN })
      try {
        return await composed.handler!(other)
      } catch (error) {
        return errorReply(other, rcodeOfError(error))
      }
    },
  })
  const stages: NamedStage[] = []
  for (const [index, plugin] of plugins.entries()) {
    const read = options[index]
    const shared = await (await plugin.control?.())?.control(read, control)
    const half = await plugin.serve?.()
    const stage = half?.serve(structuredClone(read), serve, structuredClone(shared))
    if (stage !== undefined) stages.push({ name: plugin.name, stage })
  }
  const composed = compose(stages, noFault, last)
  const { seed } = control.memory
  const { dispatcher, at, path } = shardWith(composed, { clock, log: serve.log, seed, zones })
  const fastQuery = new FastQuery(new CacheKey(seed))
  const fast = fastAsker(path, at, fastQuery, clock)
  const slow = (bytes: Uint8Array, client = CLIENT, left?: Left): Promise<Uint8Array | undefined> =>
    new Promise(resolve => {
      const local = { ...client, port: 53 }
      dispatcher.receive(at, bytes.slice(), 'udp', client, local, resolve, left)
    })
  return {
    control,
    clock,
    row: serve.row,
    fast,
    repeat(bytes, times) {
      let answered = fast(bytes) === undefined ? 0 : 1
      for (let n = 1; n < times; n++) if (path.answer(at, fastQuery) > 0) answered++
      return answered
    },
    slow: (bytes, client) => slow(bytes, client),
    async asked(bytes, client) {
      const reply = fast(bytes, client)
      if (reply !== undefined) return reply
      const left = fastQuery.isRead ? { query: fastQuery, route: path.route } : undefined
      return slow(bytes, client, left)
    },
    offered: kind => serve.offered(kind),
    batchSent: ms => composed.fast.batchSent(ms),
  }
}

/**
 * Queries and answers lie in the middle of memory that is checked afterwards: the fast path writes
 * nothing outside its room.
 */
const fastAsker = (
  path: FastPath,
  at: ServedListener,
  query: FastQuery,
  clock: ReturnType<typeof fakeClock>,
) => {
  query.bytes = new Uint8Array(IN_BYTES)
  query.words = new Int32Array(query.bytes.buffer)
  query.out = new Uint8Array(OUT_AT + OUT_BYTES + 64)
  query.outWords = new Int32Array(query.out.buffer)
  return (bytes: Uint8Array, client = CLIENT): Uint8Array | undefined => {
    query.bytes.fill(0xa5)
    query.out.fill(0xa5)
    query.bytes.set(bytes, IN_AT)
    query.at = IN_AT
    query.length = bytes.length
    query.outAt = OUT_AT
    query.outRoom = OUT_BYTES
    query.family = client.family
    query.clientPort = client.port
    query.address = { bytes: Uint8Array.from(client.address.split('.').map(Number)), family: 4 }
    query.receivedMs = clock.ms()
    query.nowSeconds = clock.seconds()
    const length = path.answer(at, query)
    assert.ok(query.out.subarray(0, OUT_AT).every(byte => byte === 0xa5))
    assert.ok(query.out.subarray(OUT_AT + OUT_BYTES).every(byte => byte === 0xa5))
    assert.deepEqual(query.bytes.subarray(IN_AT, IN_AT + bytes.length), bytes)
    return length === 0 ? undefined : query.out.slice(OUT_AT, OUT_AT + length)
  }
}
