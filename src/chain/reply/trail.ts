// The outcomes of all stages for one query, from the innermost outwards. Recording is cheap. It is
// read when something is wrong, to find the plugin that has failed, or that has not answered yet.

import { isA, MalformedReply, OtherQuestion, PluginFault } from '../errors.ts'
import { isOutcome } from './after.ts'
import { type Asking, Reply } from './reply.ts'

/**
 * Stages of one query, and of the server's own questions for it. Beyond these, only the first
 * outcome of each plugin that has none yet.
 */
const MOST_STAGES = 256

interface Settled {
  readonly value?: unknown
  readonly error?: unknown
}

export class Trail {
  /**
   * Pairs: a name, and the outcome of that stage. Made with room for a usual chain, since growing
   * the array costs more than everything else here.
   */
  readonly #notes: unknown[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  #length = 0
  /** The query of the stages, except those in `others`, which is by index of the note. */
  #query: Asking | undefined
  #others: Map<number, Asking> | undefined

  /** A stage that returns the outcome of the next stage for the same query adds nothing. */
  note(plugin: string, query: Asking, outcome: Reply | Promise<Reply>): void {
    const notes = this.#notes
    const length = this.#length
    if (length >= 2 * MOST_STAGES && notes.includes(plugin)) return
    if (length > 0 && notes[length - 1] === outcome && this.#askedAt(length - 2) === query) return
    this.#query ??= query
    if (query !== this.#query) {
      this.#others ??= new Map()
      this.#others.set(length, query)
    }
    notes[length] = plugin
    notes[length + 1] = outcome
    this.#length = length + 2
  }

  /** The fault of a plugin that has returned an object which is neither a reply nor a promise. */
  rubbish(): PluginFault | undefined {
    for (const [plugin, , outcome] of this.#each()) if (!isOutcome(outcome)) return noReply(plugin)
    return undefined
  }

  /** The innermost plugin that has not answered. */
  async waiting(): Promise<string | undefined> {
    for (const [plugin, , outcome] of this.#each())
      if ((await settled(outcome)) === undefined) return plugin
    return undefined
  }

  /**
   * The fault of the plugin that has thrown `error`, by which the query has ended, or that has
   * given the `reply` that failed with it.
   */
  async faultFor(error: unknown, reply?: Reply): Promise<unknown> {
    for (const [plugin, query, outcome] of this.#each()) {
      const given = await settled(outcome)
      if (given === undefined) continue
      if ('error' in given) {
        if (given.error === error) return new PluginFault(plugin, error)
      } else if (!(given.value instanceof Reply)) return noReply(plugin)
      else if (isMalformed(error, given.value)) return new PluginFault(plugin, error)
      else if (isA(OtherQuestion, error) && !given.value.isTo(query))
        return new PluginFault(plugin, error)
    }
    const giver = reply && (await this.giverOf(reply))
    return giver === undefined ? error : new PluginFault(giver, error)
  }

  /** The plugin that has made the reply or its further messages. */
  async giverOf(reply: Reply): Promise<string | undefined> {
    for (const [plugin, , outcome] of this.#each()) {
      const value = (await settled(outcome))?.value
      if (value instanceof Reply && isSame(value, reply)) return plugin
    }
    return undefined
  }

  *#each(): Generator<[string, Asking, unknown]> {
    const notes = this.#notes
    for (let at = 0; at < this.#length; at += 2)
      yield [notes[at] as string, this.#askedAt(at), notes[at + 1]]
  }

  #askedAt(at: number): Asking {
    return this.#others?.get(at) ?? this.#query!
  }
}

export const noReply = (plugin: string): PluginFault =>
  new PluginFault(plugin, 'its handler gave no reply')

const isMalformed = (error: unknown, { bytes }: Reply): boolean =>
  isA(MalformedReply, error) && bytes === error.bytes

const isSame = (a: Reply, b: Reply): boolean =>
  a === b || (a.following !== undefined && a.following === b.following)

/** The outcome's state; undefined: it has not settled yet. */
const settled = (outcome: unknown): Promise<Settled | undefined> =>
  Promise.race([outcome, PENDING]).then(
    value => (value === PENDING_MARK ? undefined : { value }),
    error => ({ error }),
  )

const PENDING_MARK = Symbol('pending')
const PENDING = Promise.resolve(PENDING_MARK)
