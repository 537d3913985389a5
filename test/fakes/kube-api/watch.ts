// One open watch: turns changes into lines and writes them, and misbehaves on demand. It knows
// nothing of HTTP besides the stream it writes to.

import type { Resource } from './resources.ts'
import type { Selection } from './selection.ts'
import type { StatusError } from './status-error.ts'
import type { Change } from './table.ts'
import type { Version } from './version.ts'

/** Lines that go out in one piece: writes are dear, and so are very long strings. */
const LINES_PER_WRITE = 500
/** What a client may leave unread before the server gives it up, as the real one does. */
const UNREAD_BYTES_LIMIT = 256 * 1024 * 1024

/** Where the lines go: a response, and the means to break it. */
export interface WatchStream {
  write(text: string, written?: () => void): unknown
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
  /** Asked for each event: whether it is to be sent twice. */
  readonly sendsTwice: () => boolean
}

export class Watch {
  readonly resource: Resource
  readonly wantsBookmarks: boolean
  readonly #selection: Selection
  readonly #sendsTwice: () => boolean
  readonly #stream: WatchStream
  #isSilent = false

  constructor(
    stream: WatchStream,
    { resource, selection, wantsBookmarks, sendsTwice }: WatchOptions,
  ) {
    this.resource = resource
    this.wantsBookmarks = wantsBookmarks
    this.#selection = selection
    this.#sendsTwice = sendsTwice
    this.#stream = stream
  }

  #write(text: string, written?: () => void): void {
    if (this.#isSilent || text === '') return
    this.#stream.write(text, written)
  }

  /** What there is at the start, as if it had just come. */
  present(versions: readonly Version[]): void {
    const matching = versions.filter(version => this.#selection.matches(version))
    this.#writeAll(matching.map(version => `{"type":"ADDED","object":${version.text}}\n`))
  }

  deliver(changes: readonly Change[]): void {
    this.#writeAll(changes.map(change => this.#lineOf(change)))
    if (this.#stream.unreadBytes > UNREAD_BYTES_LIMIT) this.#stream.destroy()
  }

  #writeAll(lines: readonly string[]): void {
    const sent = this.#sendsTwice() ? lines.flatMap(line => [line, line]) : lines
    for (let at = 0; at < sent.length; at += LINES_PER_WRITE)
      this.#write(sent.slice(at, at + LINES_PER_WRITE).join(''))
  }

  /** Coming into the selection is ADDED, leaving it DELETED; empty for what was never in it. */
  #lineOf(change: Change): string {
    const { current, previous } = change
    const isIn = current !== undefined && this.#selection.matches(current)
    const wasIn = previous !== undefined && this.#selection.matches(previous)
    if (isIn) return change.line(wasIn ? 'MODIFIED' : 'ADDED')
    return wasIn ? change.line('DELETED') : ''
  }

  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): void {
    const { kind, apiVersion, emptyBody } = this.resource
    const metadata = {
      resourceVersion: `${revision}`,
      creationTimestamp: null,
      ...(annotations && { annotations }),
    }
    this.#write(
      `${JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion, metadata, ...emptyBody } })}\n`,
    )
  }

  /** An ERROR event, and the end. */
  fail(error: StatusError): void {
    this.#write(`${JSON.stringify({ type: 'ERROR', object: error.status })}\n`)
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
    this.#write('{"type":"MODIFIED","object":{"kind":', () => this.#stream.destroy())
  }
}
