// Keeps one resource in step with the API server: list, then watch, for ever. A watch that breaks
// goes on from where it was. The resource is listed again only when the server no longer knows that
// point. Objects that were delivered are never removed because the server is away. Informers are
// known to die silently or to flood the server. So there is one loop, only stop() ends it, and
// every turn of it either made progress or waits.

import { randomInt } from 'node:crypto'
import { pause, type Timers } from '../base/time/timers.ts'
import type { Logger } from '../log/logger.ts'
import { Backoff } from './backoff.ts'
import type { KubeConnection } from './connection.ts'
import { type FailureBoard, FailureLog, failureSentence } from './failure.ts'
import type { Observe, Resource, Verb } from './get.ts'
import { KubeError } from './kube-error.ts'
import type { Limiter } from './limiter.ts'
import { list } from './list.ts'
import { DamagedProtobuf } from './protobuf/wire.ts'
import { GuardedSink, type Sink } from './sink.ts'
import { Watch } from './watch.ts'

/** A watch of that age without trouble forgives all earlier failures. */
const HEALTHY_MS = 120_000
/** A watch that ends earlier is a failure, and a younger one no sign of health. */
const SHORT_WATCH_MS = 1000
/**
 * Within this time, only one list is made without waiting first, however often the server lets
 * versions expire.
 */
const FREE_LIST_MS = 30_000
/**
 * Within this time, only one watch is ended for a line that is no JSON; further ones are passed
 * over.
 */
const FREE_REWIND_MS = 30_000
/** How often credentials are looked at in the pause behind a refusal. */
const LOOK_MS = 1000

/** What servers answer to a list as events, or to protobuf, that do not know how. */
const NOT_KNOWN: readonly number[] = [400, 405, 406, 415, 422, 501]
const NOT_GRANTED: readonly number[] = [401, 403]
/** Those of them that are about protobuf. */
const NOT_ACCEPTABLE: readonly number[] = [406, 415]

export interface ReflectorParts {
  readonly connection: KubeConnection
  readonly resource: Resource
  readonly sink: Sink
  readonly log: Logger
  readonly timers: Timers
  /** From 0 up to 1, for jitter. */
  readonly random: () => number
  readonly observe?: Observe
  readonly observeWait?: (seconds: number) => void
  /** Shared by all reflectors of one connection. */
  readonly limiter: Limiter
  /**
   * Whether the first list may come as the beginning of a watch, where the server knows how to;
   * default true.
   */
  readonly mayStream?: boolean
  /** Shared likewise; without it, each resource says for itself what it cannot have. */
  readonly failures?: FailureBoard | undefined
}

/** What has ended so many lists as events (a proxy's limit, a quota) would end the next as well. */
const MOST_BROKEN_STREAMS = 2
const RANDOM_STEPS = 2 ** 32

export const systemRandom = (): number => randomInt(RANDOM_STEPS) / RANDOM_STEPS

export class Reflector {
  /** Resolves at the end of the first list; never if stopped before. */
  readonly synced: Promise<void>
  readonly #parts: ReflectorParts
  readonly #sink: GuardedSink
  readonly #failures: FailureLog
  readonly #backoff: Backoff
  readonly #stopped = new AbortController()
  readonly #firstList = Promise.withResolvers<void>()
  #isSynced = false
  #running: Promise<void> | undefined
  /** Undefined: list first. */
  #version: string | undefined
  /** Of the data that the current request was made with. */
  #fingerprint = ''
  /** The server may be asked for lists as events, and for protobuf. */
  #mayStream: boolean
  #mayUseProtobuf: boolean
  /** The server has said yes to the last watch. */
  #hasBegun = false
  /** Lists as events that have failed one after the other. */
  #brokenStreams = 0
  #freeListMs = Number.NEGATIVE_INFINITY
  #freeRewindMs = Number.NEGATIVE_INFINITY

  constructor(parts: ReflectorParts) {
    this.#parts = parts
    this.#sink = new GuardedSink(parts.sink, parts.log, parts.resource.name)
    this.#failures = new FailureLog(parts.log, parts.resource.name, parts.failures)
    this.#backoff = new Backoff(parts.random)
    this.#mayStream = parts.mayStream ?? true
    this.#mayUseProtobuf = parts.resource.hasProtobuf ?? false
    this.synced = this.#firstList.promise
  }

  /** The first list is complete; stays true. */
  get isSynced(): boolean {
    return this.#isSynced
  }

  /** What keeps it from being in step now, in one sentence. */
  get failure(): string | undefined {
    return this.#failures.current
  }

  /** Once. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends all requests; resolves when none is open. The sink is not called after that. */
  async stop(): Promise<void> {
    this.#stopped.abort(new KubeError('aborted', 'stopped'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      const version = this.#version
      const isPaged = version === undefined && !this.#mayStream
      this.#fingerprint = await this.#parts.connection.fingerprint()
      try {
        if (isPaged) await this.#list()
        else await this.#watch(version)
      } catch (error) {
        if (signal.aborted) return
        if (this.#isLeftOff(error, version)) continue
        await this.#afterFailure(error, isPaged ? 'LIST' : 'WATCH')
      }
    }
  }

  async #list(): Promise<void> {
    const parts = { ...this.#parts, takesProtobuf: this.#mayUseProtobuf }
    this.#version = await list(parts, this.#sink, this.#stopped.signal)
    this.#listed()
  }

  #listed(): void {
    this.#failures.succeed()
    this.#brokenStreams = 0
    this.#isSynced = true
    this.#firstList.resolve()
  }

  async #watch(version: string | undefined): Promise<void> {
    const { timers, connection, random } = this.#parts
    const mayRewind = timers.nowMs() - this.#freeRewindMs >= FREE_REWIND_MS
    const takesProtobuf = this.#mayUseProtobuf
    const options = { version, random: random(), mayRewind, takesProtobuf }
    const watch = new Watch(this.#parts, this.#sink, options)
    let cancel = (): void => undefined
    this.#hasBegun = false
    const steps = {
      begun: (): void => {
        this.#hasBegun = true
        if (version !== undefined)
          cancel = timers.after(SHORT_WATCH_MS, () => this.#failures.succeed())
      },
      listed: () => this.#listed(),
      told: () => this.#failures.succeed(),
    }
    try {
      await watch.run(steps, this.#stopped.signal)
    } finally {
      cancel()
      this.#version = watch.version
      if (watch.hasEvents || watch.ageMs >= HEALTHY_MS) this.#backoff.reset()
    }
    if (watch.isGarbled) this.#freeRewindMs = timers.nowMs()
    else if (watch.ageMs < SHORT_WATCH_MS)
      throw new KubeError(
        'body',
        `${connection.url.origin} ends a watch as soon as it has begun: is the API server being stopped?`,
      )
  }

  /**
   * Remembers what of the ways to ask this server has failed: lists as events, protobuf. True if it
   * may be asked in another way at once.
   */
  #isLeftOff(error: unknown, version: string | undefined): boolean {
    if (!(error instanceof KubeError)) return false
    const isStream = version === undefined && this.#version === undefined && this.#mayStream
    const isUnknown = NOT_KNOWN.includes(error.status ?? 0)
    const isPage = version === undefined && !this.#mayStream
    const isRefused = NOT_ACCEPTABLE.includes(error.status ?? 0) || (isPage && isUnknown)
    if (this.#mayUseProtobuf && isRefused) {
      this.#mayUseProtobuf = false
      return true
    }
    if (error instanceof DamagedProtobuf) this.#mayUseProtobuf = false
    if (!isStream) return false
    // A server that is not there, or that grants us nothing, has said nothing of streams.
    const hasAnswered = error.status !== undefined || this.#hasBegun
    if (hasAnswered && !NOT_GRANTED.includes(error.status ?? 0)) this.#brokenStreams++
    const isOfStreams = isUnknown || error.kind === 'body' || error.kind === 'timeout'
    if (isOfStreams || this.#brokenStreams >= MOST_BROKEN_STREAMS) this.#mayStream = false
    return isUnknown
  }

  async #afterFailure(error: unknown, verb: Verb): Promise<void> {
    const { timers, resource } = this.#parts
    const known = error instanceof KubeError ? error : undefined
    // 400: the version is not one of this server's. Both ask for a list, and only then.
    if (verb === 'WATCH' && (known?.isExpired || known?.status === 400)) {
      this.#version = undefined
      const nowMs = timers.nowMs()
      if (known.isExpired && nowMs - this.#freeListMs >= FREE_LIST_MS) {
        this.#freeListMs = nowMs
        this.#parts.log.debug(`${resource.name}: listed again, for ${known.message}`)
        return
      }
    }
    const isRefusal = known?.isRefusal ?? false
    this.#failures.fail(failureSentence(error, resource, verb), {
      isServing: this.#isSynced,
      isRefusal,
      nowMs: timers.nowMs(),
    })
    if (isRefusal) return this.#pauseUntilReplaced(this.#backoff.refused())
    const delayMs =
      known?.kind === 'unreached'
        ? this.#backoff.unreached()
        : this.#backoff.next(known?.retryAfterMs)
    await pause(timers, delayMs, this.#stopped.signal)
  }

  /**
   * Ends as soon as there is something else to show, or to trust: then the refusal says nothing of
   * it.
   */
  async #pauseUntilReplaced(delayMs: number): Promise<void> {
    const { timers, connection } = this.#parts
    const replaced = new AbortController()
    let isOver = false
    let cancel = (): void => undefined
    const look = async (): Promise<void> => {
      if ((await connection.fingerprint()) === this.#fingerprint) lookLater()
      else replaced.abort()
    }
    const lookLater = (): void => {
      if (!isOver) cancel = timers.after(LOOK_MS, () => void look())
    }
    lookLater()
    await pause(timers, delayMs, AbortSignal.any([this.#stopped.signal, replaced.signal]))
    isOver = true
    cancel()
    if (replaced.signal.aborted) this.#backoff.reset()
  }
}
