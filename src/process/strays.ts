// Uncaught errors on main: a promise that rejects without a handler, an exception in the callback
// of a timer or a socket. The shards answer without main, and the error concerns one callback of
// one plugin: ending the process would take all shards from their clients. So the error is logged
// under the name of the plugin that its stack names, or that has begun what fails, and main goes
// on.

import { oneLine } from '../base/text/one-line.ts'
import { messageOf, PluginFault, stackOf } from '../chain/errors.ts'
import type { Logger } from '../log/logger.ts'
import { PacedLines } from '../log/paced-lines.ts'
import { faultOfStray } from '../outside/blame.ts'

const MOST_CHARACTERS = 1000

export interface StrayParts {
  readonly nowMs: () => number
  readonly log: Pick<Logger, 'error'>
  readonly count: () => void
}

export class Strays {
  readonly #parts: StrayParts
  /** By plugin. */
  readonly #lines = new PacedLines()

  constructor(parts: StrayParts) {
    this.#parts = parts
  }

  tell(error: unknown): void {
    const { nowMs, log, count } = this.#parts
    count()
    const fault = faultOfStray(error)
    const plugin = fault instanceof PluginFault ? fault.plugin : ''
    const more = this.#lines.next(plugin, nowMs())
    if (more !== undefined) log.error(`Recovered from panic in main: ${textOf(fault)}${more}`)
  }

  /** Handles uncaught errors from now on. Returns a function that ends this. */
  listen(): () => void {
    const tell = (error: unknown): void => this.tell(error)
    process.on('unhandledRejection', tell)
    process.on('uncaughtException', tell)
    return () => {
      process.off('unhandledRejection', tell)
      process.off('uncaughtException', tell)
    }
  }
}

/** If no plugin is to blame, it is our own defect: the text then has the stack. */
const textOf = (fault: unknown): string => {
  const text = fault instanceof PluginFault ? messageOf(fault) : stackOf(fault) || messageOf(fault)
  return oneLine(text.slice(0, MOST_CHARACTERS))
}
