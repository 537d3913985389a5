// What the log and the metrics say of plugins that fail while queries are answered: every panic is
// counted, and a plugin has one line in a second, however many queries come.

import type { Clock } from '../../base/clock.ts'
import { faultByStack, isA, messageOf, PluginFault, ServerError } from '../../chain/errors.ts'
import type { Query } from '../../chain/query.ts'
import type { Reply } from '../../chain/reply.ts'
import type { Logger } from '../../log/logger.ts'

/** Between two lines on one plugin. */
const PAUSE_MS = 1000
const MOST_CHARACTERS = 1000

export interface FaultsParts {
  readonly clock: Clock
  /** Without a prefix. */
  readonly log: Pick<Logger, 'error'>
  /** `errors { stacktrace }`. */
  readonly stacktrace: boolean
  readonly countPanic: () => void
}

interface Said {
  ms: number
  /** Since then. */
  unsaid: number
}

/** Of one generation. */
export class Faults {
  readonly #parts: FaultsParts
  /** By plugin. */
  readonly #said = new Map<string, Said>()

  constructor(parts: FaultsParts) {
    this.#parts = parts
  }

  /**
   * What a query, or what the server asked itself for it, has failed with; `reply` could not be
   * sent. An operating failure is for *errors* to log.
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
   * A promise that nobody has waited for has failed, or a listener of a query's signal. An
   * operating failure is nobody's once nobody waits for it.
   */
  stray(error: unknown): void {
    const fault = faultByStack(error)
    if (!isA(ServerError, fault)) this.panic(fault, '')
  }

  #tell(error: unknown, server: string): void {
    const plugin = isA(PluginFault, error) ? error.plugin : ''
    const where = server === '' ? '' : ` "${server}"`
    this.#say(
      plugin,
      `Recovered from panic in server:${where} ${line(messageOf(error))}`,
      this.#parts.stacktrace ? stackOf(error) : '',
    )
  }

  /** What is no panic, and what *errors* does not see; '' for who cannot be told. */
  warn(plugin: string, text: string): void {
    this.#say(plugin, `${prefixOf(plugin)}${line(text)}`)
  }

  #say(plugin: string, text: string, stack = ''): void {
    const { clock, log } = this.#parts
    const nowMs = clock.ms()
    const said = this.#said.get(plugin)
    if (said !== undefined && nowMs - said.ms < PAUSE_MS) {
      said.unsaid++
      return
    }
    this.#said.set(plugin, { ms: nowMs, unsaid: 0 })
    const more = said === undefined || said.unsaid === 0 ? '' : ` (and ${said.unsaid} more before)`
    log.error(`${text}${more}${stack}`)
  }
}

/** Of a line on that plugin; '' for none. */
export const prefixOf = (plugin: string): string => (plugin === '' ? '' : `plugin/${plugin}: `)

/** What a plugin says may hold what a client has sent. */
const line = (text: string): string => text.slice(0, MOST_CHARACTERS).replaceAll(/[\r\n]+/g, ' ')

/** Where it was thrown; '' if it does not say. */
const stackOf = (error: unknown): string => {
  try {
    const thrown = isA(PluginFault, error) ? error.cause : error
    return thrown instanceof Error ? ` ${thrown.stack}` : ''
  } catch {
    // The stack may be anything of the plugin's making.
    return ''
  }
}
