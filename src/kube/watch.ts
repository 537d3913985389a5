// One watch until it ends: events into a sink, and the newest version seen. It begins from a
// resourceVersion, or with a list: everything there is as events, and a bookmark at its end (a
// streaming list). The reflector decides when to watch again.

import { EventLines, type EventReader } from './event-lines.ts'
import { type AskParts, ask, takeTurn, yieldToLoop } from './get.ts'
import { KubeError, statusError } from './kube-error.ts'
import { versionOf } from './kube-object.ts'
import { EventFrames } from './protobuf/event-frames.ts'
import { MetadataBytes } from './protobuf/object-bytes.ts'
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
/** The same limits as for other lists. */
const LIST_HEAD_LIMIT_MS = 60_000
const LIST_IDLE_LIMIT_MS = 60_000

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

export interface WatchOptions {
  /** What to watch from; undefined: with a list first. */
  readonly version: string | undefined
  /** From 0 up to 1. */
  readonly random: number
  /** A line that is no JSON ends the watch, so that the event it was comes again with the next. */
  readonly mayRewind: boolean
  readonly takesProtobuf: boolean
}

/** What a watch tells while it runs. */
export interface WatchSteps {
  /** The server has said yes. */
  begun(): void
  /** The list at its beginning is whole. */
  listed(): void
  /** A chunk with an event has been taken. */
  told(): void
}

export class Watch {
  readonly #parts: AskParts
  readonly #sink: GuardedSink
  readonly #options: WatchOptions
  readonly #timeoutSeconds: number
  #version: string | undefined
  #isListing: boolean
  #hasListed = false
  #hasBookmarks = false
  #hasEvents = false
  #isGarbled = false
  #isProtobuf = false
  #headMs: number | undefined

  constructor(parts: AskParts, sink: GuardedSink, options: WatchOptions) {
    this.#parts = parts
    this.#sink = sink
    this.#options = options
    this.#version = options.version
    this.#isListing = options.version === undefined
    this.#timeoutSeconds = MINIMUM_SECONDS + Math.floor(options.random * (SPREAD_SECONDS + 1))
  }

  /** What the next watch begins from; undefined: nothing has been listed. */
  get version(): string | undefined {
    return this.#version
  }

  get hasEvents(): boolean {
    return this.#hasEvents
  }

  /** It ended for a line that is no JSON: watch on from `version` at once. */
  get isGarbled(): boolean {
    return this.#isGarbled
  }

  get isProtobuf(): boolean {
    return this.#isProtobuf
  }

  /** Since the server said yes; 0 if it did not. */
  get ageMs(): number {
    return this.#headMs === undefined ? 0 : this.#parts.timers.nowMs() - this.#headMs
  }

  /** Resolves when the server ends the watch as it should; rejects with a KubeError. */
  async run(steps: WatchSteps, stop: AbortSignal): Promise<void> {
    const giveBack = await takeTurn(this.#parts, stop)
    let reader: EventReader | undefined
    const options = {
      verb: 'WATCH',
      query: this.#query,
      takesProtobuf: this.#options.takesProtobuf,
      headMs: this.#isListing ? LIST_HEAD_LIMIT_MS : HEAD_LIMIT_MS,
      idleMs: () => this.#idleMs,
      onHead: (isProtobuf: boolean) => {
        reader = this.#newReader(isProtobuf)
        // A list keeps its turn to its end.
        if (!this.#isListing) giveBack()
        this.#headMs = this.#parts.timers.nowMs()
        if (this.#isListing) this.#sink.listBegins()
        steps.begun()
      },
    } as const
    try {
      for await (const chunk of ask(this.#parts, options, stop)) {
        try {
          reader?.push(chunk)
        } finally {
          // An ERROR event ends the watch, and the events before it count.
          this.#sink.flush()
          if (this.#hasListed) giveBack()
          this.#tell(steps)
        }
        if (this.#isGarbled) return
        await yieldToLoop()
      }
    } finally {
      giveBack()
    }
    if (this.#isListing)
      throw new KubeError(
        'body',
        `${this.#parts.connection.url.origin} ends a list in the middle of its events`,
      )
  }

  get #query(): Record<string, string> {
    const query = {
      watch: '1',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(this.#timeoutSeconds),
    }
    return this.#version === undefined
      ? { ...query, sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
      : { ...query, resourceVersion: this.#version }
  }

  get #idleMs(): number {
    if (this.#isListing) return LIST_IDLE_LIMIT_MS
    return this.#hasBookmarks
      ? IDLE_WITH_BOOKMARKS_MS
      : this.#timeoutSeconds * 1000 + IDLE_MARGIN_MS
  }

  #newReader(isProtobuf: boolean): EventReader {
    const take = (type: unknown, object: unknown, line?: string): void =>
      this.#take(type, object, line)
    this.#isProtobuf = isProtobuf
    return isProtobuf ? new EventFrames(take) : new EventLines(take, line => this.#garbled(line))
  }

  #tell(steps: WatchSteps): void {
    if (this.#hasListed) {
      this.#hasListed = false
      steps.listed()
    }
    if (this.#hasEvents) steps.told()
  }

  #garbled(line: string): void {
    if (this.#isGarbled) return
    this.#sink.complain('line', 'left out a line of a watch that is no JSON', line)
    // A list cannot be rewound, and goes on without it as other lists do.
    this.#isGarbled = this.#options.mayRewind && !this.#isListing
  }

  /** Throws the KubeError of an ERROR event. */
  #take(type: unknown, object: unknown, line?: string): void {
    if (this.#isGarbled) return
    if (type === 'ERROR') throw statusError(object, this.#parts.connection.url.origin)
    if (type === 'ADDED' || type === 'MODIFIED') this.#sink.put(object)
    else if (type === 'DELETED') this.#sink.remove(object)
    else if (type === 'BOOKMARK') this.#takeBookmark(object)
    else {
      const shown = line ?? String(type)
      this.#sink.complain('type', 'left out an event of a watch of no known type', shown)
      return
    }
    if (this.#isListing) return
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
    if (this.#isListing) {
      if (version === undefined || !isInitialEnd(object)) return
      this.#isListing = false
      this.#hasListed = true
      this.#sink.listEnds()
      return
    }
    if (version !== undefined && isBefore(version, this.#version ?? ''))
      throw new KubeError(
        'status',
        `the API server is back at version ${version}, before ${this.#version}`,
        { isExpired: true },
      )
  }
}

/** Whether the events before this bookmark were all there is. */
const isInitialEnd = (bookmark: unknown): boolean => {
  const { metadata } = (bookmark ?? {}) as {
    readonly metadata?: { readonly annotations?: Readonly<Record<string, unknown>> | null }
  }
  return metadata instanceof MetadataBytes
    ? metadata.annotation(INITIAL_EVENTS_END) === 'true'
    : metadata?.annotations?.[INITIAL_EVENTS_END] === 'true'
}

/** Versions are decimal numbers, of any length; what is not is not compared. */
const isBefore = (version: string, other: string): boolean =>
  /^\d+$/.test(version) && /^\d+$/.test(other) && BigInt(version) < BigInt(other)
