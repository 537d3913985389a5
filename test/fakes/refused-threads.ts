// A system that has too little for this process's threads. Only for who requires
// node:worker_threads, as the pool's package does.

import type { WorkerOptions } from 'node:worker_threads'

const threads = process.getBuiltinModule('node:worker_threads') as {
  Worker: new (file: string | URL, options?: WorkerOptions) => object
}
const { Worker } = threads
const FAILS = 'data:text/javascript,throw new Error("told to fail")'

const next = (count: number, make: (options?: WorkerOptions) => object): void => {
  let left = count
  // An arrow is no constructor.
  function made(_file: string | URL, options?: WorkerOptions): object {
    left--
    if (left <= 0) threads.Worker = Worker
    return make(options)
  }
  threads.Worker = left > 0 ? (made as unknown as typeof Worker) : Worker
}

/** Refuses the next so many: `new Worker` throws, as Node's does. 0 ends it. */
export const refuseThreads = (count: number): void =>
  next(count, () => {
    throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' })
  })

/** The next so many end as they begin, as with too few descriptors. */
export const failThreads = (count: number): void =>
  next(count, options => new Worker(new URL(FAILS), options))
