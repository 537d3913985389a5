// A server whose shard counts the calls of every function: the program itself on workers of its
// own, and the test's end of it. V8 runs nothing optimised meanwhile, so each call is seen.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Session } from 'node:inspector'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { BroadcastChannel } from 'node:worker_threads'
import { runServer } from '../../src/process/run.ts'
import { defaultServeOptions } from '../../src/process/serve-options.ts'
import type { FromShard, ServeTask } from '../../src/shard/messages.ts'
import { serve as serveWell } from '../../workers/serve.ts'
import type { Cleanup } from '../support/server-process.ts'
import { ROOT } from '../support/source-files.ts'

const CHANNEL = 'shardns-test-counts'

/** A function that was called, by its place in the text of a file of the repository. */
export interface Called {
  readonly path: string
  readonly name: string
  readonly start: number
  readonly end: number
  readonly calls: number
}

export interface CountingServer {
  /** What the shard has called since this was asked for last, but for what was loaded. */
  called(): Promise<readonly Called[]>
}

/** Resolves once it serves and is warm. Ended when the test ends. */
export const startCounting = async (
  t: Cleanup,
  conf: string,
  env: Readonly<Record<string, string>>,
): Promise<CountingServer> => {
  const child = spawn(process.execPath, [import.meta.filename, conf], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  })
  t.after(() => void child.kill('SIGKILL'))
  const warm = once(child, 'message')
  const lines = createInterface(child.stdout!)
  for await (const line of lines) if (/^shardns-/.test(line)) break
  child.stdout!.resume()
  await warm
  return {
    called: async () => {
      child.send('count')
      const [counts] = (await once(child, 'message')) as [Called[]]
      return counts
    },
  }
}

/** The task of the worker. */
export const serve = (task: ServeTask): Promise<void> => {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = () =>
    session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      if (error !== null) throw error
      channel.postMessage(
        coverage.result
          .filter(({ url }) => url.startsWith('file:'))
          .flatMap(({ url, functions }) =>
            functions.flatMap(({ functionName, ranges: [whole] }) =>
              whole === undefined || whole.count === 0
                ? []
                : {
                    path: fileURLToPath(url).slice(ROOT.length + 1),
                    name: functionName,
                    start: whole.startOffset,
                    end: whole.endOffset,
                    calls: whole.count,
                  },
            ),
          ) satisfies Called[],
      )
    })
  channel.unref()
  const send = task.port.postMessage.bind(task.port)
  task.port.postMessage = (message: FromShard) => {
    send(message)
    if (message.kind === 'warm') channel.postMessage(message)
  }
  return serveWell(task)
}

if (process.argv[1] === import.meta.filename) {
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = event => process.send?.((event as { data: Called[] | FromShard }).data)
  process.on('message', () => channel.postMessage('count'))
  // The test is gone, and nobody would stop us.
  process.on('disconnect', () => process.exit(3))
  const options = { ...defaultServeOptions(), conf: process.argv[2] ?? '', workers: 1 }
  process.exit(await runServer(options, { workerFile: new URL(import.meta.url) }))
}
