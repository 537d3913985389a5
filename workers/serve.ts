// The task of a worker thread: be one shard until main says stop. Run by the pool
// (src/process/shards/pool.ts), once per worker.

import { threadId } from 'node:worker_threads'
import { messageOf } from '../src/chain/errors.ts'
import { stdout } from '../src/log/log.ts'
import { HandedLines } from '../src/shard/handed-lines.ts'
import type { FromShard, ServeTask } from '../src/shard/messages.ts'
import { threadNumber } from '../src/shard/thread-number.ts'

/**
 * Never rejects: a failure ends the thread, since main sweeps what a shard held only after its
 * exit. Says who it is before it loads the program, so that main can tell a thread that loads
 * slowly from one that does nothing.
 */
export const serve = async ({ boot, port }: ServeTask): Promise<void> => {
  port.postMessage({ kind: 'hello', threadId, threadNumber: threadNumber() } satisfies FromShard)
  const handed = boot.handsLines ? new HandedLines(port) : undefined
  const sink = handed?.sink ?? stdout
  try {
    const { Shard } = await import('../src/shard/shard.ts')
    await new Shard(boot, port, { sink, handed }).run()
  } catch (error) {
    sink.raw(`[ERROR] shard ${boot.shard}: ${messageOf(error)}`)
    sink.flushSync()
    process.exit(1)
  }
}
