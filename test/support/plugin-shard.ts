// A shard that serves plugins of a test, and what it says of them in the log. Their serve halves
// stand in the test; the answering half of the shard is the server's own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { CacheKey } from '../../src/cache/key.ts'
import { answer } from '../../src/chain/answer/answer.ts'
import type { ServeScope } from '../../src/chain/plugin/serve-scope.ts'
import { FastQuery } from '../../src/chain/query/fast-query.ts'
import type { Peer, Query } from '../../src/chain/query/query.ts'
import type { Transport } from '../../src/chain/query/transport.ts'
import type { Reply } from '../../src/chain/reply/reply.ts'
import { FAST_ANSWERED } from '../../src/chain/stage/fast-step.ts'
import type { Handler, Stage } from '../../src/chain/stage/handler.ts'
import { makeLogger } from '../../src/log/log.ts'
import { DATAGRAM } from '../../src/memory/byte-budget.ts'
import type { Connection } from '../../src/net/engine.ts'
import { serve as serveErrors } from '../../src/plugins/errors/serve.ts'
import { compose } from '../../src/shard/answer/chain.ts'
import { ShardGeneration } from '../../src/shard/generation.ts'
import { getId } from '../../src/wire/header.ts'
import { nameFromText } from '../../src/wire/name.ts'
import { TYPE_A } from '../../src/wire/rrtypes.ts'
import { aGeneration } from '../fakes/generation-message.ts'
import { fakeClock, query, show } from './plugin-harness.ts'
import { noFault, shardWith } from './stage-shard.ts'

export type Half = (scope: ServeScope) => Stage
export type Plugins = Readonly<Record<string, Half>>

const CLIENT: Peer = { address: '192.0.2.53', port: 40_000, family: 4 }
const LOCAL: Peer = { address: '192.0.2.1', port: 53, family: 4 }
export const PASSES: Stage['wrap'] = next => query => next(query)
export const boom = (): never => {
  throw new Error('boom')
}
export const wire = (name: string): Uint8Array => nameFromText(name) ?? assert.fail(name)
export const never = <T>(): Promise<T> => new Promise(() => {})

export const said = (query: Query): Reply =>
  answer(query, {
    answers: [
      {
        owner: query.question.wire,
        type: TYPE_A,
        ttlSeconds: 60,
        rdata: Uint8Array.of(192, 0, 2, 1),
      },
    ],
  })
export const answers: Half = () => ({ wrap: () => said })
export const errors: Half = scope =>
  serveErrors({ stacktrace: false, consolidations: [] }, scope, { countsWord: 0 })
/** A plugin whose handler is this. */
export const handling =
  (handler: (next: Handler) => (query: Query) => unknown): Half =>
  () => ({ wrap: next => handler(next) as Handler })

interface Answered {
  readonly rcode: string
  readonly answers: number
}

/** A shard that serves the plugins in one block for all names, and what it says of them. */
export const shardOf = async (
  plugins: Plugins,
  alsoFor: Plugins = {},
  view = '',
  areOutside = true,
) => {
  const lines: string[] = []
  const sink = { raw: (text: string) => void lines.push(text), rawBytes: () => {} }
  const clock = fakeClock()
  const chain = Object.keys(plugins)
  const others =
    Object.keys(alsoFor).length > 0
      ? [{ zones: ['other.test.'], view: '', chain: Object.keys(alsoFor) }]
      : []
  const { message: given, parts } = aGeneration(
    [{ zones: ['.'], view, chain }, ...others],
    areOutside,
  )
  // Behind all other counters of a row.
  const message = { ...given, panics: given.rowWords - 1 }
  const halves = { ...plugins, ...alsoFor }
  const generation = await ShardGeneration.load(
    message,
    { ...parts, clock, sink: sink as unknown as typeof parts.sink },
    async name => ({ serve: (_: unknown, scope: ServeScope) => halves[name]?.(scope) }),
  )
  const at = generation.listeners[0] ?? assert.fail()
  const due: { task: () => void; ms: number }[] = []
  const { dispatcher, path, budget, refuse } = shardWith(compose([], noFault), {
    clock,
    log: makeLogger(sink, '', () => false),
    seed: [1, 2],
    zones: [],
    later: (task, delayMs) => void due.push({ task, ms: clock.ms() + delayMs }),
  })
  const panicWord = message.sharedWords + message.panics
  /** Lets so much time pass. */
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    for (const one of due.splice(0)) {
      if (one.ms <= clock.ms()) one.task()
      else due.push(one)
    }
    await turnOfLoop()
  }
  const ask = async (
    asked: Query = query('evil.test.'),
    transport: Transport = 'udp',
    connection?: Connection,
  ): Promise<Answered | undefined> => {
    const sent = asked.bytes
    const bytes = await new Promise<Uint8Array | undefined>(resolve =>
      dispatcher.receive(
        at,
        sent.slice(),
        transport,
        CLIENT,
        LOCAL,
        resolve,
        undefined,
        connection,
      ),
    )
    await turnOfLoop()
    if (bytes === undefined) return undefined
    const { rcode, answer: records } = show(bytes)
    assert.equal(getId(bytes, 0), getId(sent, 0))
    return { rcode, answers: records.length }
  }
  return {
    ask,
    pass,
    lines,
    at,
    path,
    generation,
    refuse,
    panics: () => new Uint32Array(message.words)[panicWord] ?? 0,
    timers: () => due.length,
    held: () => budget.used(DATAGRAM),
  }
}

export const PANIC = 'Recovered from panic in server: "dns://:53" plugin/evil:'

interface Fault {
  readonly rule: string
  readonly evil: Half
  /** Behind it; absent: one that answers. */
  readonly last?: Half
  /** Only blocks that choose may have the door `accepts`. */
  readonly view?: string
  /** Absent: whatever it says. */
  readonly line?: string
}

/** Tests that each costs its query, and has one line. */
export const costTheirQueries = (faults: readonly Fault[]): void => {
  for (const { rule, evil, last = answers, view, line } of faults)
    test(`a plugin that fails costs its query, and has one line under its name: ${rule}`, async () => {
      const { ask, lines, panics } = await shardOf({ errors, evil, last }, {}, view)
      assert.deepEqual(await ask(), { rcode: 'SERVFAIL', answers: 0 })
      assert.equal(lines.length, 1, lines.join('\n'))
      const [text = ''] = lines
      if (line === undefined) assert.ok(text.startsWith(`[ERROR] ${PANIC} `), text)
      else assert.equal(text, `[ERROR] ${PANIC} ${line}`)
      assert.equal(panics(), 1)
    })
}

export const hit: Half = () => ({ wrap: () => said, fast: { ask: () => FAST_ANSWERED } })

/** As it comes from a socket. */
export const fastQueryOf = ({ bytes }: Query): FastQuery => {
  const room = new Uint8Array(1024)
  room.set(bytes)
  const asked = new FastQuery(new CacheKey([1, 2]))
  return Object.assign(asked, {
    bytes: room,
    words: new Int32Array(room.buffer),
    at: 0,
    length: bytes.length,
    clientPort: CLIENT.port,
    family: 4,
  })
}
