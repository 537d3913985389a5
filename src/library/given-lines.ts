// Log lines of a server that runs in somebody else's process: to a function of his, to standard
// error, or nowhere. Never to standard output, which is the program's own.

import { messageOf } from '../chain/errors.ts'
import { escapeLine } from '../log/log.ts'
import type { LineSink } from '../log/logger.ts'
import type { ServerOptions } from './server-options.ts'

const WORTH_TELLING = /^\[(?:WARNING|ERROR|FATAL)\] /

export const linesFor = (log: ServerOptions['log']): LineSink => {
  if (log === false) return new GivenLines(() => {})
  if (log === 'stderr') return new GivenLines(toStderr)
  if (log !== undefined) return new GivenLines(guarded(log))
  return new GivenLines(line => {
    if (WORTH_TELLING.test(line)) toStderr(line)
  })
}

const toStderr = (line: string): void => void process.stderr.write(`${line}\n`)

/** A function that fails costs its line, and is told of once. */
const guarded = (log: (line: string) => void): ((line: string) => void) => {
  let isTold = false
  const tell = (error: unknown): void => {
    if (isTold) return
    isTold = true
    process.emitWarning(`the function 'log' of a DNS server fails: ${messageOf(error)}`)
  }
  return line => {
    try {
      // One that is asynchronous gives a promise, and nobody else would look at it.
      const outcome: unknown = log(line)
      if (outcome !== undefined) Promise.resolve(outcome).catch(tell)
    } catch (error) {
      tell(error)
    }
  }
}

class GivenLines implements LineSink {
  readonly #give: (line: string) => void

  constructor(give: (line: string) => void) {
    this.#give = give
  }

  raw(line: string): void {
    this.#give(escapeLine(line))
  }

  rawBytes(bytes: Uint8Array, length: number): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1')
    for (const line of text.split('\n')) if (line !== '') this.#give(line)
  }
}
