// Threads for torture tests: a crew of workers of which one after the other is terminated in
// mid-work, swept, and replaced under the same id. Bounded by counts of operations and kills; no
// time is measured.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker, workerData } from 'node:worker_threads'

const STOP = 0
const OPERATIONS = 1
const VIOLATIONS = 2
const BATCH = 32

/** Set the environment variable to torture longer than every test run can afford. */
const FACTOR = Number(process.env.TORTURE_FACTOR ?? 1)

export interface CrewOptions {
  /** A file that calls `work`. */
  readonly worker: URL
  readonly size: number
  readonly kills: number
  /** Operations of the whole crew before each kill. */
  readonly operationsPerKill: number
  readonly seed: number
  /** Plain data for the workers. */
  readonly data: unknown
  /**
   * The sweep. Called after the `exit` event of worker `me`, before its successor starts, and for
   * all at the end.
   */
  onExit(me: number): void
}

interface CrewData<Data> {
  readonly control: Int32Array
  readonly me: number
  readonly seed: number
  readonly data: Data
}

/** A small seeded generator of whole numbers from 0 to count - 1. */
export function generator(seed: number): (count: number) => number {
  let state = seed
  return count => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % count
  }
}

/** Runs the crew to its end; resolves to the number of violations that its workers counted. */
export async function runCrew(options: CrewOptions): Promise<number> {
  const control = new Int32Array(new SharedArrayBuffer(64))
  const below = generator(options.seed)
  let started = 0
  const start = (me: number) => {
    const workerData = { control, me, seed: options.seed * 1000 + started++, data: options.data }
    const worker = new Worker(options.worker, { workerData })
    return { me, worker, exit: once(worker, 'exit') }
  }
  const crew = Array.from({ length: options.size }, (_, me) => start(me))
  for (let kill = 0; kill < options.kills * FACTOR; kill++) {
    await operations(control, Atomics.load(control, OPERATIONS) + options.operationsPerKill)
    const me = below(options.size)
    const victim = crew[me]
    assert.ok(victim)
    void victim.worker.terminate()
    await victim.exit
    options.onExit(me)
    crew[me] = start(me)
  }
  await operations(control, Atomics.load(control, OPERATIONS) + options.operationsPerKill)
  Atomics.store(control, STOP, 1)
  const codes = await Promise.all(crew.map(async ({ exit }) => (await exit)[0]))
  assert.deepEqual(codes, new Array(options.size).fill(0))
  for (const { me } of crew) options.onExit(me)
  return Atomics.load(control, VIOLATIONS)
}

async function operations(control: Int32Array, goal: number): Promise<void> {
  for (
    let done = Atomics.load(control, OPERATIONS);
    done < goal;
    done = Atomics.load(control, OPERATIONS)
  ) {
    const waiting = Atomics.waitAsync(control, OPERATIONS, done)
    if (waiting.async) await waiting.value
  }
}

/**
 * In a worker: repeats the operation until the crew is stopped. The operation returns whether all
 * was well.
 */
export async function work<Data>(
  prepare: (
    me: number,
    data: Data,
    below: (count: number) => number,
  ) => () => boolean | Promise<boolean>,
): Promise<void> {
  const { control, me, seed, data } = workerData as CrewData<Data>
  const operation = prepare(me, data, generator(seed))
  // Atomics.waitAsync alone keeps no event loop alive.
  const alive = setInterval(() => {}, 2 ** 30)
  while (Atomics.load(control, STOP) === 0) {
    for (let n = 0; n < BATCH; n++) {
      const result = operation()
      if (!(typeof result === 'boolean' ? result : await result))
        Atomics.add(control, VIOLATIONS, 1)
    }
    Atomics.add(control, OPERATIONS, BATCH)
    Atomics.notify(control, OPERATIONS)
  }
  clearInterval(alive)
}

/**
 * Tokens prove exclusion: whoever has been let in takes one of `count` tokens; that there is none
 * left is a violation.
 */
export class Tokens {
  readonly #words: Int32Array
  readonly #first: number
  readonly #count: number

  constructor(words: Int32Array, first: number, count: number) {
    this.#words = words
    this.#first = first
    this.#count = count
  }

  /** The token's word, -1 if there was none. Looks often, since tokens move while it looks. */
  take(me: number): number {
    for (let look = 0; look < 1000 * this.#count; look++) {
      const word = this.#first + (look % this.#count)
      if (Atomics.compareExchange(this.#words, word, 0, me + 1) === 0) return word
    }
    return -1
  }

  give(word: number): void {
    Atomics.store(this.#words, word, 0)
  }

  /** Takes the tokens from a dead worker. Before the sweep: nobody else is let in until then. */
  bury(me: number): void {
    for (let word = this.#first; word < this.#first + this.#count; word++)
      Atomics.compareExchange(this.#words, word, me + 1, 0)
  }
}
