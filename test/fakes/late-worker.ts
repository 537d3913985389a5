// A worker for tests: workers/serve.ts, but shard 0 dies as soon as it has loaded its first
// configuration, and shard 1 has loaded only when shard 0 has a successor.

import { LINE_WORDS } from '../../src/memory/region.ts'
import type { FromShard, ServeTask } from '../../src/shard/messages.ts'
import { serve as serveWell } from '../../workers/serve.ts'

const SUCCESSOR = 2

export const serve = (task: ServeTask): Promise<void> => {
  const { shard, region, regionLayout } = task.boot
  const words = new Int32Array(region)
  const send = task.port.postMessage.bind(task.port)
  task.port.postMessage = (message: FromShard) => {
    if (message.kind !== 'loaded') send(message)
    else if (shard === 1)
      void whenReplaced(words, regionLayout.incarnations).then(() => send(message))
    else {
      send(message)
      if (Atomics.load(words, regionLayout.incarnations + shard * LINE_WORDS) < SUCCESSOR)
        setImmediate(() => process.exit(1))
    }
  }
  return serveWell(task)
}

const whenReplaced = async (words: Int32Array, word: number): Promise<void> => {
  while (Atomics.load(words, word) < SUCCESSOR) await new Promise(setImmediate)
}
