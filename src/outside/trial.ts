// A module from outside on trial, in a thread of its own, before main loads it: one that exits,
// throws, never ends or defines nothing costs a sentence. The thread is ended afterwards. What
// comes back is all that the module has loaded, so that every thread loads the same.

import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
  type WorkerOptions,
} from 'node:worker_threads'
import { threadOptions } from '../base/files/working-folder.ts'
import { programFile } from '../base/program.ts'
import { formatSize, MIB } from '../base/text/sizes.ts'
import { threadShortage } from '../base/thread-shortage.ts'
import { EndlessError, inTime, LOAD_PATIENCE_MS, type Patience } from '../base/time/patience.ts'
import { messageOf } from '../chain/errors.ts'
import type { OutsideModule } from '../chain/plugin/outside-module.ts'
import { hookModules, withVersion } from './hooks.ts'
import { moduleFault, pathOf } from './module-fault.ts'
import type { TrialOutcome, TrialTask } from './trial-thread.ts'

const HEAP_BYTES = 256 * MIB
/** Of the thread, to end: code that waits in the kernel cannot be ended. */
const END_MS = 1000
/** Of the digest, in the version: 64 bits. */
const VERSION_DIGITS = 16
const THREAD_FILE = programFile('src/outside/trial-thread')

type Loaded = Extract<TrialOutcome, { kind: 'loaded' }>

export interface TrialModule {
  /** The plugin's. */
  readonly name: string
  readonly url: string
  /** How often the same has failed already; other attempts have other versions. */
  readonly attempt?: number
}

export interface TrialOptions {
  readonly patience?: Patience
  /** Of the thread, for JavaScript's heap. */
  readonly heapBytes?: number | undefined
}

/** Throws a sentence. */
export const tryModule = async (
  module: TrialModule,
  { patience = { mostMs: LOAD_PATIENCE_MS }, heapBytes = HEAP_BYTES }: TrialOptions = {},
): Promise<OutsideModule> => {
  const { url } = module
  hookModules()
  refuseOthers(url)
  const { port1, port2: port } = new MessageChannel()
  const worker = newWorker({
    workerData: { module: url, port } satisfies TrialTask,
    transferList: [port],
    // Of a program that is no file (`node --input-type=module -e`): a thread has one.
    ...(process.execArgv.some(flag => flag.startsWith('--input-type')) && { execArgv: [] }),
    ...threadOptions(),
    resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapBytes / MIB) },
    // What the module prints as it is loaded, main and the shards will print.
    stdout: true,
    stderr: true,
  })
  try {
    const outcome = await inTime(outcomeOf(worker, port1, { url, heapBytes }), patience)
    if (outcome.kind === 'failed') throw new Error(outcome.text)
    return moduleOf(module, outcome)
  } catch (error) {
    throw error instanceof EndlessError ? new Error(moduleFault(url, error)) : error
  } finally {
    port1.close()
    worker.unref()
    await inTime(worker.terminate(), { mostMs: END_MS }).catch(() => {})
  }
}

/** A thread that the system refuses is no fault of the module's. */
const newWorker = (options: WorkerOptions): Worker => {
  try {
    return new Worker(THREAD_FILE, options)
  } catch (error) {
    throw new Error(threadShortage(error) ?? messageOf(error), { cause: error })
  }
}

/** To open a pipe waits for whoever writes to it; Node's words for a folder say little. */
const refuseOthers = (url: string): void => {
  const path = pathOf(url)
  const stats = statSync(fileURLToPath(url), { throwIfNoEntry: false })
  if (stats === undefined) throw new Error(`${path} is not there`)
  if (!stats.isFile()) throw new Error(`${path} is ${stats.isDirectory() ? 'a folder' : 'no file'}`)
}

const outcomeOf = (
  worker: Worker,
  port: MessagePort,
  { url, heapBytes }: { readonly url: string; readonly heapBytes: number },
): Promise<TrialOutcome> =>
  new Promise(resolve => {
    // What it has said counts, even if it comes later than its end.
    const failed = (error: unknown): void => {
      const text = threadShortage(error) ?? moduleFault(url, error)
      resolve(receiveMessageOnPort(port)?.message ?? { kind: 'failed', text })
    }
    worker.stdout.resume()
    worker.stderr.resume()
    port.once('message', (outcome: TrialOutcome) => resolve(outcome))
    worker.once('error', error => failed(heapFault(error, heapBytes) ?? error))
    worker.once('exit', () => failed(new Error('it ends the process')))
  })

const heapFault = (error: unknown, heapBytes: number): Error | undefined =>
  (error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new Error(`it takes more than ${formatSize(heapBytes)} of JavaScript's heap`)
    : undefined

/** The same bytes under the same name have the same version, in whatever thread and server. */
const moduleOf = (
  { name, attempt = 0 }: TrialModule,
  { url, files, links }: Loaded,
): OutsideModule => {
  const hash = createHash('sha256')
  for (const file of [...files.keys()].sort())
    hash.update(`${file}\0`).update(files.get(file)!.source).update('\0')
  const digest = hash.digest('hex').slice(0, VERSION_DIGITS)
  const version = `${name}.${digest}${attempt === 0 ? '' : `.${attempt}`}`
  return { name, url: withVersion(url, version), version, files, links }
}
