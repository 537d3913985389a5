// Plugins that fail while a query is answered: each is named, costs its query and no other, and has
// one line in the log. Their serve halves stand here; the answering half of the shard is the
// server's own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { CacheKey } from '../src/cache/key.ts'
import { after } from '../src/chain/after.ts'
import { answer, type RecordData } from '../src/chain/answer.ts'
import { edit } from '../src/chain/edit.ts'
import { ServerError } from '../src/chain/errors.ts'
import { FastQuery } from '../src/chain/fast-query.ts'
import { FAST_ANSWERED, FAST_NEXT, TRANSPARENT } from '../src/chain/fast-step.ts'
import type { Handler, Stage } from '../src/chain/handler.ts'
import {
  METADATA,
  Metadata,
  type MetadataProvider,
  type SetMetadata,
} from '../src/chain/metadata.ts'
import { offerKind } from '../src/chain/offers.ts'
import type { Peer, Query } from '../src/chain/query.ts'
import { renamed } from '../src/chain/renamed.ts'
import { Reply } from '../src/chain/reply.ts'
import type { ServeScope } from '../src/chain/serve-scope.ts'
import type { Transport } from '../src/chain/transport.ts'
import { makeLogger } from '../src/log/log.ts'
import { DATAGRAM } from '../src/memory/byte-budget.ts'
import type { Connection } from '../src/net/engine.ts'
import { serve as serveErrors } from '../src/plugins/errors/serve.ts'
import { compose } from '../src/shard/answer/chain.ts'
import { ShardGeneration } from '../src/shard/generation.ts'
import { getId } from '../src/wire/header.ts'
import { nameFromText } from '../src/wire/name.ts'
import { TYPE_A } from '../src/wire/rrtypes.ts'
import { aGeneration } from './fakes/generation-message.ts'
import { fakeClock, query, show } from './support/plugin-harness.ts'
import { noFault, shardWith } from './support/stage-shard.ts'

type Half = (scope: ServeScope) => Stage
type Plugins = Readonly<Record<string, Half>>

const CLIENT: Peer = { address: '192.0.2.53', port: 40_000, family: 4 }
const LOCAL: Peer = { address: '192.0.2.1', port: 53, family: 4 }
const PASSES: Stage['wrap'] = next => query => next(query)
const boom = (): never => {
  throw new Error('boom')
}
const wire = (name: string): Uint8Array => nameFromText(name) ?? assert.fail(name)
const never = <T>(): Promise<T> => new Promise(() => {})

const said = (query: Query): Reply =>
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
const answers: Half = () => ({ wrap: () => said })
const errors: Half = scope =>
  serveErrors({ stacktrace: false, consolidations: [] }, scope, { countsWord: 0 })
/** A plugin whose handler is this. */
const handling =
  (handler: (next: Handler) => (query: Query) => unknown): Half =>
  () => ({ wrap: next => handler(next) as Handler })

interface Answered {
  readonly rcode: string
  readonly answers: number
}

/** A shard that serves the plugins in one block for all names, and what it says of them. */
const shardOf = async (plugins: Plugins, alsoFor: Plugins = {}, view = '', areOutside = true) => {
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

const PANIC = 'Recovered from panic in server: "dns://:53" plugin/evil:'

const faults: readonly {
  rule: string
  evil: Half
  /** Behind it; absent: one that answers. */
  last?: Half
  asked?: Query
  /** Absent: whatever it says. */
  line?: string
}[] = [
  { rule: 'the handler throws', evil: handling(() => boom), line: 'boom' },
  {
    rule: 'it throws a text',
    evil: handling(() => () => {
      throw 'boom'
    }),
    line: 'boom',
  },
  {
    rule: 'it throws what has no text',
    evil: handling(() => () => {
      throw Object.create(null)
    }),
    line: 'something without a text',
  },
  {
    rule: 'a text of several lines is one line, and cut',
    evil: handling(() => () => {
      throw new Error(`boom\nat ${'x'.repeat(5000)}`)
    }),
    line: `boom at ${'x'.repeat(1000 - 'plugin/evil: boom at '.length)}`,
  },
  {
    rule: 'the handler rejects',
    evil: handling(() => async () => boom()),
    line: 'boom',
  },
  {
    rule: 'it rejects late, with a text',
    evil: handling(() => () => turnOfLoop().then(() => Promise.reject('boom'))),
    line: 'boom',
  },
  {
    rule: 'it fails with what comes late',
    evil: handling(next => query => after(next(query), boom)),
    last: handling(() => query => turnOfLoop().then(() => said(query))),
    line: 'boom',
  },
  {
    rule: 'it fails behind a failure of the rest of the chain',
    evil: handling(next => async query => {
      await Promise.resolve(next(query)).catch(() => {})
      return boom()
    }),
    last: handling(() => () => turnOfLoop().then(() => Promise.reject(new TypeError('other')))),
    line: 'boom',
  },
  {
    rule: 'it gives nothing',
    evil: handling(() => () => undefined),
    line: 'its handler gave no reply',
  },
  { rule: 'it gives a text', evil: handling(() => () => 'x'), line: 'its handler gave no reply' },
  {
    rule: 'it gives nothing, late',
    evil: handling(() => async () => undefined),
    line: 'its handler gave no reply',
  },
  {
    rule: 'it gives bytes that are no message',
    evil: handling(() => () => new Reply(new Uint8Array(40).fill(255))),
    line: 'reply is not a well-formed DNS message',
  },
  {
    rule: 'it gives bytes that are no message, late',
    evil: handling(() => async () => new Reply(Uint8Array.of(1, 2, 3))),
    line: 'reply is not a well-formed DNS message',
  },
  {
    rule: 'it edits to what there is not',
    evil: handling(
      next => query =>
        after(next(query), reply => edit(reply, { order: [7] } as unknown as { ttl: number })),
    ),
  },
  {
    rule: 'it changes the question to what is no name',
    evil: handling(next => query => next(query.with({ name: new Uint8Array(3).fill(200) }))),
  },
  {
    rule: 'concerns throws',
    evil: () => ({ concerns: boom, wrap: PASSES }),
    line: 'boom',
  },
  {
    rule: 'concerns gives a promise',
    evil: () => ({ concerns: (async () => false) as unknown as () => boolean, wrap: PASSES }),
    line: 'what concerns gives is no boolean',
  },
  { rule: 'accepts throws', evil: () => ({ accepts: boom, wrap: PASSES }), line: 'boom' },
  {
    rule: 'accepts gives a promise',
    evil: () => ({ accepts: (async () => false) as unknown as () => boolean, wrap: PASSES }),
    line: 'what accepts gives is no boolean',
  },
  {
    rule: 'it offers without end when asked',
    evil: scope => ({
      wrap: () => () => {
        for (;;) scope.offer(offerKind('zones'), 1)
      },
    }),
    line: "more than 1000 offers in one block, 'zones' the last",
  },
  { rule: 'leaving throws', evil: () => ({ wrap: PASSES, leaving: boom }), line: 'boom' },
  ...[
    { rule: 'nothing', gives: () => undefined, line: 'what leaving gives is no bytes' },
    {
      rule: 'no bytes at all',
      gives: () => new Uint8Array(0),
      line: 'leaving gives 0 bytes for 52, and reserves 0',
    },
    {
      rule: 'more than it reserves',
      gives: () => new Uint8Array(53),
      line: 'leaving gives 53 bytes for 52, and reserves 0',
    },
    {
      rule: 'more than fits into any message',
      gives: () => new Uint8Array(70_000),
      line: 'leaving gives 70000 bytes for 52, and reserves 0',
    },
    { rule: 'a promise', gives: () => never(), line: 'what leaving gives is no bytes' },
  ].map(({ rule, gives, line }) => ({
    rule: `leaving gives ${rule}`,
    evil: () => ({ wrap: PASSES, leaving: gives as unknown as () => Uint8Array }),
    line,
  })),
  {
    rule: 'concerns throws where messages leave',
    evil: () => ({ concerns: boom, wrap: PASSES, leaving: (_query, bytes) => bytes }),
    line: 'boom',
  },
]
for (const { rule, evil, last = answers, line } of faults)
  test(`a plugin that fails costs its query, and has one line under its name: ${rule}`, async () => {
    // Only blocks that choose may have the door `accepts`.
    const view = rule.startsWith('accepts') ? 'chosen' : ''
    const { ask, lines, panics } = await shardOf({ errors, evil, last }, {}, view)
    assert.deepEqual(await ask(), { rcode: 'SERVFAIL', answers: 0 })
    assert.equal(lines.length, 1, lines.join('\n'))
    const [text = ''] = lines
    if (line === undefined) assert.ok(text.startsWith(`[ERROR] ${PANIC} `), text)
    else assert.equal(text, `[ERROR] ${PANIC} ${line}`)
    assert.equal(panics(), 1)
  })

test('an operating failure is for errors to log, and no panic', async () => {
  const evil = handling(() => () => {
    throw new ServerError('DISK', 'cannot read', 5)
  })
  const { ask, lines, panics } = await shardOf({ errors, evil })
  assert.deepEqual(await ask(), { rcode: 'REFUSED', answers: 0 })
  assert.deepEqual([lines, panics()], [['[ERROR] plugin/errors: 5 evil.test. A: cannot read'], 0])
})

test('an operating failure with an rcode that is none is SERVFAIL', async () => {
  for (const rcode of [-1, 1.5, Number.NaN, 70_000]) {
    const evil = handling(() => () => {
      throw new ServerError('ODD', 'odd', rcode)
    })
    const { ask } = await shardOf({ evil })
    assert.equal((await ask())?.rcode, 'SERVFAIL')
  }
})

test('when a message leaves nobody else logs an operating failure', async () => {
  const evil: Half = () => ({
    wrap: PASSES,
    leaving: () => {
      throw new ServerError('NO_KEY', 'no key', 5)
    },
  })
  const { ask, lines, panics } = await shardOf({ errors, evil, answers })
  assert.deepEqual(await ask(), { rcode: 'REFUSED', answers: 0 })
  assert.deepEqual([lines, panics()], [['[ERROR] plugin/evil: no key'], 0])
})

test('a plugin has one line in a second, which counts what had none', async () => {
  const { ask, pass, lines, panics } = await shardOf(
    { evil: handling(() => boom) },
    { worse: handling(() => boom) },
  )
  for (let n = 0; n < 5; n++) await ask()
  await ask(query('x.other.test.'))
  await pass(1000)
  await ask()
  await pass(1000)
  await ask()
  assert.deepEqual(lines, [
    `[ERROR] ${PANIC} boom`,
    '[ERROR] Recovered from panic in server: "dns://:53" plugin/worse: boom',
    `[ERROR] ${PANIC} boom (and 4 more before)`,
    `[ERROR] ${PANIC} boom`,
  ])
  assert.equal(panics(), 8)
})

const wraps: readonly { rule: string; stage: unknown; message: string }[] = [
  {
    rule: 'wrap gives nothing',
    stage: { wrap: () => undefined },
    message: 'what wrap gives is no function',
  },
  {
    rule: 'wrap gives a promise',
    stage: { wrap: async () => said },
    message: 'what wrap gives is no function',
  },
  {
    rule: 'a door that is no function',
    stage: { wrap: PASSES, concerns: 1 },
    message: 'concerns is no function',
  },
  {
    rule: 'a door that is nothing',
    stage: { wrap: PASSES, leaving: null },
    message: 'leaving is no function',
  },
  {
    rule: 'a fast step that is none',
    stage: { wrap: PASSES, fast: 42 },
    message: 'fast is no step',
  },
  {
    rule: 'a fast step with something else',
    stage: { wrap: PASSES, fast: { ask: 1 } },
    message: 'fast.ask is no function',
  },
]
for (const { rule, stage, message } of wraps)
  test(`what cannot be a stage fails at load, by the name of its plugin: ${rule}`, async () => {
    const evil = (() => stage) as Half
    await assert.rejects(shardOf({ errors, evil, answers }), { message: `plugin/evil: ${message}` })
  })

const hit: Half = () => ({ wrap: () => said, fast: { ask: () => FAST_ANSWERED } })

/** As it comes from a socket. */
const fastQueryOf = ({ bytes }: Query): FastQuery => {
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

/** What the fast path would do with a question, as far as its steps are asked. */
const fastQuery = (listener: { index: number; label: string }) =>
  ({ qtype: TYPE_A, askedBits: 0, concernedBits: 0, listener }) as unknown as FastQuery

const steps: readonly {
  rule: string
  evil: Partial<Stage>
  isAnswered: boolean
  /** Of the fast path; the slow path has its own. */
  line?: string
}[] = [
  { rule: 'ask throws', evil: { fast: { ask: boom } }, isAnswered: false, line: 'boom' },
  {
    rule: 'shape throws',
    evil: { fast: { ask: () => FAST_NEXT, shape: boom } },
    isAnswered: false,
    line: 'boom',
  },
  { rule: 'done throws', evil: { fast: { done: boom } }, isAnswered: true, line: 'boom' },
  { rule: 'concerns throws', evil: { concerns: boom, fast: TRANSPARENT }, isAnswered: false },
  {
    rule: 'concerns gives something else',
    evil: { concerns: () => 1 as unknown as boolean, fast: TRANSPARENT },
    isAnswered: false,
  },
  {
    rule: 'ask gives something else',
    evil: { fast: { ask: () => undefined as unknown as typeof FAST_NEXT } },
    isAnswered: false,
  },
]
for (const { rule, evil, isAnswered, line } of steps)
  test(`a fast step that fails costs no shard: ${rule}`, async () => {
    let done = 0
    const counts: Half = () => ({ wrap: PASSES, fast: { done: () => void done++ } })
    const shard = await shardOf({ counts, evil: () => ({ wrap: PASSES, ...evil }), hit })
    const chain = shard.at.router.route(query('evil.test.'))?.fast ?? assert.fail()
    const asked = fastQuery(shard.at.ref)
    assert.equal(chain.answer(asked), isAnswered)
    if (isAnswered) chain.done(asked)
    assert.equal(done, isAnswered ? 1 : 0)
    assert.equal(asked.askedBits, 0)
    assert.deepEqual(shard.lines, line === undefined ? [] : [`[ERROR] ${PANIC} ${line}`])
    assert.equal(shard.panics(), shard.lines.length)
  })

test('a step that fails when a batch has been sent hides nothing of the others', async () => {
  let sent = 0
  const counts: Half = () => ({ wrap: PASSES, fast: { batchSent: () => void sent++ } })
  const shard = await shardOf({
    evil: () => ({ wrap: PASSES, fast: { batchSent: boom } }),
    counts,
    hit,
  })
  shard.generation.batchSent(1)
  assert.equal(sent, 1)
  assert.deepEqual(shard.lines, ['[ERROR] Recovered from panic in server: plugin/evil: boom'])
})

const LATE = 'no answer to evil.test. A within 5 s'
const waits: readonly { rule: string; plugins: Plugins; by: string }[] = [
  { rule: 'the last', plugins: { errors, evil: handling(() => never) }, by: 'evil' },
  {
    rule: 'the innermost that still waits',
    plugins: { outer: () => ({ wrap: PASSES }), evil: handling(() => never) },
    by: 'evil',
  },
  {
    rule: 'not who has answered',
    plugins: {
      evil: handling(next => async query => {
        await next(query)
        return never()
      }),
      answers,
    },
    by: 'evil',
  },
  {
    rule: 'late answers are changed by somebody for ever',
    plugins: {
      evil: handling(next => query => after(next(query), never)),
      last: handling(() => async query => said(query)),
    },
    by: 'evil',
  },
  {
    rule: 'who asks in a loop',
    plugins: {
      evil: handling(next => async query => {
        for (;;) {
          await next(query)
          await turnOfLoop()
        }
      }),
      answers,
    },
    by: 'evil',
  },
]
for (const { rule, plugins, by } of waits)
  test(`who keeps no deadline is named, and the client gets SERVFAIL: ${rule}`, async () => {
    const { ask, pass, lines, panics } = await shardOf(plugins)
    const reply = ask()
    await pass(5000)
    assert.deepEqual(lines, [])
    await pass(300)
    assert.deepEqual(await reply, { rcode: 'SERVFAIL', answers: 0 })
    assert.deepEqual([lines, panics()], [[`[ERROR] plugin/${by}: ${LATE}`], 0])
  })

/** As one that was thrown in a plugin's folder. */
const thrownIn = (plugin: string): Error => {
  const error = new TypeError('boom')
  error.stack = `TypeError: boom\n    at file:///shardns/src/plugins/${plugin}/serve.ts:3:7`
  return error
}
const named: readonly { rule: string; fails: () => Promise<Reply>; text: string }[] = [
  {
    rule: 'by the stack',
    fails: () => Promise.reject(thrownIn('evil')),
    text: 'Recovered from panic in server: "dns://:53" plugin/evil: boom',
  },
  {
    rule: 'without a stack not at all',
    fails: () => Promise.reject('boom'),
    text: 'Recovered from panic in server: "dns://:53" boom',
  },
]
for (const { rule, fails, text } of named)
  test(`plugins of the program are named ${rule}`, async () => {
    const chain = { before: handling(next => next), evil: handling(() => fails) }
    const { ask, lines, panics } = await shardOf(chain, {}, '', false)
    assert.deepEqual(await ask(), { rcode: 'SERVFAIL', answers: 0 })
    await turnOfLoop()
    assert.deepEqual([lines, panics()], [[`[ERROR] ${text}`], 1])
  })

test('a plugin of the program that keeps no deadline is told without a name', async () => {
  const { ask, pass, lines } = await shardOf({ slow: handling(() => never) }, {}, '', false)
  const reply = ask()
  await pass(5300)
  assert.deepEqual(await reply, { rcode: 'SERVFAIL', answers: 0 })
  assert.deepEqual(lines, [`[ERROR] ${LATE}`])
})

const settles: readonly { rule: string; end: (query: Query) => Reply }[] = [
  { rule: 'with an answer', end: said },
  { rule: 'with a failure', end: boom },
  { rule: 'with rubbish', end: () => undefined as unknown as Reply },
]
for (const { rule, end } of settles)
  test(`what comes after the deadline harms nobody: ${rule}`, async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let ended = 0
    const evil = handling(() => async query => {
      await promise
      ended++
      return end(query)
    })
    const { ask, pass, lines, panics, generation, held } = await shardOf({ errors, evil })
    const reply = ask()
    assert.ok(held() > 0)
    await pass(5300)
    assert.equal(held(), 0)
    assert.equal((await reply)?.rcode, 'SERVFAIL')
    // Nothing is under way: the generation could end.
    await generation.settle(0)
    resolve()
    await turnOfLoop()
    assert.equal(held(), 0)
    assert.deepEqual([ended, lines, panics()], [1, [`[ERROR] plugin/evil: ${LATE}`], 0])
  })

test('what is cut is asked nothing more: a loop around the rest of the chain ends', async () => {
  let asked = 0
  let failure: unknown
  const evil = handling(next => async query => {
    try {
      for (;;) {
        await next(query)
        await turnOfLoop()
      }
    } catch (error) {
      failure = error
      throw error
    }
  })
  const { ask, pass } = await shardOf({
    evil,
    last: handling(() => query => {
      asked++
      return said(query)
    }),
  })
  const reply = ask()
  await pass(5300)
  await reply
  await turnOfLoop()
  await turnOfLoop()
  const before = asked
  await turnOfLoop()
  assert.equal(asked, before)
  assert.ok(failure instanceof ServerError)
})

test('one timer serves all that wait, and none rings when nobody does', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const evil = handling(() => async query => {
    await promise
    return said(query)
  })
  const { ask, pass, timers } = await shardOf({ evil })
  const replies = Array.from({ length: 100 }, () => ask())
  assert.equal(timers(), 1)
  await pass(1000)
  replies.push(ask())
  assert.equal(timers(), 1)
  resolve()
  await Promise.all(replies)
  await pass(6000)
  assert.equal(timers(), 0)
})

test('a promise that nobody waits for is named by where it failed', async () => {
  const { generation, lines, panics } = await shardOf({ answers })
  const error = new TypeError('boom')
  error.stack = 'TypeError: boom\n    at done (file:///srv/src/plugins/evil/serve.ts:1:1)'
  generation.faults.stray(error)
  generation.faults.stray('nobody knows')
  generation.faults.stray(new ServerError('CUT', 'too late for an answer'))
  assert.deepEqual(lines, [
    '[ERROR] Recovered from panic in server: plugin/evil: boom',
    '[ERROR] Recovered from panic in server: nobody knows',
  ])
  assert.equal(panics(), 2)
})

const odd: readonly { rule: string; error: unknown; text: string }[] = [
  {
    rule: 'whose stack fails',
    error: Object.defineProperty(new Error('odd'), 'stack', { get: boom }),
    text: 'odd',
  },
  {
    rule: 'whose text fails',
    error: Object.defineProperty(new Error('odd'), 'message', { get: boom }),
    text: 'something without a text',
  },
  {
    rule: 'that does not say what it is',
    error: new Proxy({}, { getPrototypeOf: boom }),
    text: 'something without a text',
  },
]
for (const { rule, error, text } of odd)
  test(`an error ${rule} costs its query all the same`, async () => {
    const evil = handling(() => query => {
      if (query.qtype === TYPE_A) throw error
      return Promise.reject(error)
    })
    const { ask, lines, generation, pass } = await shardOf({ evil })
    assert.equal((await ask())?.rcode, 'SERVFAIL')
    await pass(1000)
    assert.equal((await ask(query('evil.test.', 'AAAA')))?.rcode, 'SERVFAIL')
    generation.faults.stray(error)
    assert.deepEqual(lines, [
      `[ERROR] ${PANIC} ${text}`,
      `[ERROR] ${PANIC} ${text}`,
      `[ERROR] Recovered from panic in server: ${text}`,
    ])
  })

const providers: readonly { rule: string; provider: unknown; line: string }[] = [
  { rule: 'it throws', provider: boom, line: 'boom' },
  {
    rule: 'its value throws',
    provider: (_query: Query, set: SetMetadata) => set('evil/x', boom),
    line: 'boom',
  },
  {
    rule: 'its value is no text',
    provider: (_query: Query, set: SetMetadata) => set('evil/x', () => 7 as unknown as string),
    line: 'a value of metadata is no text',
  },
  {
    rule: 'it comes later',
    provider: async () => {},
    line: 'a provider of metadata gives no value back',
  },
]
for (const { rule, provider, line } of providers)
  test(`a provider of metadata that fails is named, and costs no query: ${rule}`, async () => {
    const collects: Half = scope => {
      const offered = scope.offered(METADATA)
      return {
        wrap: next => asked => {
          const metadata = new Metadata(asked, offered)
          assert.equal(metadata.get('evil/x') ?? '', '')
          return next(asked)
        },
      }
    }
    const evil: Half = scope => {
      scope.offer(METADATA, provider as MetadataProvider)
      return { wrap: PASSES }
    }
    const { ask, lines, panics } = await shardOf({ errors, collects, evil, answers })
    assert.equal((await ask())?.rcode, 'NOERROR')
    assert.deepEqual([lines, panics()], [[`[ERROR] ${PANIC} ${line}`], 1])
  })

const ownQuestions: readonly { rule: string; evil: Half; line: string; rcode: string }[] = [
  {
    rule: 'too deep',
    evil: scope => ({
      wrap: () => async query => renamed(query, await scope.resolve(query, 'x.test.', TYPE_A)),
    }),
    line: "[ERROR] plugin/evil: its question for x.test. A stands more than 8 questions of the server's own deep",
    rcode: 'SERVFAIL',
  },
  {
    rule: 'too many',
    evil: scope => ({
      wrap: next => async query => {
        if (query.depth > 0) return next(query)
        for (let n = 0; n < 101; n++) await scope.resolve(query, 'x.test.', TYPE_A)
        return next(query)
      },
    }),
    line: "[ERROR] plugin/evil: its question for x.test. A is one more than the 100 that a client's query may lead to",
    rcode: 'NOERROR',
  },
]
for (const { rule, evil, line, rcode } of ownQuestions)
  test(`who asks the server without end is named: ${rule}`, async () => {
    const { ask, lines, panics } = await shardOf({ errors, evil, answers })
    assert.equal((await ask())?.rcode, rcode)
    assert.deepEqual([lines, panics()], [[line], 0])
  })

test('a plugin that fails at a question of the server is named, once', async () => {
  const asks: Half = scope => ({
    wrap: next => async query => {
      if (query.depth > 0) return next(query)
      const { rcode } = await scope.resolve(query, 'x.test.', TYPE_A)
      return rcode === 2 ? said(query) : assert.fail()
    },
  })
  for (const fails of [boom, async () => turnOfLoop().then(boom)]) {
    const { ask, lines, panics } = await shardOf({ errors, asks, evil: handling(() => fails) })
    assert.equal((await ask())?.rcode, 'NOERROR')
    assert.deepEqual([lines, panics()], [[`[ERROR] ${PANIC} boom`], 1])
  }
})

/** Each keeps on for as long as nothing is thrown at it. */
const endless: readonly { rule: string; evil: Half; line: string }[] = [
  {
    rule: 'the rest of the chain, one after the other',
    evil: handling(next => async query => {
      for (;;) await next(query)
    }),
    line: `${PANIC} one query leads to more than 10000 calls of plugins`,
  },
  {
    rule: 'the rest of the chain, all at once',
    evil: handling(next => async query => {
      const replies = await Promise.all(Array.from({ length: 20_000 }, () => next(query)))
      return replies[0]
    }),
    line: `${PANIC} one query leads to more than 10000 calls of plugins`,
  },
  {
    rule: 'the rest of the chain, at once and synchronously',
    evil: handling(next => query => {
      for (;;) next(query)
    }),
    line: `${PANIC} one query leads to more than 10000 calls of plugins`,
  },
  {
    rule: 'the server, after it was refused',
    evil: scope => ({
      wrap: next => async query => {
        if (query.depth > 0) return next(query)
        for (;;) await scope.resolve(query, 'x.test.', TYPE_A)
      },
    }),
    line: "plugin/evil: its question for x.test. A is one more than the 100 that a client's query may lead to",
  },
  {
    rule: 'the server for what is no name',
    evil: scope => ({
      wrap: () => async query => {
        for (;;) await scope.resolve(query, 'a..b', TYPE_A)
      },
    }),
    line: `${PANIC} asks on after 1000 refused questions for one query`,
  },
  {
    rule: 'itself through the server, twice each time',
    evil: scope => ({
      wrap: () => async query => {
        for (;;) await Promise.all([1, 2].map(() => scope.resolve(query, 'x.test.', TYPE_A)))
      },
    }),
    line: "plugin/evil: its question for x.test. A stands more than 8 questions of the server's own deep",
  },
]
for (const { rule, evil, line } of endless)
  test(`who asks without end is stopped, and named: ${rule}`, async () => {
    const between: Half = () => ({ concerns: () => false, wrap: PASSES })
    const { ask, lines, panics } = await shardOf({ errors, evil, between, answers })
    assert.deepEqual(await ask(), { rcode: 'SERVFAIL', answers: 0 })
    assert.deepEqual(lines, [`[ERROR] ${line}`])
    assert.ok(panics() > 0)
  })

test('questions to upstreams are bounded more tightly', async () => {
  let sent = 0
  const upstream = handling(() => query => {
    query.mustWait()
    sent++
    return turnOfLoop().then(() => said(query))
  })
  const evil = handling(next => async query => {
    const replies = await Promise.all(Array.from({ length: 20_000 }, () => next(query)))
    return replies[0]
  })
  const { ask, lines } = await shardOf({ errors, evil, upstream })
  assert.equal((await ask())?.rcode, 'SERVFAIL')
  assert.equal(sent, 1001)
  assert.deepEqual(lines, [`[ERROR] ${PANIC} one query waits for upstreams more than 1000 times`])
})

test('a walk through a hundred domains is none too many', async () => {
  const behind = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [`p${n}`, handling(next => query => next(query))]),
  )
  const walks = handling(next => async query => {
    let last = await next(query)
    for (let n = 0; n < 100; n++) last = await next(query.with({ name: wire(`n${n}.test.`) }))
    return renamed(query, last)
  })
  const { ask } = await shardOf({ walks, ...behind, answers })
  assert.equal((await ask())?.rcode, 'NOERROR')
})

test('for a query that is cut nobody is asked any more', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let failure: unknown
  let asked = 0
  const evil: Half = scope => ({
    wrap: next => async query => {
      if (query.depth > 0) {
        asked++
        return next(query)
      }
      await promise
      await scope.resolve(query, 'x.test.', TYPE_A).catch(error => (failure = error))
      return next(query)
    },
  })
  const { ask, pass } = await shardOf({ evil, answers })
  const reply = ask()
  await pass(5300)
  await reply
  resolve()
  await turnOfLoop()
  assert.ok(failure instanceof ServerError)
  assert.equal(asked, 0)
})

test('no change of a query begins its bounds anew', () => {
  const own = query('a.test.').asOwn({ type: TYPE_A })
  const change = { depth: 0, receivedMs: 9000 } as Parameters<Query['with']>[0]
  const other = own.with(change)
  assert.deepEqual([other.depth, other.receivedMs, other.deadlineMs], [1, 0, own.deadlineMs])
})

const doors: readonly { rule: string; evil: (met: () => boolean) => Partial<Stage> }[] = [
  { rule: 'accepts', evil: met => ({ accepts: met }) },
  { rule: 'takes', evil: met => ({ accepts: met, takes: met }) },
  {
    rule: 'concerns',
    evil: met => ({ concerns: met, leaving: (_query: Query, bytes: Uint8Array) => bytes }),
  },
]
for (const { rule, evil } of doors)
  test(`no plugin is asked anything for a question that has killed: ${rule}`, async () => {
    let met = 0
    const meets = (): boolean => {
      met++
      return true
    }
    const shard = await shardOf(
      { evil: () => ({ wrap: PASSES, ...evil(meets) }), hit },
      {},
      rule === 'concerns' ? '' : 'chosen',
    )
    const asked = query('evil.test.')
    assert.equal((await shard.ask(asked))?.rcode, 'NOERROR')
    assert.ok(met > 0)
    shard.refuse(asked)
    met = 0
    assert.equal(shard.path.answer(shard.at, fastQueryOf(asked)), 0)
    assert.deepEqual(await shard.ask(asked), { rcode: 'REFUSED', answers: 0 })
    assert.equal(met, 0)
  })

const spoils: readonly { rule: string; spoil: (query: Query) => void }[] = [
  { rule: 'the bytes', spoil: ({ bytes }) => void bytes.fill(255) },
  { rule: 'the question', spoil: ({ question }) => void question.wire.fill(255) },
  {
    rule: 'all of it',
    spoil: asked => void Object.assign(asked, { bytes: undefined }),
  },
]
const ends: readonly { rule: string; end: (query: Query) => unknown; lines: number }[] = [
  { rule: 'answers', end: said, lines: 1 },
  { rule: 'fails', end: boom, lines: 1 },
  { rule: 'fails late', end: async () => boom(), lines: 1 },
]
for (const { rule, spoil } of spoils)
  for (const { rule: how, end, lines: count } of ends)
    test(`who spoils ${rule} of a query and ${how} costs that query: one answer, one line`, async () => {
      const evil = handling(() => query => {
        spoil(query)
        return end(query)
      })
      const { ask, lines, generation } = await shardOf({ evil })
      assert.deepEqual(await ask(), { rcode: 'SERVFAIL', answers: 0 })
      assert.equal(lines.length, count, lines.join('\n'))
      assert.match(lines[0] ?? '', /plugin\/evil: /)
      // Nothing is under way.
      assert.equal(await Promise.race([generation.settle(60_000), turnOfLoop('late')]), undefined)
    })

const others: readonly { rule: string; evil: Half; rcode: string }[] = [
  {
    rule: 'the question of another query',
    evil: handling(next => query => next(query.with({ name: wire('b.test.') }))),
    rcode: 'SERVFAIL',
  },
  {
    rule: 'one of the same length',
    evil: handling(next => async query => next(query.with({ name: wire('evil.tesu.') }))),
    rcode: 'SERVFAIL',
  },
  {
    rule: 'another type',
    evil: handling(next => query => next(query.with({ type: 28 }))),
    rcode: 'SERVFAIL',
  },
  {
    rule: 'a type that differs by what would be a case',
    evil: handling(next => query => next(query.with({ type: 0x41 }))),
    rcode: 'SERVFAIL',
  },
  {
    rule: 'the same in another case',
    evil: handling(next => query => next(query.with({ name: wire('EVIL.test.') }))),
    rcode: 'NOERROR',
  },
  {
    rule: 'none',
    evil: handling(() => query => {
      const bytes = new Uint8Array(12)
      bytes.set(said(query).bytes.subarray(0, 4))
      return new Reply(bytes)
    }),
    rcode: 'NOERROR',
  },
]
for (const { rule, evil, rcode } of others)
  test(`a reply whose question is ${rule} is ${rcode}`, async () => {
    const between: Half = () => ({ wrap: PASSES })
    const { ask, lines, panics } = await shardOf({ errors, outer: between, evil, between, answers })
    const type = rule.includes('would be a case') ? 'TYPE97' : 'A'
    assert.equal((await ask(query('evil.test.', type)))?.rcode, rcode)
    const isFault = rcode === 'SERVFAIL'
    assert.deepEqual(lines, isFault ? [`[ERROR] ${PANIC} its reply is to another question`] : [])
    assert.equal(panics(), isFault ? 1 : 0)
  })

const a: RecordData = {
  owner: wire('evil.test.'),
  type: TYPE_A,
  ttlSeconds: 60,
  rdata: Uint8Array.of(192, 0, 2, 1),
}
type AnyChange = Parameters<typeof edit>[1]
const edits = (change: unknown): ((query: Query) => Reply) => {
  return query => edit(said(query), change as AnyChange)
}
const given: readonly {
  rule: string
  gives: (query: Query, next: Handler) => unknown
  line: string
}[] = [
  ...[99_999, -1, 1.5, 'x'].map(rcode => ({
    rule: `rcode ${rcode}`,
    gives: (query: Query) => answer(query, { rcode: rcode as number }),
    line: `rcode ${rcode}: must be 0 to 4095`,
  })),
  {
    rule: 'an edited rcode',
    gives: edits({ rcode: 1e9 }),
    line: 'rcode 1000000000: must be 0 to 4095',
  },
  ...[Number.NaN, -1].flatMap(ttl => [
    {
      rule: `an edited TTL ${ttl}`,
      gives: edits({ ttl }),
      line: `a TTL of ${ttl}: must be 0 to 4294967295`,
    },
    {
      rule: `a TTL ${ttl}`,
      gives: (query: Query) => answer(query, { answers: [{ ...a, ttlSeconds: ttl }] }),
      line: `a TTL of ${ttl}: must be 0 to 4294967295`,
    },
  ]),
  {
    rule: 'rdata of text',
    gives: query => answer(query, { answers: [{ ...a, rdata: 'text' as unknown as Uint8Array }] }),
    line: 'the rdata of a record is no bytes',
  },
  { rule: 'flags', gives: edits({ flags: 5 }), line: 'flags is no object' },
  { rule: 'an OPT', gives: edits({ opt: 5 }), line: 'opt is no object' },
  {
    rule: 'an OPT of an answer',
    gives: query => answer(query, { opt: 5 as unknown as { udpSize: number } }),
    line: 'opt is no object',
  },
  {
    rule: 'a query',
    gives: query => new Reply(query.bytes.slice()),
    line: 'its reply is a query',
  },
  {
    rule: 'another type',
    gives: (query, next) => next(query.with({ type: 1e6 })),
    line: 'type 1000000: must be 0 to 65535',
  },
  {
    rule: 'a type of text',
    gives: (query, next) => next(query.with({ type: 'A' as unknown as number })),
    line: 'type A: must be 0 to 65535',
  },
  {
    rule: 'too many options',
    gives: (query, next) => next(query.with({ options: new Uint8Array(70_000) })),
    line: 'bytes of options: 70000: must be 0 to 65535',
  },
  {
    rule: 'a deadline',
    gives: (query, next) => next(query.with({ deadlineMs: Number.NaN })),
    line: 'deadlineMs is no number',
  },
  {
    rule: 'a transport',
    gives: (query, next) => next(query.with({ transport: 'pigeon' as 'tcp' })),
    line: 'transport pigeon is none',
  },
]
for (const { rule, gives, line } of given)
  test(`what no message can hold is a fault: ${rule}`, async () => {
    const evil = handling(next => query => gives(query, next))
    const { ask, lines } = await shardOf({ errors, evil, answers })
    assert.deepEqual(await ask(), { rcode: 'SERVFAIL', answers: 0 })
    assert.deepEqual(lines, [`[ERROR] ${PANIC} ${line}`])
  })

const AXFR = query('evil.test.', 'AXFR')
const streams: readonly { rule: string; stream: unknown; line: string; messages: number }[] = [
  { rule: 'it throws', stream: boom, line: 'boom', messages: 0 },
  {
    rule: 'it is no stream',
    stream: () => 42,
    line: 'what stream gives is no AsyncIterable: an async generator makes one',
    messages: 0,
  },
  {
    rule: 'no message',
    stream: async function* () {},
    line: 'a stream without messages',
    messages: 0,
  },
  {
    rule: 'a message that is none',
    stream: async function* () {
      yield 42
    },
    line: 'a message of a stream is no reply',
    messages: 0,
  },
  {
    rule: 'a later one that is none',
    stream: async function* (asked: Query) {
      yield said(asked)
      yield undefined
    },
    line: 'a message of a stream is no reply',
    messages: 1,
  },
  {
    rule: 'it throws later',
    stream: async function* (asked: Query) {
      yield said(asked)
      boom()
    },
    line: 'boom',
    messages: 1,
  },
  {
    rule: 'later steps are none',
    stream: (asked: Query) => ({
      [Symbol.asyncIterator]: () => {
        let count = 0
        return { next: () => (count++ === 0 ? { value: said(asked) } : undefined), return: boom }
      },
    }),
    line: "Cannot destructure property 'done'",
    messages: 1,
  },
]
for (const { rule, stream, line, messages } of streams)
  test(`a stream that fails is named: ${rule}`, async () => {
    const evil: Half = () => ({ wrap: PASSES, stream: stream as NonNullable<Stage['stream']> })
    const { ask, lines, panics, generation } = await shardOf({ errors, evil, answers })
    let sent = 0
    const connection: Connection = {
      stream: async (_first, rest) => {
        sent++
        for await (const _ of rest) sent++
      },
    }
    const reply = await ask(AXFR, 'tcp', connection)
    assert.equal(reply?.rcode, messages === 0 ? 'SERVFAIL' : undefined)
    assert.equal(sent, messages)
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.ok(lines[0]?.startsWith(`[ERROR] ${PANIC} ${line}`), lines.join())
    assert.equal(panics(), 1)
    await generation.settle(0)
  })
