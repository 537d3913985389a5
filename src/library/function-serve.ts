// The serve half of a plugin that is a function of the program around the server: each query that
// reaches it waits for what main's thread says. Loaded by shards alone.

import { BroadcastChannel } from 'node:worker_threads'
import { random32 } from '../base/entropy.ts'
import { ServerError } from '../chain/errors.ts'
import type { ServeScope } from '../chain/plugin/serve-scope.ts'
import type { Peer, Query } from '../chain/query/query.ts'
import { type Reply, SILENCE } from '../chain/reply/reply.ts'
import type { Handler, Stage } from '../chain/stage/handler.ts'
import { PacedLines } from '../log/paced-lines.ts'
import { RCODE_REFUSED } from '../wire/rcodes.ts'
import { classToText } from '../wire/rrtypes.ts'
import { answer } from './answer.ts'
import {
  type AskedFields,
  channelName,
  type FromFunction,
  type FunctionAnswer,
  type ToFunction,
} from './function-messages.ts'

/** Queries of one shard that wait for one function. */
const MOST_CALLS = 1000
/** Their bytes. */
const MOST_BYTES = 4 * 1024 * 1024
const BUSY = 'too many queries wait for its function'

export interface FunctionShared {
  readonly channel: string
  /** Of the counter of queries that are refused. */
  readonly refused: number
}

/** Who asks: a block in a generation. */
interface Asker {
  readonly scope: ServeScope
  readonly refused: number
}

interface Waiting {
  readonly query: Query
  readonly resolve: (parts: FunctionAnswer) => void
  readonly reject: (error: Error) => void
}

/** By channel: the blocks and generations of a shard that ask one function share its line. */
const lines = new Map<string, Line>()

export const serve = (_options: undefined, scope: ServeScope, shared: FunctionShared): Stage => {
  const name = channelName(shared.channel, scope.shard)
  const line = lines.get(name) ?? new Line(name)
  lines.set(name, line)
  line.users++
  scope.onRetire(() => {
    if (--line.users > 0) return
    lines.delete(name)
    line.close()
  })
  const asker: Asker = { scope, refused: shared.refused }
  return { wrap: next => query => answered(query, line.ask(query, asker), next) }
}

const answered = async (
  query: Query,
  asked: Promise<FunctionAnswer>,
  next: Handler,
): Promise<Reply> => {
  const parts = await asked
  if (parts === undefined) return next(query)
  return parts === null ? SILENCE : answer(query, parts)
}

/** A shard's line to one function. */
class Line {
  users = 0
  /** Tells this thread from one that was this shard before. */
  readonly #shard = random32()
  readonly #channel: BroadcastChannel
  readonly #waiting = new Map<number, Waiting>()
  readonly #refusals = new PacedLines()
  #lastId = 0
  #bytes = 0

  constructor(name: string) {
    this.#channel = new BroadcastChannel(name).unref()
    this.#channel.onmessage = event => this.#receive((event as { data: FromFunction }).data)
  }

  /** Undefined: the rest of the chain answers. Rejects when the function fails, or is too late. */
  async ask(query: Query, asker: Asker): Promise<FunctionAnswer> {
    query.mustWait()
    if (this.#waiting.size >= MOST_CALLS || this.#bytes + query.bytes.length > MOST_BYTES)
      throw this.#refusal(asker)
    const { clock } = asker.scope
    const id = ++this.#lastId
    const { promise, resolve, reject } = Promise.withResolvers<FunctionAnswer>()
    const late = (): void => {
      this.#send({ kind: 'cut', shard: this.#shard, id })
      reject(new Error('its function has not answered in time'))
    }
    const timer = setTimeout(late, Math.max(0, query.deadlineMs - clock.ms()))
    this.#waiting.set(id, { query, resolve, reject })
    this.#bytes += query.bytes.length
    try {
      this.#send({ kind: 'ask', shard: this.#shard, id, asked: askedOf(query) })
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
      this.#bytes -= query.bytes.length
    }
  }

  /** Counted, and told: without *errors* in the chain nobody else would say it. */
  #refusal({ scope, refused }: Asker): ServerError {
    scope.counters.add(refused)
    const more = this.#refusals.next('', scope.clock.ms())
    if (more !== undefined) scope.log.warning(`${BUSY}: refused${more}`)
    return new ServerError('FUNCTION_BUSY', BUSY, RCODE_REFUSED)
  }

  close(): void {
    this.#channel.close()
  }

  #send(message: ToFunction): void {
    this.#channel.postMessage(message)
  }

  #receive(message: FromFunction): void {
    if (message.shard !== this.#shard) return
    const waiting = this.#waiting.get(message.id)
    if (message.kind === 'answer') waiting?.resolve(message.parts)
    else if (message.kind === 'failed') waiting?.reject(new Error(message.error))
  }
}

/** A peer may find its address out when it is asked, which a copy cannot. */
const copyOf = ({ address, port, family }: Peer): Peer => ({ address, port, family })

const askedOf = (query: Query): AskedFields => ({
  name: query.question.name,
  type: query.qtypeText,
  class: classToText(query.qclass),
  flags: query.flags,
  do: query.do,
  client: copyOf(query.client),
  transport: query.transport,
  bytes: query.bytes,
})
