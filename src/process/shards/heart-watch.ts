// Finds shards that hang. Time, and the kernel's data on a shard's thread, are arguments. The
// supervisor decides what to do.
//
// Wall time alone would measure the machine: a thread that is throttled, or waits for a processor,
// makes no progress either. So a shard is judged by its own thread. One that neither beats nor
// works (memory/heartbeat.ts) while it uses a second of processor time is in a loop that never
// returns. One that uses no processor time must have been waiting (for a lock or for input), at
// each look, for much longer. A thread that wants a processor and gets none is not judged. Time
// that passes while main itself is late counts little or nothing, since its cause is unknown.
//
// A shard without work is laid to rest: it beats once a second then, and is looked at about as
// often. Its next message ends that, and wakes main, so that what the message does is watched from
// its beginning. A shard at rest that misses its beat is not at rest any more either.

import {
  BEAT_MS,
  isAtRest,
  layToRest,
  REST_BEAT_MS,
  readBeat,
  readWork,
  rouse,
} from '../../memory/heartbeat.ts'
import type { ThreadReading } from './thread-reading.ts'

/** How often to look. */
const WATCH_MS = BEAT_MS
/** The same while all shards are at rest: seldom enough that each has beaten since. */
const REST_WATCH_MS = REST_BEAT_MS + REST_BEAT_MS / 2
/** A look that comes so much later than it should is late. */
const LATE_MS = WATCH_MS
/** Looks without work, after which a shard is laid to rest. */
const QUIET_LOOKS = 3
/**
 * Longest time that one interval between two looks counts. A machine that was suspended may count
 * the whole pause as processor time.
 */
const LOOK_CPU_LIMIT_MS = 2 * WATCH_MS

interface Patience {
  /** Processor time of the thread. */
  readonly cpuMs: number
  /** Time of waiting, by looks that were on time. */
  readonly waitMs: number
  /** Time without a beat, where the kernel gives no data on threads. */
  readonly silentMs: number
}
const SERVING: Patience = { cpuMs: 1000, waitMs: 20_000, silentMs: 20_000 }
/**
 * From a worker's start to its first beat or commit, and while it owes an answer: it loads the
 * program, or a configuration of any size.
 */
const LOADING: Patience = { cpuMs: 20_000, waitMs: 60_000, silentMs: 60_000 }
/** While halves of plugins are loaded or called. They may work, but not wait for so long. */
const AT_HALF: Patience = { ...LOADING, waitMs: 20_000 }
/**
 * Beats that an answer to a load or commit may take: half a minute at least, and longer for a shard
 * that seldom gets a processor. After so many turns of its event loop the answer is overdue.
 */
const ANSWER_BEATS = 300

/**
 * The work that a shard is doing, by sequence numbers: of the question in its black box, and of the
 * datagram in its batch.
 */
export interface Handling {
  readonly question: number
  readonly datagram: number
}

export type Reason = 'hang' | 'blocked' | 'load'

export interface Conviction {
  readonly shard: number
  /** A loop that never returns; a wait that never ends; a configuration that is not taken on. */
  readonly reason: Reason
}

export interface HeartWatchParts {
  readonly words: Int32Array
  /** First word of the heartbeats. */
  readonly offset: number
  readonly shards: number
  /** Shards per processor; makes wall limits longer where nothing is known of threads. */
  readonly crowding: number
  /** Called only for shards without a beat. */
  readonly readThread: (shard: number) => ThreadReading | undefined
  readonly handling: (shard: number) => Handling
  /** Called when a look was late: mostly for lack of processor time. */
  readonly onLate: () => void
  /** Called when a shard has been laid to rest: somebody must wait for the end of it. */
  readonly onRest: (shard: number) => void
}

/** The measurements while a shard does not beat. */
interface Silence {
  readonly handling: Handling
  /** The latest; undefined before the second look, and where nothing is known. */
  thread: ThreadReading | undefined
  usedMs: number
  waitedMs: number
}

interface Heart {
  beat: number
  work: number
  isBooting: boolean
  isAtHalf: boolean
  /** The beat at which an answer was requested that has not come. */
  askedAt: number | undefined
  silence: Silence | undefined
  isConvicted: boolean
  /** No worker runs, and none is to. */
  isAbsent: boolean
  /** Looks one after the other that have seen no work, and no reason to expect any. */
  quietLooks: number
  /** Since it was judged last, by looks that were on time. */
  onTimeMs: number
  /** At rest it is judged no earlier than this. */
  nextMs: number
}

export class HeartWatch {
  readonly #parts: HeartWatchParts
  readonly #hearts: Heart[]
  #lookedMs: number | undefined
  /** Until the next look. */
  #paceMs = WATCH_MS

  constructor(parts: HeartWatchParts) {
    this.#parts = parts
    this.#hearts = Array.from({ length: parts.shards }, (_, shard) => this.#fresh(shard))
  }

  /** A worker has been started for this shard. */
  started(shard: number): void {
    this.rouse(shard)
    this.#hearts[shard] = this.#fresh(shard)
  }

  /** There is no worker for this shard, until one is started. */
  absent(shard: number): void {
    const heart = this.#hearts[shard]
    if (heart !== undefined) heart.isAbsent = true
  }

  /** When the next look should come, after the last. */
  get paceMs(): number {
    return this.#paceMs
  }

  /**
   * A shard's rest has ended: the next look should come soon, and counts from here on. One that
   * should have come before is late all the same.
   */
  hurry(nowMs: number): void {
    if (this.#isLate(nowMs)) this.#parts.onLate()
    this.#lookedMs = nowMs
    this.#paceMs = WATCH_MS
  }

  /** Ends the rest of a shard that is about to be needed. True if it was at rest. */
  rouse(shard: number): boolean {
    const heart = this.#hearts[shard]
    if (heart !== undefined) heart.quietLooks = 0
    return rouse(this.#parts.words, this.#parts.offset, shard)
  }

  /** The shard has been asked for something that it answers from its event loop. */
  asked(shard: number): void {
    const heart = this.#hearts[shard]
    this.rouse(shard)
    if (heart !== undefined) heart.askedAt = readBeat(this.#parts.words, this.#parts.offset, shard)
  }

  /** It has begun with the halves of plugins, for the answer that it owes. */
  atHalf(shard: number): void {
    const heart = this.#hearts[shard]
    if (heart !== undefined) heart.isAtHalf = true
  }

  answered(shard: number): void {
    const heart = this.#hearts[shard]
    if (heart !== undefined) Object.assign(heart, { askedAt: undefined, isAtHalf: false })
  }

  /** The shard has sent a message that only a running one can send. */
  booted(shard: number): void {
    const heart = this.#hearts[shard]
    if (heart?.isBooting !== true) return
    heart.isBooting = false
    heart.silence = undefined
  }

  /** Shards that are to be replaced, each once. */
  look(nowMs: number): Conviction[] {
    const sinceMs = nowMs - (this.#lookedMs ?? nowMs)
    const isLate = this.#isLate(nowMs)
    this.#lookedMs = nowMs
    if (isLate) this.#parts.onLate()
    const convictions: Conviction[] = []
    for (const [shard, heart] of this.#hearts.entries()) {
      if (heart.isConvicted || heart.isAbsent) continue
      heart.onTimeMs += isLate ? 0 : sinceMs
      if (this.#isAtRest(shard) && nowMs < heart.nextMs) continue
      heart.nextMs = nowMs + REST_WATCH_MS - LATE_MS
      const reason = this.#judge(shard, heart)
      heart.onTimeMs = 0
      if (reason === undefined) continue
      heart.isConvicted = true
      convictions.push({ shard, reason })
    }
    this.#paceMs = this.#hearts.every((heart, shard) => heart.isAbsent || this.#isAtRest(shard))
      ? REST_WATCH_MS
      : WATCH_MS
    return convictions
  }

  #isLate(nowMs: number): boolean {
    return nowMs - (this.#lookedMs ?? nowMs) > this.#paceMs + LATE_MS
  }

  #isAtRest(shard: number): boolean {
    return isAtRest(this.#parts.words, this.#parts.offset, shard)
  }

  /**
   * The work of the shard, if it has been without a beat for so long that this work is to blame: it
   * is convicted, or has reached half of the limit. Half is enough, since a question may fill the
   * heap before the limit is reached.
   */
  stoodStillAt(shard: number): Handling | undefined {
    const heart = this.#hearts[shard]
    if (heart?.silence === undefined) return undefined
    const isLong = heart.isConvicted || heart.silence.usedMs >= patienceWith(heart).cpuMs / 2
    return isLong ? heart.silence.handling : undefined
  }

  #fresh(shard: number): Heart {
    const { words, offset } = this.#parts
    const beat = readBeat(words, offset, shard)
    const work = readWork(words, offset, shard)
    return {
      beat,
      work,
      isBooting: true,
      isAtHalf: false,
      askedAt: undefined,
      silence: undefined,
      isConvicted: false,
      isAbsent: false,
      quietLooks: 0,
      onTimeMs: 0,
      nextMs: 0,
    }
  }

  #judge(shard: number, heart: Heart): Reason | undefined {
    const { words, offset } = this.#parts
    const beat = readBeat(words, offset, shard)
    const work = readWork(words, offset, shard)
    if (beat === heart.beat && work === heart.work) {
      this.rouse(shard)
      return this.#stillSilent(shard, heart)
    }
    const isQuiet = work === heart.work && heart.askedAt === undefined
    Object.assign(heart, { beat, work, isBooting: false, silence: undefined })
    if (isQuiet) this.#quiet(shard, heart)
    else this.rouse(shard)
    return heart.askedAt !== undefined && ((beat - heart.askedAt) | 0) >= ANSWER_BEATS
      ? 'load'
      : undefined
  }

  /** It beats, and has no work. */
  #quiet(shard: number, heart: Heart): void {
    const { words, offset, onRest } = this.#parts
    heart.quietLooks++
    if (heart.quietLooks < QUIET_LOOKS || this.#isAtRest(shard)) return
    layToRest(words, offset, shard)
    onRest(shard)
  }

  #stillSilent(shard: number, heart: Heart): Reason | undefined {
    const { handling, readThread, crowding } = this.#parts
    const { silence } = heart
    // The shard beats as often as we look: one look without a new beat is no reason to read files
    // yet.
    if (silence === undefined) {
      heart.silence = { handling: handling(shard), thread: undefined, usedMs: 0, waitedMs: 0 }
      return undefined
    }
    const before = silence.thread
    const thread = readThread(shard)
    silence.thread = thread
    if (before !== undefined && thread !== undefined) {
      silence.usedMs += Math.min(Math.max(0, thread.cpuMs - before.cpuMs), LOOK_CPU_LIMIT_MS)
    }
    silence.waitedMs = thread?.isWaiting === false ? 0 : silence.waitedMs + heart.onTimeMs
    const { cpuMs, waitMs, silentMs } = patienceWith(heart)
    if (silence.usedMs >= cpuMs) return 'hang'
    return silence.waitedMs >= (thread === undefined ? silentMs * crowding : waitMs)
      ? 'blocked'
      : undefined
  }
}

const patienceWith = ({ isAtHalf, isBooting, askedAt }: Heart): Patience => {
  if (isAtHalf) return AT_HALF
  return isBooting || askedAt !== undefined ? LOADING : SERVING
}
