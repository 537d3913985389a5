// A server with engine mmsg and two shards whose libc fails when told: a process of its own, and
// the test's end of it. Each SIGWINCH makes the next of the faults happen that the command line
// names.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BroadcastChannel } from 'node:worker_threads'
import { runServer } from '../../src/process/run.ts'
import { defaultServeOptions } from '../../src/process/serve-options.ts'
import { ENGINE_FAULTS, type EngineFault, type FaultMessage } from './engine-worker.ts'
import { type Cleanup, temporaryFolder, WatchedProcess } from './server-process.ts'

export const SHARDS = 2

export interface EngineServer {
  readonly process: WatchedProcess
  /** How many lines of the output match. */
  count(pattern: RegExp): number
  /** The `count`th line that matches is there; rejects after 10 s without it. */
  line(pattern: RegExp, count?: number): Promise<void>
  /** Makes the next fault happen. */
  fail(): void
  /** Writes the Corefile and waits until it is served. */
  reload(corefile: string): Promise<void>
}

const COMPLETE = /^\[INFO\] Reloading complete$/

/** Resolves once it serves. Ended when the test ends. */
export async function startEngineServer(
  t: Cleanup,
  corefile: string,
  faults: readonly (readonly [shard: number, fault: EngineFault])[] = [],
): Promise<EngineServer> {
  const path = join(temporaryFolder(t), 'Corefile')
  writeFileSync(path, corefile)
  const child = new WatchedProcess(t, process.execPath, [
    import.meta.filename,
    path,
    ...faults.map(([shard, fault]) => JSON.stringify({ shard, fault } satisfies FaultMessage)),
  ])
  const count = (pattern: RegExp): number =>
    child.out.split('\n').filter(text => pattern.test(text)).length
  const line = async (pattern: RegExp, nth = 1): Promise<void> => {
    const { source } = pattern
    const each = source.replace(/^\^/, '').replace(/\$$/, '')
    await child.seen(new RegExp(`(?:^${each}$[^]*?){${nth}}`, 'm'))
  }
  const reload = async (text: string): Promise<void> => {
    const before = count(COMPLETE)
    writeFileSync(path, text)
    child.child.kill('SIGUSR1')
    await line(COMPLETE, before + 1)
  }
  await child.seen(/^\[INFO\] engine mmsg .*, shards 2/m)
  return { process: child, count, line, fail: () => void child.child.kill('SIGWINCH'), reload }
}

if (process.argv[1] === import.meta.filename) {
  const [conf = '', ...faults] = process.argv.slice(2)
  const channel = new BroadcastChannel(ENGINE_FAULTS)
  process.on('SIGWINCH', () => {
    const fault = faults.shift()
    if (fault !== undefined) channel.postMessage(JSON.parse(fault))
  })
  const options = { ...defaultServeOptions(), conf, workers: SHARDS, engine: 'mmsg' } as const
  process.exit(
    await runServer(options, { workerFile: new URL('./engine-worker.ts', import.meta.url) }),
  )
}
