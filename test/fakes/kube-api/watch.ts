// One open watch: turns changes into events and writes them, and misbehaves on demand. It knows
// nothing of HTTP besides the stream it writes to.

import type { Encoding } from './encoding.ts'
import type { Resource } from './resources.ts'
import type { Selection } from './selection.ts'
import type { StatusError } from './status-error.ts'
import type { Change } from './table.ts'
import type { Version } from './version.ts'

/** Events that go out in one piece: writes are dear. */
const EVENTS_PER_WRITE = 500
/** What a client may leave unread before the server gives it up, as the real one does. */
const UNREAD_BYTES_LIMIT = 256 * 1024 * 1024

const NOTHING = Buffer.alloc(0)

/** Where the events go: a response, and the means to break it. */
export interface WatchStream {
  write(bytes: string | Buffer, written?: () => void): unknown
  end(): unknown
  /** Bytes that the client has yet to take. */
  readonly unreadBytes: number
  /** Breaks the connection with a TCP reset. */
  reset(): void
  /** Breaks the connection without ending the response. */
  destroy(): void
}

export interface WatchOptions {
  readonly resource: Resource
  readonly selection: Selection
  readonly wantsBookmarks: boolean
  readonly encoding: Encoding
  /** Asked for each event: whether it is to be sent twice. */
  readonly sendsTwice: () => boolean
}

export class Watch {
  readonly resource: Resource
  readonly wantsBookmarks: boolean
  readonly #selection: Selection
  readonly #encoding: Encoding
  readonly #sendsTwice: () => boolean
  readonly #stream: WatchStream
  #isSilent = false

  constructor(
    stream: WatchStream,
    { resource, selection, wantsBookmarks, encoding, sendsTwice }: WatchOptions,
  ) {
    this.resource = resource
    this.wantsBookmarks = wantsBookmarks
    this.#selection = selection
    this.#encoding = encoding
    this.#sendsTwice = sendsTwice
    this.#stream = stream
  }

  #write(bytes: string | Buffer, written?: () => void): void {
    if (this.#isSilent || bytes.length === 0) return
    this.#stream.write(bytes, written)
  }

  /** What there is at the start, as if it had just come. */
  present(versions: readonly Version[]): void {
    const matching = versions.filter(version => this.#selection.matches(version))
    this.#writeAll(matching.map(version => this.#encoding.event('ADDED', version)))
  }

  deliver(changes: readonly Change[]): void {
    this.#writeAll(changes.map(change => this.#eventOf(change)))
    if (this.#stream.unreadBytes > UNREAD_BYTES_LIMIT) this.#stream.destroy()
  }

  #writeAll(events: readonly Buffer[]): void {
    const sent = this.#sendsTwice() ? events.flatMap(event => [event, event]) : events
    for (let at = 0; at < sent.length; at += EVENTS_PER_WRITE)
      this.#write(Buffer.concat(sent.slice(at, at + EVENTS_PER_WRITE)))
  }

  /** Coming into the selection is ADDED, leaving it DELETED; empty for what was never in it. */
  #eventOf(change: Change): Buffer {
    const { current, previous } = change
    const isIn = current !== undefined && this.#selection.matches(current)
    const wasIn = previous !== undefined && this.#selection.matches(previous)
    if (isIn) return change.event(this.#encoding, wasIn ? 'MODIFIED' : 'ADDED')
    return wasIn ? change.event(this.#encoding, 'DELETED') : NOTHING
  }

  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): void {
    const { emptyBody } = this.resource
    const metadata = {
      resourceVersion: `${revision}`,
      creationTimestamp: null,
      ...(annotations && { annotations }),
    }
    this.#write(this.#encoding.bareEvent('BOOKMARK', this.resource, { metadata, ...emptyBody }))
  }

  /** An ERROR event, and the end. */
  fail(error: StatusError): void {
    this.#write(this.#encoding.errorEvent(error.status))
    this.end()
  }

  /** Ends the response in good order, unless the watch is silent. */
  end(): void {
    if (!this.#isSilent) this.#stream.end()
  }

  /** From here on not a byte is sent; the connection stays. */
  silence(): void {
    this.#isSilent = true
  }

  /** Sends text as it is. */
  garble(text: string): void {
    this.#write(text)
  }

  reset(): void {
    this.#stream.reset()
  }

  /** Sends the first part of an event, and breaks the connection once the kernel has it. */
  breakMidLine(): void {
    this.#isSilent = false
    this.#write(this.#encoding.cutEvent, () => this.#stream.destroy())
  }
}
