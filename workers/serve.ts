// What a worker thread starts with. Run by the pool (src/process/shards/pool.ts), once per worker.
//
// piscina `require`s this module. Node 22 aborts the whole process when a thread is ended, or the
// process exits, while ES modules that were required are being linked. So nothing is linked with
// this one: the program is imported.

import type { ServeTask } from '../src/shard/messages.ts'

export const serve = async (task: ServeTask): Promise<void> => {
  const { runShard } = await import('../src/shard/task.ts')
  await runShard(task)
}
