// A worker for tests: workers/serve.ts, and the means to make its thread fail.
//
// Faults come over a BroadcastChannel; a question whose name starts with the label in
// KILL_LABEL_VARIABLE ends the thread while the shard handles it, one that starts with `hang-` and
// the label makes it hang, one with `heap-` fills the heap, and one with `wait-` ends the thread
// once it waits for something. Each commit is told on standard output, so that tests can wait for a
// shard to serve.

import type { MessagePort } from 'node:worker_threads'
import { BroadcastChannel } from 'node:worker_threads'
import { stdout } from '../../src/log/log.ts'
import { BlackBox } from '../../src/memory/black-box.ts'
import { WorkCount } from '../../src/memory/heartbeat.ts'
import type { BootMessage, FromShard, ServeTask } from '../../src/shard/messages.ts'
import { serve as serveWell } from '../../workers/serve.ts'

export const FAULT_CHANNEL = 'shardns-test-faults'
export const KILL_LABEL_VARIABLE = 'SHARDNS_TEST_KILL_LABEL'

/**
 * Deaths: `throw`, `exit`, `heap`, `hang`; `exit-at-load`, once main has sent the next
 * configuration. And what is none: `work`, three seconds of work without a turn of the event loop;
 * `wait`, three seconds without a turn of anything.
 */
export type How = 'throw' | 'exit' | 'heap' | 'hang' | 'exit-at-load' | 'work' | 'wait'

export interface Fault {
  readonly shard: number
  readonly how: How
}

const SPELL_MS = 3000

const fail = (how: How, { boot, port }: ServeTask): void => {
  stdout.raw(`test: shard ${boot.shard} is told to ${how}`)
  stdout.flushSync()
  if (how === 'throw') throw new Error('told to throw')
  if (how === 'exit') process.exit(1)
  if (how === 'exit-at-load') port.once('message', () => process.exit(1))
  if (how === 'work') work(boot)
  if (how === 'wait') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SPELL_MS)
  const kept: unknown[] = []
  while (how === 'heap' || how === 'hang')
    if (how === 'heap') kept.push(new Array(100_000).fill(kept.length))
}

/** Of this thread; of the process where Node does not tell. */
const { threadCpuUsage = process.cpuUsage } = process as {
  threadCpuUsage?: typeof process.cpuUsage
}

/** As a shard does that has more to do than it can: one message after the other. */
const work = ({ region, regionLayout, shard }: BootMessage): void => {
  const count = new WorkCount(new Int32Array(region), regionLayout.heartbeats, shard)
  const { user, system } = threadCpuUsage()
  for (let usedMs = 0; usedMs < SPELL_MS; ) {
    count.add()
    const used = threadCpuUsage({ user, system })
    usedMs = (used.user + used.system) / 1000
  }
}

const startsWith = (label: string): ((bytes: Uint8Array, at: number) => boolean) => {
  const first = Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')
  return (bytes, at) => first.equals(bytes.subarray(at, at + first.length))
}

const killAt = (label: string): void => {
  const ends = startsWith(label)
  const hangs = startsWith(`hang-${label}`)
  const fills = startsWith(`heap-${label}`)
  const endsLater = startsWith(`wait-${label}`)
  const { note } = BlackBox.prototype
  BlackBox.prototype.note = function (questionHash, bytes, start, end) {
    note.call(this, questionHash, bytes, start, end)
    if (ends(bytes, start)) process.exit(1)
    while (hangs(bytes, start));
    const kept: unknown[] = []
    while (fills(bytes, start)) kept.push(new Array(100_000).fill(kept.length))
    if (endsLater(bytes, start)) setImmediate(() => process.exit(1))
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
    if (shard === task.boot.shard) setImmediate(fail, how, task)
  }
  channel.unref()
  tellCommits(task.port, task.boot.shard)
  return serveWell(task)
}
