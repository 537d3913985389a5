// The worker threads: the only importer of piscina. A shard is one never-ending task; see
// supervisor.ts.

import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
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
  /** Threads that begin with the pool; each that is started beyond these begins then. */
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
  /** False until the worker has said that it runs. */
  readonly hasBegun: boolean
  /**
   * Resolves once the worker has exited and so writes no more; with the reason, or undefined when
   * the task ended normally.
   */
  readonly exited: Promise<Error | undefined>
  /** Ends the thread at once, even in an endless loop. */
  terminate(): void
  /** The same, and no other begins in its place. */
  discard(): void
}

const MIB = 1024 * 1024
/**
 * Three semi-spaces. V8's own bound is some 90 MiB, which it takes under load before it collects;
 * with 6, misses cost a twentieth more CPU.
 */
const YOUNG_GENERATION_MIB = 8
const WORKER_FILE = programFile('workers/serve')

/** What was short when a thread could not begin (threads, descriptors) may come back. */
const START_PAUSE_MS = 500

/**
 * A pool of piscina for each shard, with one thread. One pool for all would never make another
 * thread after one that could not begin, nor say so.
 */
export class ShardPool {
  readonly #options: PoolOptions
  readonly #pools = new Set<ThreadPool>()
  /** Those without a task. */
  readonly #idle: ThreadPool[]

  constructor(options: PoolOptions) {
    this.#options = options
    this.#idle = Array.from({ length: options.shards }, () => this.#make())
  }

  /** Starts a shard on a thread of its own. `receive` is called for each of its messages. */
  start(boot: BootMessage, receive: (message: FromShard) => void): RunningShard {
    let pool: ThreadPool
    try {
      pool = this.#take()
    } catch (error) {
      // The system has no thread for it.
      return unbegun(error as Error)
    }
    const { port1, port2 } = new MessageChannel()
    const abort = new AbortController()
    let hello: HelloMessage | undefined
    port1.on('message', (message: FromShard) => {
      if (message.kind === 'hello') hello = message
      else receive(message)
    })
    const ended = pool.run({ boot, port: port2 }, abort.signal)
    const exited = ended.then(async error => {
      this.#idle.push(pool)
      // Its last messages may have come together with its end.
      for (let last = nextOn(port1); last !== undefined; last = nextOn(port1))
        if (last.kind === 'lines' || last.kind === 'loading') receive(last)
      port1.close()
      if (hello === undefined && !abort.signal.aborted) await startPause()
      return error
    })
    return {
      send: message => port1.postMessage(message),
      get threadNumber() {
        return hello?.threadNumber
      },
      get hasBegun() {
        return hello !== undefined
      },
      exited,
      terminate: () => abort.abort(),
      discard: () => void pool.destroy(),
    }
  }

  /** Ends all threads. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#pools].map(pool => pool.destroy()))
  }

  #make(): ThreadPool {
    const pool = new ThreadPool(this.#options)
    this.#pools.add(pool)
    return pool
  }

  #take(): ThreadPool {
    for (let pool = this.#idle.shift(); pool !== undefined; pool = this.#idle.shift()) {
      if (pool.hasThread) return pool
      this.#pools.delete(pool)
      void pool.destroy()
    }
    return this.#make()
  }
}

const startPause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, START_PAUSE_MS))

const unbegun = (error: Error): RunningShard => ({
  send: () => {},
  threadNumber: undefined,
  hasBegun: false,
  exited: startPause().then(() => error),
  terminate: () => {},
  discard: () => {},
})

/** One thread, and after its death another, with one task at a time. */
class ThreadPool {
  readonly #pool: Piscina
  /** Why its last thread has ended. */
  #fault: Error | undefined

  constructor({ heapLimitBytes, workerFile = WORKER_FILE }: PoolOptions) {
    const { Piscina } = loadPackage<typeof import('piscina')>('piscina')
    this.#pool = new Piscina({
      filename: workerFile.href,
      name: 'serve',
      minThreads: 1,
      maxThreads: 1,
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
    this.#pool.on('error', (error: Error) => {
      this.#fault = error
    })
  }

  /** False once a thread could not begin: piscina makes no other then. */
  get hasThread(): boolean {
    return this.#pool.threads.length > 0
  }

  /**
   * Resolves with undefined when the task has ended normally, which leaves its thread alive; else
   * with the reason, once the thread has exited. One that has not taken the task yet runs on.
   */
  async run(task: ServeTask, signal: AbortSignal): Promise<Error | undefined> {
    const worker = this.#pool.threads[0]!
    this.#fault = undefined
    // Before piscina hears of it: it makes another thread at once, and throws where that fails.
    worker.prependOnceListener('error', (error: Error) => {
      this.#fault = error
    })
    const exit = new Promise<void>(resolve => {
      worker.prependOnceListener('exit', code => {
        this.#fault ??= new Error(`worker exited with code: ${code}`)
        resolve()
      })
    })
    const run = this.#pool.run(task, {
      // piscina's type of transfer lists knows only the DOM's MessagePort.
      transferList: [task.port] as never,
      signal,
    })
    const ended = run.then(
      () => undefined,
      (error: Error) => error,
    )
    const error = await Promise.race([ended, this.#leftInQueue(exit)])
    const hadTask = error !== undefined && !this.#pool.threads.includes(worker)
    if (hadTask) await exit
    return error
  }

  /** A thread that ends before it has taken its task fails no task; nor one without a successor. */
  async #leftInQueue(exit: Promise<void>): Promise<Error> {
    await exit
    // One that had taken it has failed it by then.
    await new Promise(setImmediate)
    return this.#fault ?? new Error('its thread could not begin')
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy()
  }
}

const nextOn = (port: MessagePort): FromShard | undefined =>
  receiveMessageOnPort(port)?.message as FromShard | undefined
