// The task of a worker thread: be one shard until main says stop.

import { messageOf } from '../chain/errors.ts'
import { stdout } from '../log/log.ts'
import { HandedLines } from './handed-lines.ts'
import type { FromShard, ServeTask } from './messages.ts'
import { threadNumber } from './thread-number.ts'

/**
 * Never rejects: a failure ends the thread, since main sweeps what a shard held only after its
 * exit. Says who it is before it loads the program, so that main can tell a thread that loads
 * slowly from one that does nothing.
 */
export const runShard = async ({ boot, port }: ServeTask): Promise<void> => {
  port.postMessage({ kind: 'hello', threadNumber: threadNumber() } satisfies FromShard)
  const handed = boot.handsLines ? new HandedLines(port) : undefined
  const sink = handed?.sink ?? stdout
  try {
    const { Shard } = await import('./shard.ts')
    await new Shard(boot, port, { sink, handed }).run()
  } catch (error) {
    sink.raw(`[ERROR] shard ${boot.shard}: ${messageOf(error)}`)
    sink.flushSync()
    process.exit(1)
  }
}
