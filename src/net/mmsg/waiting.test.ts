// How long the engine waits, and what ends a wait: not a moment longer than until the event loop's
// next timer, and without an end when nothing is due.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { askFor, makeEngine, replyTo } from '../../../test/fakes/engine.ts'
import { connected, realLibc, replies, withoutLibc } from '../../../test/fakes/loopback.ts'
import { C, TIMESPEC } from './abi.ts'
import type { Libc, Pinned } from './libc.ts'

const LIMIT = { skip: withoutLibc, timeout: 20_000 }

const AWAY_MS = 20
const FOREVER = -1

/** What one call of poll(2) is given, and what happens in it. */
interface Wait {
  /** -1: until something comes. */
  readonly forMs: number
  /** Something came after so long; absent: nothing did, and the time was up. */
  readonly untilMs?: number
}

/**
 * An engine whose time is a number, and whose event loop has timers at the given times. It ends
 * with the first wait that `script` does not tell the end of.
 */
const waitsOf = async (
  t: TestContext,
  timers: readonly number[],
  script: readonly (number | undefined)[],
): Promise<Wait[]> => {
  const real = realLibc()
  const pinned: Pinned[] = []
  const waits: Wait[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  let nowMs = 1000
  const left = timers.map(ms => 1000 + ms)
  let isOver = false
  const libc: Libc = {
    ...real,
    pin: view => {
      const memory = real.pin(view)
      pinned.push(memory)
      return memory
    },
    clock_gettime: (_, address) => {
      const { view } = pinned.find(memory => memory.address === address) ?? assert.fail()
      const words = new Int32Array(view.buffer, view.byteOffset)
      words[TIMESPEC.sec >> 2] = Math.floor(nowMs / 1000)
      words[TIMESPEC.nsec >> 2] = (nowMs % 1000) * 1e6
      return 0
    },
    // The loop has handled nothing, and runs the timers that are due.
    uv_metrics_info: () => 0,
    uv_update_time: () => {
      while (left[0] !== undefined && left[0] <= nowMs) left.shift()
    },
    uv_backend_timeout: () => (left[0] === undefined ? -1 : left[0] - nowMs),
    errno: () => C.EINTR,
    poll: (_, __, timeoutMs) => {
      if (timeoutMs === 0 || isOver) return 0
      const untilMs = script[waits.length]
      waits.push({ forMs: timeoutMs, ...(untilMs !== undefined && { untilMs }) })
      if (waits.length > script.length) {
        isOver = true
        resolve()
        return 0
      }
      nowMs += untilMs ?? timeoutMs
      return untilMs === undefined ? 0 : -1
    },
  }
  const running = await makeEngine(t, { libc })
  running.engine.add(running.socket)
  await promise
  return waits
}

const CASES: Readonly<
  Record<
    string,
    {
      timers: readonly number[]
      /** When each wait ends before its time; undefined: at its time. */
      script: readonly (number | undefined)[]
      waits: readonly number[]
    }
  >
> = {
  'nothing is due: it sleeps, once all has been quiet for a while': {
    timers: [],
    script: [undefined],
    waits: [AWAY_MS, FOREVER],
  },
  'a timer that is due soon is waited for exactly': {
    timers: [7],
    script: [undefined, undefined],
    waits: [7, AWAY_MS, FOREVER],
  },
  'one that is due later as well, with one wait in between': {
    timers: [5000],
    script: [undefined, undefined, undefined],
    waits: [AWAY_MS, 5000 - AWAY_MS, AWAY_MS, FOREVER],
  },
  'after a timer it looks after the loop again, which may have begun something': {
    timers: [5000, 5010, 9000],
    script: [undefined, undefined, undefined, undefined, undefined],
    waits: [AWAY_MS, 5000 - AWAY_MS, 10, AWAY_MS, 9000 - 5010 - AWAY_MS, AWAY_MS],
  },
  'so it does when it was interrupted': {
    timers: [],
    script: [undefined, 300, undefined],
    waits: [AWAY_MS, FOREVER, AWAY_MS, FOREVER],
  },
  'days are waited for as well, and as many as poll takes': {
    timers: [2 ** 40],
    script: [undefined],
    waits: [AWAY_MS, 2 ** 31 - 1],
  },
}

for (const [title, { timers, script, waits }] of Object.entries(CASES))
  test(title, LIMIT, async t => {
    const seen = await waitsOf(t, timers, script)
    assert.deepEqual(
      seen.map(({ forMs }) => forMs),
      waits,
    )
  })

/** libc that calls back before each wait that is longer than a turn, with how long it may take. */
const telling = (onLongWait: (forMs: number) => void): Libc => {
  const libc = realLibc()
  return {
    ...libc,
    poll: (fds, count, timeoutMs) => {
      const isLong = timeoutMs > AWAY_MS || timeoutMs === FOREVER
      if (isLong) onLongWait(timeoutMs)
      return libc.poll(fds, count, timeoutMs)
    },
  }
}

test('what the event loop has as timers is what is waited for', LIMIT, async t => {
  const libc = realLibc()
  const { promise, resolve } = Promise.withResolvers<number>()
  const poll: Libc['poll'] = (fds, count, timeoutMs) => {
    if (timeoutMs >= 0 && timeoutMs <= AWAY_MS) return libc.poll(fds, count, timeoutMs)
    resolve(timeoutMs)
    return 0
  }
  const running = await makeEngine(t, { libc: { ...libc, poll } })
  running.engine.add(running.socket)
  const timer = setTimeout(() => {}, 10_000)
  t.after(() => clearTimeout(timer))
  const forMs = await promise
  assert.ok(forMs > AWAY_MS && forMs <= 10_000, String(forMs))
})

test('a datagram ends the sleep, and those that follow find the engine awake', LIMIT, async t => {
  let send = (): void => {}
  let sleeps = 0
  const libc = telling(() => {
    sleeps++
    send()
  })
  const running = await makeEngine(t, { libc })
  const client = await connected(t, '127.0.0.1', running.port)
  const queries = Array.from({ length: 3 }, (_, id) => askFor('fast', id))
  const answered = replies(client, queries.length)
  const left = [...queries]
  // Blocks in the wait right after this: what is not waited for is never answered.
  send = () => void (left.length > 0 && client.send(left.shift()!))
  running.engine.add(running.socket)
  assert.deepEqual(
    (await answered).map(bytes => bytes.toHex()),
    queries.map(bytes => replyTo(bytes).toHex()),
  )
  assert.equal(sleeps, queries.length)
})

test('a message from another thread ends the sleep', LIMIT, async t => {
  const words = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
     parentPort.postMessage('ready')
     Atomics.wait(workerData, 0, 0)
     parentPort.postMessage('at last')`,
    { eval: true, workerData: words },
  )
  t.after(() => worker.terminate())
  const messages: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const ready = Promise.withResolvers<void>()
  worker.on('message', (message: string) => {
    messages.push(message)
    if (message === 'ready') ready.resolve()
    else resolve()
  })
  await ready.promise
  const libc = telling(() => {
    Atomics.store(words, 0, 1)
    Atomics.notify(words, 0)
  })
  const running = await makeEngine(t, { libc })
  running.engine.add(running.socket)
  await promise
  assert.deepEqual(messages, ['ready', 'at last'])
})
