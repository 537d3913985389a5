// Answers of several messages: zone transfers (RFC 5936, RFC 1995). The first message goes through
// the chain like any reply. The further ones follow as the stage made them, when there is room for
// them on the client's connection.

import { faultOf, PluginFault, ServerError } from '../errors.ts'
import { type Following, Reply } from './reply.ts'

/** Longest wait for the next message of a stream: a stream that stalls for longer has failed. */
const NEXT_MESSAGE_MS = 5000
/** Streams that one question may begin: a stage that begins more is in a loop. */
const MOST_STREAMS = 8

/** The streams that one question of a client begins, also if their replies are not sent. */
export class Streams {
  readonly #begun: MessageStream[] = []
  #isOver = false

  /** The first message, with the further ones of that plugin attached. Rejects if there is none. */
  async begin(messages: AsyncIterable<Reply>, plugin: string): Promise<Reply> {
    if (this.#begun.length >= MOST_STREAMS)
      throw new PluginFault(plugin, `more than ${MOST_STREAMS} streams for one question`)
    const stream = new MessageStream(messages, plugin)
    this.#begun.push(stream)
    if (this.#isOver) this.end()
    const first = await stream.next()
    if (first === undefined) throw new PluginFault(plugin, 'a stream without messages')
    return first.followedBy(stream)
  }

  /** The plugin whose stream was begun first: the outermost. */
  get outermost(): string | undefined {
    return this.#begun[0]?.plugin
  }

  /** The answer is sent, or no longer wanted: ends the streams that are still open. */
  end(): void {
    this.#isOver = true
    for (const stream of this.#begun) stream.end()
  }
}

class MessageStream implements Following {
  readonly plugin: string
  readonly #iterator: AsyncIterator<Reply>
  #isBegun = false
  #isOver = false

  constructor(messages: AsyncIterable<Reply>, plugin: string) {
    this.plugin = plugin
    this.#iterator = iteratorOf(messages)
  }

  async next(): Promise<Reply | undefined> {
    if (this.#isOver) return undefined
    try {
      return await this.#next()
    } catch (error) {
      throw faultOf(this.plugin, error)
    }
  }

  async #next(): Promise<Reply | undefined> {
    const { promise, reject } = Promise.withResolvers<never>()
    // A failure of the first message is answered, and *errors* logs it. For further ones the server
    // names the plugin.
    const what = this.#isBegun ? 'the next' : `plugin/${this.plugin}: the first`
    const late = new ServerError('STREAM_TIMEOUT', `${what} message of a stream does not come`)
    this.#isBegun = true
    const timer = setTimeout(() => reject(late), NEXT_MESSAGE_MS)
    try {
      const { done, value } = await Promise.race([this.#iterator.next(), promise])
      if (done !== true) return alone(value)
      this.#isOver = true
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    void this.#close()
  }

  /** Not waited for: the client has already got all that it gets. */
  async #close(): Promise<void> {
    try {
      await this.#iterator.return?.()
    } catch {
      // Its failure is ignored for the same reason.
    }
  }
}

const iteratorOf = (messages: AsyncIterable<Reply>): AsyncIterator<Reply> => {
  if (typeof messages?.[Symbol.asyncIterator] !== 'function')
    throw new TypeError('what stream gives is no AsyncIterable: an async generator makes one')
  return messages[Symbol.asyncIterator]()
}

/** Messages attached to a message of a stream would be lost: a stage has forgotten to read them. */
const alone = (message: Reply): Reply => {
  if (!(message instanceof Reply)) throw new TypeError('a message of a stream is no reply')
  if (message.following !== undefined)
    throw new RangeError('a message of a stream brings others: ask for them, and give each')
  return message
}

/**
 * Applies `f` to a reply and to each further message of it, for stages that change all of them.
 * `edit` changes the first message only.
 */
export const eachMessage = (reply: Reply, f: (message: Reply) => Reply): Reply => {
  const { following } = reply
  if (following === undefined) return f(reply)
  return f(reply).followedBy({
    async next() {
      const message = await following.next()
      return message && f(message)
    },
    end: () => following.end(),
  })
}

/**
 * Iterates over a reply and its further messages, for a stage that passes them on in its own
 * stream.
 */
export async function* messagesOf(reply: Reply): AsyncGenerator<Reply, void> {
  const { following } = reply
  try {
    yield reply.followedBy(undefined)
    for (let next = await following?.next(); next !== undefined; next = await following?.next())
      yield next
  } finally {
    following?.end()
  }
}
