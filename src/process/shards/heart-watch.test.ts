import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beat, HEARTBEAT_ROW_WORDS, isAtRest, WorkCount } from '../../memory/heartbeat.ts'
import { HeartWatch } from './heart-watch.ts'
import type { ThreadReading } from './thread-reading.ts'

/** What happens up to that moment, the same before each look. */
interface Step {
  readonly untilMs: number
  /** Between two looks; 100 if absent. */
  readonly everyMs?: number
  readonly beats?: boolean
  readonly works?: boolean
  /** What the thread uses of each interval, in ms of processor time. */
  readonly uses?: number
  readonly waits?: boolean
}

interface World {
  /** Nothing is known of threads. */
  readonly isBlind?: boolean
  readonly crowding?: number
  readonly isAsked?: boolean
  readonly isAtHalf?: boolean
}

/**
 * One shard, from its start at 0; what it was convicted of and when, and how often main was late.
 */
const makeWorld = ({
  isBlind = false,
  crowding = 1,
  isAsked = false,
  isAtHalf = false,
}: World = {}) => {
  const words = new Int32Array(new SharedArrayBuffer(HEARTBEAT_ROW_WORDS * 4))
  const work = new WorkCount(words, 0, 0)
  const handling = { question: 5, datagram: 6 }
  const convictions: string[] = []
  let thread: ThreadReading = { cpuMs: 30, isWaiting: false }
  let reads = 0
  let lateLooks = 0
  let rests = 0
  const watch = new HeartWatch({
    words,
    offset: 0,
    shards: 1,
    crowding,
    readThread: () => {
      reads++
      return isBlind ? undefined : thread
    },
    handling: () => ({ ...handling }),
    onLate: () => lateLooks++,
    onRest: () => rests++,
  })
  watch.started(0)
  if (isAsked) watch.asked(0)
  if (isAtHalf) watch.atHalf(0)
  let nowMs = 0
  watch.look(nowMs)
  const live = ({
    untilMs,
    everyMs = 100,
    beats = false,
    works = false,
    uses = 0,
    waits = false,
  }: Step): void => {
    while (nowMs + everyMs <= untilMs) {
      nowMs += everyMs
      if (beats) beat(words, 0, 0)
      if (works) work.add()
      thread = { cpuMs: thread.cpuMs + uses, isWaiting: waits }
      for (const { shard, reason } of watch.look(nowMs))
        convictions.push(`${shard} ${reason} at ${nowMs}`)
    }
  }
  return {
    watch,
    work,
    handling,
    isAtRest: () => isAtRest(words, 0, 0),
    /** Counts a message without looking whether the shard is at rest. */
    workUnseen: () => void words[1]!++,
    convictions,
    live,
    get reads() {
      return reads
    },
    get lateLooks() {
      return lateLooks
    },
    get rests() {
      return rests
    },
  }
}

const HOUR_MS = 3_600_000
const SERVES: Step = { untilMs: 1000, beats: true, works: true, uses: 5 }

const CASES: Readonly<
  Record<string, { world?: World; steps: readonly Step[]; convicted: readonly string[] }>
> = {
  'one that beats is left alone, whatever it uses': {
    steps: [{ untilMs: 60_000, beats: true, uses: 100 }],
    convicted: [],
  },
  'one that works is left alone, though its event loop never comes round': {
    steps: [SERVES, { untilMs: 60_000, works: true, uses: 100 }],
    convicted: [],
  },
  'a loop that never returns is noticed once it has used up a second, and once only': {
    steps: [SERVES, { untilMs: 60_000, uses: 100 }],
    convicted: ['0 hang at 2200'],
  },
  'a loop that gets a tenth of a processor, after ten seconds': {
    steps: [SERVES, { untilMs: 60_000, uses: 10 }],
    convicted: ['0 hang at 11200'],
  },
  'one that gets no processor is not to blame, for an hour': {
    steps: [SERVES, { untilMs: HOUR_MS }],
    convicted: [],
  },
  'one that is throttled and comes round at long last': {
    steps: [
      SERVES,
      { untilMs: 31_000, uses: 3 },
      { untilMs: 31_100, beats: true },
      { untilMs: 61_000, uses: 3 },
    ],
    convicted: [],
  },
  'a wait that never ends is noticed after twenty seconds': {
    steps: [SERVES, { untilMs: 60_000, waits: true }],
    convicted: ['0 blocked at 21100'],
  },
  'one that runs now and then does not wait for ever': {
    steps: [
      SERVES,
      { untilMs: 16_000, waits: true },
      { untilMs: 16_100 },
      { untilMs: 31_000, waits: true },
      { untilMs: 31_100 },
      { untilMs: 46_000, waits: true },
    ],
    convicted: [],
  },
  'a process that was stopped for an hour': {
    steps: [
      SERVES,
      { untilMs: HOUR_MS, everyMs: HOUR_MS - 1000, waits: true },
      { untilMs: HOUR_MS + 5000, waits: true },
    ],
    convicted: [],
  },
  'a machine that was suspended, and booked that as processor time': {
    steps: [
      SERVES,
      { untilMs: 1300, uses: 50 },
      { untilMs: 7300, everyMs: 6000, uses: 6000 },
      { untilMs: 7400, beats: true },
    ],
    convicted: [],
  },
  'a watcher that is always late sees no wait': {
    steps: [SERVES, { untilMs: HOUR_MS, everyMs: 300, waits: true }],
    convicted: [],
  },
  'a watcher that is always late sees a loop, after five looks that counted': {
    steps: [SERVES, { untilMs: 60_000, everyMs: 1000, uses: 1000 }],
    convicted: ['0 hang at 8000'],
  },
  'loading the program may use twenty seconds': {
    steps: [{ untilMs: 60_000, uses: 100 }],
    convicted: ['0 hang at 20100'],
  },
  'loading the program may wait for a minute': {
    steps: [{ untilMs: 120_000, waits: true }],
    convicted: ['0 blocked at 60000'],
  },
  'loading the program may take an hour without a processor': {
    steps: [{ untilMs: HOUR_MS }],
    convicted: [],
  },
  'one that loads a large configuration may use twenty seconds': {
    world: { isAsked: true },
    steps: [SERVES, { untilMs: 60_000, uses: 100 }],
    convicted: ['0 hang at 21200'],
  },
  'one that loads a configuration may wait for a minute': {
    world: { isAsked: true },
    steps: [SERVES, { untilMs: 120_000, waits: true }],
    convicted: ['0 blocked at 61100'],
  },
  'but for twenty seconds when it is at the half of a plugin': {
    world: { isAsked: true, isAtHalf: true },
    steps: [SERVES, { untilMs: 120_000, waits: true }],
    convicted: ['0 blocked at 21100'],
  },
  'a half may use twenty seconds': {
    world: { isAsked: true, isAtHalf: true },
    steps: [{ untilMs: 60_000, uses: 100 }],
    convicted: ['0 hang at 20100'],
  },
  'and take a minute where nothing is known of threads': {
    world: { isAsked: true, isAtHalf: true, isBlind: true },
    steps: [SERVES, { untilMs: 120_000, uses: 100 }],
    convicted: ['0 blocked at 61100'],
  },
  'where nothing is known of threads, twenty seconds of silence': {
    world: { isBlind: true },
    steps: [SERVES, { untilMs: 60_000, uses: 100 }],
    convicted: ['0 blocked at 21100'],
  },
  'and longer the more shards share a processor': {
    world: { isBlind: true, crowding: 4 },
    steps: [SERVES, { untilMs: 120_000, uses: 100 }],
    convicted: ['0 blocked at 81100'],
  },
  'and none that main itself was held up in': {
    world: { isBlind: true },
    steps: [SERVES, { untilMs: HOUR_MS, everyMs: 201 }],
    convicted: [],
  },
  'and a minute of it to load the program': {
    world: { isBlind: true, crowding: 2 },
    steps: [{ untilMs: 200_000 }],
    convicted: ['0 blocked at 120000'],
  },
  'a configuration that is not taken on in three hundred rounds of the event loop': {
    world: { isAsked: true },
    steps: [{ untilMs: 60_000, beats: true }],
    convicted: ['0 load at 30000'],
  },
  'however long these take': {
    world: { isAsked: true },
    steps: [{ untilMs: HOUR_MS, everyMs: 20_000, beats: true }],
    convicted: [],
  },
}

for (const [title, { world, steps, convicted }] of Object.entries(CASES))
  test(title, () => {
    const { live, convictions } = makeWorld(world)
    for (const step of steps) live(step)
    assert.deepEqual(convictions, convicted)
  })

test('one that has committed is past its start', () => {
  const { live, watch, convictions } = makeWorld()
  live({ untilMs: 3000, uses: 100 })
  watch.booted(0)
  live({ untilMs: 10_000, uses: 100 })
  assert.deepEqual(convictions, ['0 hang at 4200'])
})

test('a successor starts anew', () => {
  const { live, watch, convictions } = makeWorld()
  live(SERVES)
  live({ untilMs: 3000, uses: 100 })
  watch.started(0)
  live({ untilMs: 20_000, uses: 100 })
  assert.deepEqual(convictions, ['0 hang at 2200'])
})

test('one that has answered is at no half', () => {
  const { live, watch, convictions } = makeWorld({ isAsked: true, isAtHalf: true })
  live(SERVES)
  watch.answered(0)
  live({ untilMs: 5000, uses: 100 })
  assert.deepEqual(convictions, ['0 hang at 2200'])
})

test('an answer that came is waited for no more', () => {
  const { live, watch, convictions } = makeWorld({ isAsked: true })
  live({ untilMs: 20_000, beats: true })
  watch.answered(0)
  live({ untilMs: 90_000, beats: true })
  assert.deepEqual(convictions, [])
})

test('the threads of shards that go on are never read, nor those that miss one look', () => {
  const world = makeWorld()
  for (let n = 1; n <= 50; n++) {
    world.live({ untilMs: n * 200 - 100, beats: true })
    world.live({ untilMs: n * 200 })
  }
  assert.equal(world.reads, 0)
})

test('looks that come late are told', () => {
  const world = makeWorld()
  world.live({ untilMs: 1000, everyMs: 200 })
  assert.equal(world.lateLooks, 0)
  world.live({ untilMs: 2005, everyMs: 201 })
  assert.equal(world.lateLooks, 5)
})

test('a look that is late is told of, though a message comes before it', () => {
  const world = makeWorld()
  world.live({ untilMs: 1000 })
  world.watch.hurry(1150)
  assert.equal(world.lateLooks, 0)
  world.watch.hurry(4000)
  assert.equal(world.lateLooks, 1)
})

const STANDING: Readonly<Record<string, { steps: readonly Step[]; isToBlame: boolean }>> = {
  'at work': { steps: [SERVES], isToBlame: false },
  'silent for a moment': { steps: [SERVES, { untilMs: 1600, uses: 100 }], isToBlame: false },
  'silent for half of what convicts': {
    steps: [SERVES, { untilMs: 1700, uses: 100 }],
    isToBlame: true,
  },
  'silent without a processor': { steps: [SERVES, { untilMs: 15_000 }], isToBlame: false },
  'convicted of a loop': { steps: [SERVES, { untilMs: 2200, uses: 100 }], isToBlame: true },
  'convicted of a wait': { steps: [SERVES, { untilMs: 21_100, waits: true }], isToBlame: true },
  'silent, then at work again': {
    steps: [SERVES, { untilMs: 1900, uses: 100 }, { untilMs: 2000, works: true }],
    isToBlame: false,
  },
}

for (const [title, { steps, isToBlame }] of Object.entries(STANDING))
  test(`what a shard stood still at: ${title}`, () => {
    const world = makeWorld()
    for (const step of steps) world.live(step)
    assert.deepEqual(
      world.watch.stoodStillAt(0),
      isToBlame ? { question: 5, datagram: 6 } : undefined,
    )
  })

test('what a shard stood still at is what it was at when the silence began', () => {
  const world = makeWorld()
  world.live(SERVES)
  world.live({ untilMs: 1100, uses: 100 })
  world.handling.question++
  world.live({ untilMs: 5000, uses: 100 })
  assert.deepEqual(world.watch.stoodStillAt(0), { question: 5, datagram: 6 })
})

/** It has been without work for long enough to be at rest, and beats as it does there. */
const restingWorld = () => {
  const world = makeWorld()
  world.live(SERVES)
  world.live({ untilMs: 2000, beats: true })
  world.live({ untilMs: 20_000, everyMs: 1000, beats: true })
  return world
}

test('a shard without work is laid to rest after a few looks, and looked at seldom from then on', () => {
  const world = makeWorld()
  world.live(SERVES)
  world.live({ untilMs: 1200, beats: true })
  assert.deepEqual([world.rests, world.watch.paceMs], [0, 100])
  world.live({ untilMs: 1300, beats: true })
  assert.deepEqual([world.rests, world.watch.paceMs], [1, 1500])
})

test('a shard at rest beats seldom, and is neither read nor called late', () => {
  const world = restingWorld()
  world.live({ untilMs: HOUR_MS, everyMs: 1500, beats: true })
  assert.deepEqual([world.rests, world.reads, world.lateLooks, world.convictions], [1, 0, 0, []])
})

test('the rest of one does not depend on how often others are looked at', () => {
  const world = restingWorld()
  for (let second = 21; second < 60; second++) {
    world.live({ untilMs: second * 1000 - 900, beats: true })
    world.live({ untilMs: second * 1000 })
  }
  assert.deepEqual([world.rests, world.reads, world.convictions], [1, 0, []])
})

test('work ends the rest, and a loop that it leads to is noticed as soon as ever', () => {
  const world = restingWorld()
  world.live({ untilMs: 21_500, everyMs: 1500, beats: true })
  world.work.add()
  world.watch.hurry(22_000)
  assert.equal(world.watch.paceMs, 100)
  world.live({ untilMs: 21_600, uses: 100 })
  world.live({ untilMs: 60_000, uses: 100 })
  assert.deepEqual(world.convictions, ['0 hang at 22800'])
})

const AT_REST: Readonly<
  Record<string, { steps: readonly Step[]; convicted: readonly string[]; rests: number }>
> = {
  'that is in a loop which no message led to': {
    steps: [{ untilMs: 60_000, uses: 100 }],
    convicted: ['0 hang at 22900'],
    rests: 1,
  },
  'that waits for ever': {
    steps: [{ untilMs: 60_000, waits: true }],
    convicted: ['0 blocked at 41800'],
    rests: 1,
  },
  'that misses a beat and goes on': {
    steps: [
      { untilMs: 22_000, waits: true },
      { untilMs: 23_000, beats: true },
    ],
    convicted: [],
    rests: 2,
  },
  'that has no processor': { steps: [{ untilMs: HOUR_MS }], convicted: [], rests: 1 },
}

for (const [title, { steps, convicted, rests }] of Object.entries(AT_REST))
  test(`a shard at rest ${title}`, () => {
    const world = restingWorld()
    for (const step of steps) world.live(step)
    assert.deepEqual([world.convictions, world.rests], [convicted, rests])
  })

test('one that is asked for something is not at rest until it has answered', () => {
  const world = restingWorld()
  world.watch.asked(0)
  assert.equal(world.isAtRest(), false)
  world.live({ untilMs: 25_000, beats: true })
  assert.equal(world.isAtRest(), false)
  world.watch.answered(0)
  world.live({ untilMs: 25_300, beats: true })
  assert.equal(world.isAtRest(), true)
})

test('a successor does not begin at rest', () => {
  const world = restingWorld()
  world.watch.started(0)
  assert.equal(world.isAtRest(), false)
})

test('work that came just as the shard was laid to rest ends it at the next look', () => {
  const world = restingWorld()
  world.workUnseen()
  world.live({ untilMs: 21_500, everyMs: 1500, beats: true })
  assert.equal(world.isAtRest(), false)
})

test('a shard that is not there is not judged, and keeps nobody awake', () => {
  const { watch, convictions, live, isAtRest } = makeWorld()
  watch.absent(0)
  live({ untilMs: 200_000, everyMs: 1500, waits: true })
  assert.deepEqual([convictions, watch.paceMs], [[], 1500])
  watch.started(0)
  live({ untilMs: 203_000, beats: true })
  assert.equal(isAtRest(), true)
  live({ untilMs: 300_000, waits: true })
  assert.equal(convictions.length, 1)
})
