// One watch, from a resourceVersion until it ends: events into a sink, and the newest version seen.
// The reflector decides when to watch again.

import { type AskParts, ask, takeTurn, yieldToLoop } from './get.ts'
import { KubeError, statusError } from './kube-error.ts'
import { versionOf } from './kube-object.ts'
import { LineSplitter } from './line-splitter.ts'
import type { GuardedSink } from './sink.ts'

const HEAD_LIMIT_MS = 30_000
/** The server ends a watch after 5 to 10 minutes, so that not all clients come back at once. */
const MINIMUM_SECONDS = 300
const SPREAD_SECONDS = 300
const IDLE_MARGIN_MS = 30_000
/**
 * Servers that send bookmarks do so each minute: after the first one, silence shows much earlier
 * that a connection is dead.
 */
const IDLE_WITH_BOOKMARKS_MS = 150_000

export class Watch {
  readonly #parts: AskParts
  readonly #sink: GuardedSink
  readonly #timeoutSeconds: number
  readonly #mayRewind: boolean
  #version: string
  #hasBookmarks = false
  #hasEvents = false
  #isGarbled = false
  #headMs: number | undefined

  /**
   * `random` is from 0 up to 1. `mayRewind`: a line that is no JSON ends the watch, so that the
   * event it was comes again with the next one.
   */
  constructor(
    parts: AskParts,
    sink: GuardedSink,
    version: string,
    random: number,
    mayRewind: boolean,
  ) {
    this.#mayRewind = mayRewind
    this.#parts = parts
    this.#sink = sink
    this.#version = version
    this.#timeoutSeconds = MINIMUM_SECONDS + Math.floor(random * (SPREAD_SECONDS + 1))
  }

  /** What the next watch begins from. */
  get version(): string {
    return this.#version
  }

  get hasEvents(): boolean {
    return this.#hasEvents
  }

  /** It ended for a line that is no JSON: watch on from `version` at once. */
  get isGarbled(): boolean {
    return this.#isGarbled
  }

  /** Since the server said yes; 0 if it did not. */
  get ageMs(): number {
    return this.#headMs === undefined ? 0 : this.#parts.timers.nowMs() - this.#headMs
  }

  /**
   * Resolves when the server ends the watch as it should; rejects with a KubeError. `onHead` when
   * it begins, `onEvent` after each chunk with an event.
   */
  async run(onHead: () => void, onEvent: () => void, stop: AbortSignal): Promise<void> {
    const query = {
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version,
      timeoutSeconds: String(this.#timeoutSeconds),
    }
    const giveBack = await takeTurn(this.#parts, stop)
    const lines = new LineSplitter(text => this.#take(text))
    const options = {
      verb: 'WATCH',
      query,
      headMs: HEAD_LIMIT_MS,
      idleMs: () =>
        this.#hasBookmarks ? IDLE_WITH_BOOKMARKS_MS : this.#timeoutSeconds * 1000 + IDLE_MARGIN_MS,
      onHead: () => {
        giveBack()
        this.#headMs = this.#parts.timers.nowMs()
        onHead()
      },
    } as const
    try {
      for await (const chunk of ask(this.#parts, options, stop)) {
        this.#takeChunk(lines, chunk)
        if (this.#hasEvents) onEvent()
        if (this.#isGarbled) return
        await yieldToLoop()
      }
    } finally {
      giveBack()
    }
  }

  #takeChunk(lines: LineSplitter, chunk: Uint8Array): void {
    try {
      lines.push(chunk)
    } finally {
      // An ERROR event ends the watch, and the events before it count.
      this.#sink.flush()
    }
  }

  /** Throws the KubeError of an ERROR event. */
  #take(text: string): void {
    if (text.trim() === '' || this.#isGarbled) return
    let event: { readonly type?: unknown; readonly object?: unknown } | null
    try {
      event = JSON.parse(text)
    } catch {
      this.#sink.complain('line', 'left out a line of a watch that is no JSON', text)
      this.#isGarbled = this.#mayRewind
      return
    }
    const { type, object } = event ?? {}
    if (type === 'ERROR') throw statusError(object, this.#parts.connection.url.origin)
    if (type === 'ADDED' || type === 'MODIFIED') this.#sink.put(object)
    else if (type === 'DELETED') this.#sink.remove(object)
    else if (type === 'BOOKMARK') this.#takeBookmark(object)
    else {
      this.#sink.complain('type', 'left out an event of a watch of no known type', text)
      return
    }
    this.#hasEvents = true
    this.#version = versionOf(object) ?? this.#version
  }

  /**
   * A bookmark of before our version: the server was restored from a backup. It would be silent
   * until it has caught up, and then leave gaps.
   */
  #takeBookmark(object: unknown): void {
    this.#hasBookmarks = true
    const version = versionOf(object)
    if (version !== undefined && isBefore(version, this.#version))
      throw new KubeError(
        'status',
        `the API server is back at version ${version}, before ${this.#version}`,
        { isExpired: true },
      )
  }
}

/** Versions are decimal numbers, of any length; what is not is not compared. */
const isBefore = (version: string, other: string): boolean =>
  /^\d+$/.test(version) && /^\d+$/.test(other) && BigInt(version) < BigInt(other)
