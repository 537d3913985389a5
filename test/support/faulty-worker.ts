// A worker for tests: workers/serve.ts, and the means to make its thread fail.
//
// Faults come over a BroadcastChannel; a question whose name starts with the label in KILL_LABEL_VARIABLE ends the thread while the shard
// handles it. Each commit is told on standard output, so that tests can wait for a shard to serve.

import type { MessagePort } from 'node:worker_threads'
import { BroadcastChannel } from 'node:worker_threads'
import { stdout } from '../../src/core/log.ts'
import { BlackBox } from '../../src/memory/black-box.ts'
import type { FromShard, ServeTask } from '../../src/server/boot.ts'
import { serve as serveWell } from '../../workers/serve.ts'

export const FAULT_CHANNEL = 'shardns-test-faults'
export const KILL_LABEL_VARIABLE = 'SHARDNS_TEST_KILL_LABEL'

export type How = 'throw' | 'exit' | 'heap' | 'hang'

export interface Fault {
  readonly shard: number
  readonly how: How
}

const fail = (how: How): void => {
  if (how === 'throw') throw new Error('told to throw')
  if (how === 'exit') process.exit(1)
  const kept: unknown[] = []
  for (;;) if (how === 'heap') kept.push(new Array(100_000).fill(kept.length))
}

const killAt = (label: string): void => {
  const firstLabel = Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')
  const { note } = BlackBox.prototype
  BlackBox.prototype.note = function (questionHash, bytes, start, end) {
    note.call(this, questionHash, bytes, start, end)
    if (firstLabel.equals(bytes.subarray(start, start + firstLabel.length))) process.exit(1)
  }
}

const tellCommits = (port: MessagePort, shard: number): void => {
  const send = port.postMessage.bind(port)
  port.postMessage = (message: FromShard) => {
    send(message)
    if (message.kind === 'committed') stdout.raw(`test: shard ${shard} serves`)
  }
}

const killLabel = process.env[KILL_LABEL_VARIABLE]
if (killLabel) killAt(killLabel)

export const serve = (task: ServeTask): Promise<void> => {
  const channel = new BroadcastChannel(FAULT_CHANNEL)
  channel.onmessage = event => {
    const { shard, how } = (event as { data: Fault }).data
    // On its own turn of the event loop, so that an exception is nobody's but the thread's.
    if (shard === task.boot.shard) setImmediate(fail, how)
  }
  channel.unref()
  tellCommits(task.port, task.boot.shard)
  return serveWell(task)
}
