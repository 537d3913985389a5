// The answering half of a shard around stages that stream, a client over a connection in memory,
// and what a stage makes for the purpose: messages with numbers.

import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { answer } from '../../src/chain/answer/answer.ts'
import { PLAIN_SERVING } from '../../src/chain/listening.ts'
import type { Peer, Query } from '../../src/chain/query/query.ts'
import type { Transport } from '../../src/chain/query/transport.ts'
import type { Reply } from '../../src/chain/reply/reply.ts'
import type { Stage } from '../../src/chain/stage/handler.ts'
import { type Connection, DEFAULT_TCP_LIMITS } from '../../src/net/engine.ts'
import { compose } from '../../src/shard/answer/chain.ts'
import type { StreamLimits } from '../../src/shard/answer/stream.ts'
import type { ShardGeneration } from '../../src/shard/generation.ts'
import { Binding, type BindingParts } from '../../src/shard/listener.ts'
import { fakeClock, fakeLogger, query, show } from './plugin-harness.ts'
import { noFault, shardWith } from './stage-shard.ts'

export const MIB = 1024 * 1024
const CLIENT: Peer = { address: '192.0.2.53', port: 40_000, family: 4 }
const LOCAL: Peer = { address: '192.0.2.1', port: 53, family: 4 }

export const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await turnOfLoop()
}

/** Message `number` with so many bytes of records besides. */
export const message = (query: Query, number: number, bytes = 0): Reply => {
  const txt = { owner: query.question.wire, type: 16, ttlSeconds: 3600 + number }
  const records = [{ ...txt, rdata: Uint8Array.of(1, 65) }]
  for (let left = bytes; left > 0; left -= 60_000)
    records.push({ ...txt, rdata: new Uint8Array(Math.min(left, 60_000)) })
  return answer(query, { answers: records })
}

/** What becomes of a stage's streams. */
interface Fate {
  asked: number
  open: number
}

export type Script = (query: Query, fate: Fate) => AsyncIterable<Reply> | undefined

/** `wrap` answers with number 99. */
export const streamingStage = (script: Script): { stage: Stage; fate: Fate } => {
  const fate: Fate = { asked: 0, open: 0 }
  async function* watched(messages: AsyncIterable<Reply>) {
    fate.open++
    try {
      yield* messages
    } finally {
      fate.open--
    }
  }
  const stage: Stage = {
    wrap: () => query => message(query, 99),
    stream(query) {
      const messages = script(query, fate)
      return messages && watched(messages)
    },
  }
  return { stage, fate }
}

/** So many messages, each of so many bytes. */
export const many = (count: number, bytes = 0): Script =>
  async function* (query, fate) {
    for (let n = 0; n < count; n++) {
      fate.asked++
      yield message(query, n, bytes)
    }
  }

interface Setting {
  readonly generation?: ShardGeneration
  readonly streamLimits?: StreamLimits
}

export const world = (stages: readonly Stage[], setting: Setting = {}) => {
  const logged: string[] = []
  let panics = 0
  const { dispatcher, at, path } = shardWith(
    compose(
      stages.map((stage, index) => ({ name: `stage${index}`, stage, isOutside: true })),
      noFault,
    ),
    {
      clock: fakeClock(),
      log: fakeLogger(logged),
      seed: [1, 2],
      zones: ['.'],
      ...setting,
      countPanic: () => void panics++,
    },
  )
  const served = {
    ...at,
    message: {
      index: 0,
      label: '',
      tcpLimits: DEFAULT_TCP_LIMITS,
      ...PLAIN_SERVING,
      address: '',
      port: 53,
    },
  }
  const receiver = new Binding(served, {
    dispatcher,
    fastPath: path,
    counts: { worked: () => {} },
  } as unknown as BindingParts)
  return { receiver, logged, panics: () => panics }
}

export type World = ReturnType<typeof world>

/** What a client over a connection in memory gets; `isCut`: it broke off. */
interface Got {
  readonly messages: Uint8Array[]
  isCut: boolean
}

export interface Asking {
  readonly transport?: Transport
  /** Without: one question gets one message. */
  readonly canStream?: boolean
  /** The client leaves once it has so many messages. */
  readonly leavesAfter?: number
}

export const ask = async ({ receiver }: World, asked: Query, asking: Asking = {}): Promise<Got> => {
  const { transport = 'tcp', canStream = true, leavesAfter = Number.POSITIVE_INFINITY } = asking
  const got: Got = { messages: [], isCut: false }
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>()
  const stream: Connection['stream'] = async (first, rest) => {
    got.messages.push(first)
    try {
      for await (const bytes of rest) {
        got.messages.push(bytes)
        if (got.messages.length >= leavesAfter) return
      }
    } catch (error) {
      got.isCut = true
      throw error
    }
  }
  receiver.receive(
    asked.bytes.slice(),
    transport,
    CLIENT,
    LOCAL,
    resolve,
    undefined,
    canStream ? { stream } : {},
  )
  const reply = await promise
  if (reply !== undefined) got.messages.push(reply)
  return got
}

/** Of each message, the number that the stage gave it. */
export const numbers = (messages: readonly Uint8Array[]): number[] =>
  messages.map(bytes => Number(show(bytes).answer[0]?.split(' ')[1]) - 3600)

export const axfr = query('example.org.', 'AXFR')

export const boom = async function* (query: Query, count: number, error: () => unknown) {
  for (let n = 0; n < count; n++) yield message(query, n)
  const thrown = error()
  if (thrown !== undefined) throw thrown
}

export const endless: Script = async function* (query, fate) {
  for (;;) {
    fate.asked++
    yield message(query, 0, 1000)
  }
}
