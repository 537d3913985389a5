// The server as a child process of a test: its shards never say that they are warm before the test
// does. The Corefile's path is the argument. The message `warm` lets them say it; `die` ends the
// first worker of shard 0, so that its successor says it no earlier either.

import { BroadcastChannel } from 'node:worker_threads'
import { runServer } from '../../src/process/run.ts'
import { defaultServeOptions } from '../../src/process/serve-options.ts'
import type { FromShard, ServeTask } from '../../src/shard/messages.ts'
import { serve as serveWell } from '../../workers/serve.ts'

const CHANNEL = 'shardns-test-warm'

/** The task of the worker. */
export const serve = (task: ServeTask): Promise<void> => {
  const told = Promise.withResolvers<void>()
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = event => {
    const { data } = event as { data: unknown }
    if (data === 'warm') told.resolve()
    else if (task.boot.shard === 0) process.exit(1)
  }
  channel.unref()
  const send = task.port.postMessage.bind(task.port)
  task.port.postMessage = (message: FromShard) => {
    if (message.kind === 'warm') void told.promise.then(() => send(message))
    else send(message)
  }
  return serveWell(task)
}

if (process.argv[1] === import.meta.filename) {
  const channel = new BroadcastChannel(CHANNEL)
  process.on('message', message => channel.postMessage(message))
  // The test is gone, and nobody would stop us.
  process.on('disconnect', () => process.exit(3))
  const options = { ...defaultServeOptions(), conf: process.argv[2] ?? '', workers: 1 }
  process.exit(await runServer(options, { workerFile: new URL(import.meta.url) }))
}
