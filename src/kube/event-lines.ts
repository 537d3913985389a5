// The events of a watch in JSON: a line each.

import { LineSplitter } from './line-splitter.ts'

/** Called with each event as it comes: type, object, which is borrowed, and in JSON its line. */
export type TakeEvent = (type: unknown, object: unknown, line?: string) => void

/** Takes the bytes of a watch as they come. */
export interface EventReader {
  /** Throws a KubeError for what cannot be read, and what the taker throws. */
  push(chunk: Uint8Array): void
}

export class EventLines implements EventReader {
  readonly #lines: LineSplitter

  /** `onGarbled` gets lines that are no JSON. */
  constructor(take: TakeEvent, onGarbled: (line: string) => void) {
    this.#lines = new LineSplitter(line => {
      if (line.trim() === '') return
      let event: { readonly type?: unknown; readonly object?: unknown } | null
      try {
        event = JSON.parse(line)
      } catch {
        onGarbled(line)
        return
      }
      take(event?.type, event?.object, line)
    })
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk)
  }
}
