// Sends a shard's log lines to main, which passes them to the program that runs the server as a
// library. Main acknowledges them by bytes. Beyond a limit of unacknowledged bytes lines wait here,
// and if too many wait, lines are lost, as with standard output.

import type { MessagePort } from 'node:worker_threads'
import { LogSink } from '../log/log.ts'
import type { FromShard } from './messages.ts'

/** Sent and not acknowledged yet. */
const MOST_BYTES = 256 * 1024

export class HandedLines {
  readonly sink: LogSink
  #byteCount = 0

  constructor(port: MessagePort) {
    this.sink = new LogSink((bytes, offset, length) => {
      if (this.#byteCount >= MOST_BYTES)
        throw Object.assign(new Error('main takes no more'), { code: 'EAGAIN' })
      const lines = new Uint8Array(bytes.subarray(offset, offset + length))
      port.postMessage({ kind: 'lines', bytes: lines } satisfies FromShard, [lines.buffer])
      this.#byteCount += length
      return length
    }, 'they are not taken fast enough')
  }

  /** Main has processed so many bytes of them. */
  taken(byteCount: number): void {
    this.#byteCount -= byteCount
  }
}
