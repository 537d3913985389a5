// A function of the program around the server as a plugin: shards ask, this thread answers.

import { randomUUID } from 'node:crypto'
import { BroadcastChannel } from 'node:worker_threads'
import { programFile } from '../base/program.ts'
import { messageOf } from '../chain/errors.ts'
import { decodeMessage, type Message } from '../chain/message.ts'
import type { ControlScope, Kept } from '../chain/plugin/control-scope.ts'
import type { AnyPlugin, PluginFacts } from '../chain/plugin/plugin.ts'
import type { Peer, Transport } from '../chain/query/query.ts'
import { noOptions } from '../corefile/options/option-table.ts'
import { FLAG_AD, FLAG_CD, FLAG_RD } from '../wire/header.ts'
import { withinMessage } from './answer.ts'
import {
  type AskedFields,
  channelName,
  type FromFunction,
  type FunctionAnswer,
  type ToFunction,
} from './function-messages.ts'

/** A query as a function sees it. */
export interface FunctionQuery {
  /** The name asked for, in lower case, without the dot at its end: `www.example.org`. */
  readonly name: string
  /** `A`, `AAAA`, `TYPE65280`. */
  readonly type: string
  /** `IN`, mostly. */
  readonly class: string
  readonly flags: {
    /** Recursion desired. */
    readonly rd: boolean
    /** Authentic data. */
    readonly ad: boolean
    /** Checking disabled. */
    readonly cd: boolean
    /** DNSSEC records wanted. */
    readonly do: boolean
  }
  /** Who asks. */
  readonly client: Peer
  readonly transport: Transport
  /** The whole message as dns-packet's object, read when it is first asked for. */
  readonly message: Message
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/**
 * Answers a query on the main thread: with what `answer` takes; with undefined, and then the rest
 * of the chain answers; with null, and then nobody does. An error is SERVFAIL, and a line in the
 * log.
 */
export type QueryFunction = (query: FunctionQuery) => FunctionAnswer | Promise<FunctionAnswer>

const SERVE_FILE = programFile('src/library/function-serve').href

/** The plugin of that name. */
export const functionPlugin = (
  name: string,
  answer: QueryFunction,
  facts: PluginFacts<undefined> = {},
): AnyPlugin => ({
  name,
  facts,
  options: noOptions('last'),
  control: async () => ({
    control: (_options: undefined, scope: ControlScope) => {
      const calls = scope.keep('function', () => new Calls(answer, scope.shards))
      const refused = scope.metrics
        .counter({
          name: 'shardns_function_rejects_total',
          help: 'Counter of the number of queries refused because too many waited for a function.',
          labelNames: ['plugin'],
        })
        .vector({ plugin: name }).base
      return { channel: calls.channel, refused }
    },
  }),
  serve: () => import(SERVE_FILE),
  serveFile: SERVE_FILE,
})

/** The calls of one function, over reloads: queries of the configuration before are answered. */
class Calls implements Kept {
  readonly channel = randomUUID()
  readonly #answer: QueryFunction
  readonly #channels: readonly BroadcastChannel[]
  readonly #running = new Map<string, Call>()

  constructor(answer: QueryFunction, shards: number) {
    this.#answer = answer
    this.#channels = Array.from({ length: shards }, (_, shard) => {
      const channel = new BroadcastChannel(channelName(this.channel, shard)).unref()
      channel.onmessage = event => this.#receive(channel, (event as { data: ToFunction }).data)
      return channel
    })
  }

  dispose(): void {
    for (const channel of this.#channels) channel.close()
    for (const call of this.#running.values()) call.cut()
    this.#running.clear()
  }

  #receive(channel: BroadcastChannel, message: ToFunction): void {
    const key = `${message.shard} ${message.id}`
    if (message.kind === 'ask') void this.#call(channel, key, message)
    else if (message.kind === 'cut') {
      this.#running.get(key)?.cut()
      this.#running.delete(key)
    }
  }

  async #call(
    channel: BroadcastChannel,
    key: string,
    { shard, id, asked }: Extract<ToFunction, { kind: 'ask' }>,
  ): Promise<void> {
    const call = new Call(asked)
    this.#running.set(key, call)
    const outcome = await outcomeOf(this.#answer, call.query)
    // Cut meanwhile, or closed.
    if (!this.#running.delete(key)) return
    const send = (message: FromFunction): void => channel.postMessage(message)
    try {
      send({ ...outcome, shard, id })
    } catch (error) {
      send({ kind: 'failed', shard, id, error: `what its function gives: ${messageOf(error)}` })
    }
  }
}

type Outcome =
  | { readonly kind: 'answer'; readonly parts: FunctionAnswer }
  | { readonly kind: 'failed'; readonly error: string }

const outcomeOf = async (answer: QueryFunction, query: FunctionQuery): Promise<Outcome> => {
  try {
    const parts = await answer(query)
    return { kind: 'answer', parts: parts && withinMessage(parts) }
  } catch (error) {
    return { kind: 'failed', error: `its function fails: ${messageOf(error)}` }
  }
}

/** One call. What hardly anybody asks for is made when somebody does. */
class Call {
  readonly query: FunctionQuery
  #controller: AbortController | undefined
  #isCut = false

  constructor(asked: AskedFields) {
    const { bytes, flags, name, do: isDo, ...others } = asked
    let message: Message | undefined
    const signal = (): AbortSignal => this.#signal
    this.query = {
      ...others,
      name: name === '.' ? name : name.slice(0, -1),
      flags: {
        rd: (flags & FLAG_RD) !== 0,
        ad: (flags & FLAG_AD) !== 0,
        cd: (flags & FLAG_CD) !== 0,
        do: isDo,
      },
      get message() {
        return (message ??= decodeMessage(bytes))
      },
      get signal() {
        return signal()
      },
    }
  }

  cut(): void {
    this.#isCut = true
    this.#controller?.abort()
  }

  get #signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isCut) this.#controller.abort()
    return this.#controller.signal
  }
}
