// Logs and counts faults of plugins while queries are answered. Every panic is counted. The log has
// at most one line per plugin and second, however many queries fail.

import type { Clock } from '../../base/time/clock.ts'
import {
  faultByStack,
  isA,
  messageOf,
  PluginFault,
  ServerError,
  stackOf,
} from '../../chain/errors.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Logger } from '../../log/logger.ts'
import { PacedLines } from '../../log/paced-lines.ts'
import { faultOfStray } from '../../outside/blame.ts'

const MOST_CHARACTERS = 1000

export interface FaultsParts {
  readonly clock: Clock
  /** Writes lines without a prefix. */
  readonly log: Pick<Logger, 'error'>
  /** `errors { stacktrace }`. */
  readonly stacktrace: boolean
  readonly countPanic: () => void
}

/** The faults of one generation. */
export class Faults {
  readonly #parts: FaultsParts
  /** By plugin. */
  readonly #lines = new PacedLines()

  constructor(parts: FaultsParts) {
    this.#parts = parts
  }

  /**
   * A query, or a question of the server's own for it, has failed with `error`; `reply` is one that
   * could not be sent. Operating failures are not logged here, but by *errors*.
   */
  failed(query: Query, error: unknown, reply?: Reply): void {
    if (isA(ServerError, error)) return
    const server = query.listener.label
    const { trail } = query
    this.#parts.countPanic()
    if (isA(PluginFault, error)) this.#tell(error, server)
    else if (trail === undefined) this.#tell(faultByStack(error), server)
    else void trail.faultFor(error, reply).then(fault => this.#tell(fault, server))
  }

  /** `server` is the listener's label; '' where there is none. */
  panic(error: unknown, server: string): void {
    this.#parts.countPanic()
    this.#tell(error, server)
  }

  /**
   * A promise without a handler has rejected, or a listener of a query's signal has thrown. An
   * operating failure that is no longer waited for is ignored.
   */
  stray(error: unknown): void {
    const fault = faultOfStray(error)
    if (!isA(ServerError, fault)) this.panic(fault, '')
  }

  #tell(error: unknown, server: string): void {
    const plugin = isA(PluginFault, error) ? error.plugin : ''
    const where = server === '' ? '' : ` "${server}"`
    this.#say(
      plugin,
      `Recovered from panic in server:${where} ${line(messageOf(error))}`,
      this.#parts.stacktrace ? stackText(error) : '',
    )
  }

  /**
   * Logs a failure that is no panic and that *errors* does not see. `plugin` is '' if it is
   * unknown.
   */
  warn(plugin: string, text: string): void {
    this.#say(plugin, `${prefixOf(plugin)}${line(text)}`)
  }

  #say(plugin: string, text: string, stack = ''): void {
    const { clock, log } = this.#parts
    const more = this.#lines.next(plugin, clock.ms())
    if (more !== undefined) log.error(`${text}${more}${stack}`)
  }
}

/** The prefix of a line on that plugin; '' for none. */
export const prefixOf = (plugin: string): string => (plugin === '' ? '' : `plugin/${plugin}: `)

/** One short line: a plugin's text may contain data from a client. */
const line = (text: string): string => text.slice(0, MOST_CHARACTERS).replaceAll(/[\r\n]+/g, ' ')

/** The stack of an error, with a space before it; '' if it has none. */
const stackText = (error: unknown): string => {
  const stack = stackOf(isA(PluginFault, error) ? error.cause : error)
  return stack && ` ${stack}`
}
