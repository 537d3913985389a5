// Cuts the bytes of a watch into lines, one event each. The caller interprets the lines.

import { KubeError } from './kube-error.ts'
import { ITEM_LIMIT_BYTES } from './list-splitter.ts'

const NEWLINE = 0x0a

export class LineSplitter {
  readonly #onLine: (text: string) => void
  #parts: Buffer[] = []
  #size = 0

  /**
   * A line without its end, when the stream is over, is not given: it was cut off, and comes again
   * with the next watch.
   */
  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine
  }

  /** Throws a KubeError for a line beyond the limit. `chunk` is not kept. */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start)
      this.#size += (end < 0 ? bytes.length : end) - start
      if (this.#size > ITEM_LIMIT_BYTES)
        throw new KubeError(
          'body',
          `the API server sends an event larger than ${ITEM_LIMIT_BYTES} bytes`,
        )
      if (end < 0) {
        if (start < bytes.length) this.#parts.push(Buffer.from(bytes.subarray(start)))
        return
      }
      const parts = this.#parts
      this.#parts = []
      this.#size = 0
      this.#onLine(
        parts.length === 0
          ? bytes.toString('utf8', start, end)
          : Buffer.concat([...parts, bytes.subarray(start, end)]).toString('utf8'),
      )
      start = end + 1
    }
  }
}
