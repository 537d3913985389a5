// The worker threads: the only importer of piscina. A shard is one never-ending task; see
// supervisor.ts.

import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type Worker,
} from 'node:worker_threads'
import type { Piscina } from 'piscina'
import { loadPackage, programFile } from '../../base/program.ts'
import type {
  BootMessage,
  FromShard,
  HelloMessage,
  ServeTask,
  ToShard,
} from '../../shard/messages.ts'

export interface PoolOptions {
  readonly shards: number
  /** Old-space limit of each worker's heap. */
  readonly heapLimitBytes: number
  /** The module that exports `serve`; tests put faults around it. */
  readonly workerFile?: URL
}

/** A worker that runs a shard. */
export interface RunningShard {
  send(message: ToShard): void
  /** The kernel's number of its thread, once the worker has sent it. */
  readonly threadNumber: number | undefined
  /**
   * Resolves once the worker has exited and so writes no more; with the reason, or undefined when
   * the task ended normally.
   */
  readonly exited: Promise<Error | undefined>
  /** Ends the thread at once, even in an endless loop. */
  terminate(): void
}

const MIB = 1024 * 1024
/**
 * Three semi-spaces. V8's own bound is some 90 MiB, which it takes under load before it collects;
 * with 6, misses cost a twentieth more CPU.
 */
const YOUNG_GENERATION_MIB = 8
const WORKER_FILE = programFile('workers/serve')

export class ShardPool {
  readonly #pool: Piscina
  /** A promise for the exit of each living worker. */
  readonly #living = new Map<Worker, Promise<void>>()

  constructor({ shards, heapLimitBytes, workerFile = WORKER_FILE }: PoolOptions) {
    const { Piscina } = loadPackage<typeof import('piscina')>('piscina')
    this.#pool = new Piscina({
      filename: workerFile.href,
      name: 'serve',
      minThreads: shards,
      maxThreads: shards,
      idleTimeout: Number.POSITIVE_INFINITY,
      // The thread must never sleep in Atomics.wait for its next task: its sockets need the event
      // loop.
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.ceil(heapLimitBytes / MIB),
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB,
      },
    })
    // Faults of idle workers: the pool replaces them, and nothing was lost.
    this.#pool.on('error', () => {})
    // Before it gets its first task.
    this.#pool.on('workerCreate', () => this.#adopt())
  }

  /** Starts a shard on a free worker. `receive` is called for each of its messages. */
  start(boot: BootMessage, receive: (message: FromShard) => void): RunningShard {
    this.#adopt()
    const { port1, port2 } = new MessageChannel()
    const abort = new AbortController()
    let hello: HelloMessage | undefined
    let exit: Promise<void> | undefined
    port1.on('message', (message: FromShard) => {
      if (message.kind !== 'hello') receive(message)
      else {
        hello = message
        exit = this.#exitOf(worker => worker.threadId === message.threadId)
      }
    })
    const task: ServeTask = { boot, port: port2 }
    // piscina's type of transfer lists knows only the DOM's MessagePort.
    const run = this.#pool.run(task, { transferList: [port2] as never, signal: abort.signal }).then(
      () => undefined,
      (error: Error) => error,
    )
    const exited = run.then(async error => {
      // A task that ended normally leaves its worker alive; one that failed is over only with the
      // worker's exit. A worker that has not sent its number yet is one of those that the pool has
      // dropped and that have not exited.
      if (error !== undefined)
        await (exit ?? this.#exitOf(worker => !this.#pool.threads.includes(worker)))
      // Its last messages may have come together with its end.
      for (let last = nextOn(port1); last !== undefined; last = nextOn(port1))
        if (last.kind === 'lines' || last.kind === 'loading') receive(last)
      port1.close()
      return error
    })
    return {
      send: message => port1.postMessage(message),
      get threadNumber() {
        return hello?.threadNumber
      },
      exited,
      terminate: () => abort.abort(),
    }
  }

  /** Ends all threads. */
  async destroy(): Promise<void> {
    await this.#pool.destroy()
  }

  /** Notes the exits of workers that are new. */
  #adopt(): void {
    for (const worker of this.#pool.threads) {
      if (this.#living.has(worker)) continue
      const exited = new Promise<void>(resolve => {
        worker.once('exit', () => {
          this.#living.delete(worker)
          resolve()
        })
      })
      this.#living.set(worker, exited)
    }
  }

  /** Resolves when all living workers that `isMeant` selects have exited. */
  async #exitOf(isMeant: (worker: Worker) => boolean): Promise<void> {
    await Promise.all(
      [...this.#living].flatMap(([worker, exited]) => (isMeant(worker) ? exited : [])),
    )
  }
}

const nextOn = (port: MessagePort): FromShard | undefined =>
  receiveMessageOnPort(port)?.message as FromShard | undefined
