// A worker for tests: faulty-worker.ts, with a libc that fails or ends the thread when told over a
// BroadcastChannel. openLibc gives one object per thread, so what is changed here is what the
// engine of this shard calls.

import { BroadcastChannel } from 'node:worker_threads'
import { openLibc } from '../../src/net/mmsg/libc.ts'
import type { ServeTask } from '../../src/shard/messages.ts'
import { serve as serveFaultily } from '../fakes/faulty-worker.ts'

export const ENGINE_FAULTS = 'shardns-test-engine-faults'
const EBADF = 9

/**
 * `receive`: recvmmsg fails from now on. `before-send`: the thread ends with a whole batch answered
 * and nothing sent; `within-send`: with half of it sent. `exit`, `hang`: between two batches.
 */
export type EngineFault = 'receive' | 'before-send' | 'within-send' | 'exit' | 'hang'

export interface FaultMessage {
  readonly shard: number
  readonly fault: EngineFault
}

const arm = (fault: EngineFault): void => {
  if (fault === 'exit') process.exit(1)
  if (fault === 'hang') for (;;);
  const libc = openLibc()
  if (typeof libc === 'string') throw new Error(libc)
  const { sendmmsg, errno } = libc
  if (fault === 'receive') Object.assign(libc, failingReceive(errno))
  else {
    const send: typeof sendmmsg = (fd, headers, count, flags) => {
      // A batch of one has no half.
      if (count === 1) return sendmmsg(fd, headers, count, flags)
      if (fault === 'within-send') sendmmsg(fd, headers, count >> 1, flags)
      process.exit(1)
    }
    Object.assign(libc, { sendmmsg: send })
  }
}

const failingReceive = (errno: () => number) => {
  let isOurs = false
  return {
    recvmmsg: () => {
      isOurs = true
      return -1
    },
    errno: () => {
      if (!isOurs) return errno()
      isOurs = false
      return EBADF
    },
  }
}

export const serve = (task: ServeTask): Promise<void> => {
  const channel = new BroadcastChannel(ENGINE_FAULTS)
  channel.onmessage = event => {
    const { shard, fault } = (event as { data: FaultMessage }).data
    if (shard === task.boot.shard) setImmediate(arm, fault)
  }
  channel.unref()
  return serveFaultily(task)
}
