import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { noFault } from '../../../test/support/stage-shard.ts'
import { CacheKey } from '../../cache/key.ts'
import type { Asked } from '../../chain/query/asked.ts'
import { FastQuery } from '../../chain/query/fast-query.ts'
import { Query } from '../../chain/query/query.ts'
import {
  FAST_ANSWERED,
  FAST_NEXT,
  FAST_SLOW,
  type FastStep,
  TRANSPARENT,
} from '../../chain/stage/fast-step.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { TYPE_A } from '../../wire/rrtypes.ts'
import { compose } from './chain.ts'

const last: Stage = {
  wrap: () => request => replyTo(request),
  fast: { ask: () => FAST_ANSWERED },
}
const slowLast: Stage = { ...last, fast: { ask: () => FAST_SLOW } }

const named = (stages: readonly Stage[]) =>
  stages.map((stage, index) => ({ name: `stage${index}`, stage }))

/** The same question as either path has it. */
const asFast = (request: Query): FastQuery => {
  const fast = new FastQuery(new CacheKey([1, 2]))
  fast.key.set(request.qtype, request.qclass, false, false, request.question.folded)
  fast.name.length = request.name.length
  fast.qtype = request.qtype
  return fast
}

/** Goes on with what the fast path has found out. */
const goingOn = (request: Query, read: FastQuery): Query => {
  const { bytes, question, edns, transport, client, local, listener, receivedMs } = request
  const parts = { bytes, question, edns, transport, client, local, listener, receivedMs }
  return new Query({ ...parts, read })
}

/** A stage that writes down what it is asked and what it does. */
const watched = (concerns: (asked: Asked) => boolean, fast: Stage['fast'] = TRANSPARENT) => {
  const log: string[] = []
  const stage: Stage = {
    concerns: asked => {
      log.push('concerns')
      return concerns(asked)
    },
    wrap: next => request => {
      log.push('handle')
      return next(request)
    },
    fast: fast && {
      ...(fast.ask && {
        ask: request => {
          log.push('ask')
          return fast.ask?.(request) ?? FAST_NEXT
        },
      }),
      shape: () => {
        log.push('shape')
        return true
      },
      done: () => void log.push('done'),
    },
  }
  return { log, stage }
}

const isA = ({ qtype }: Asked): boolean => qtype === TYPE_A
const PASSING: FastStep = { ask: () => FAST_NEXT }

const fates: {
  name: string
  type: string
  behind?: Stage
  fast?: Stage['fast'] | null
  isAnswered: boolean
  log: string[]
}[] = [
  {
    name: 'what concerns it goes through its step',
    type: 'A',
    fast: PASSING,
    isAnswered: true,
    log: ['concerns', 'ask', 'shape', 'done'],
  },
  {
    name: 'what does not goes past it',
    type: 'TXT',
    fast: PASSING,
    isAnswered: true,
    log: ['concerns'],
  },
  {
    name: 'a step that only looks at the answer sees what concerns it',
    type: 'A',
    fast: {},
    isAnswered: true,
    log: ['concerns', 'shape', 'done'],
  },
  {
    name: 'a step that only looks at the answer does not see the rest',
    type: 'TXT',
    fast: {},
    isAnswered: true,
    log: ['concerns'],
  },
  {
    name: 'without a step what concerns it takes the slow path, and is not asked again',
    type: 'A',
    fast: null,
    isAnswered: false,
    log: ['concerns', 'handle'],
  },
  {
    name: 'without a step what does not goes past it',
    type: 'TXT',
    fast: null,
    isAnswered: true,
    log: ['concerns'],
  },
  {
    name: 'sent to the slow path by another, it is not asked again',
    type: 'A',
    behind: slowLast,
    fast: PASSING,
    isAnswered: false,
    log: ['concerns', 'ask', 'handle'],
  },
  {
    name: 'sent to the slow path by another, what does not concern it goes past it there',
    type: 'TXT',
    behind: slowLast,
    fast: PASSING,
    isAnswered: false,
    log: ['concerns'],
  },
]
for (const { name, type, behind = last, fast, isAnswered, log } of fates)
  test(`a stage in front: ${name}`, async () => {
    const own = watched(isA, fast ?? undefined)
    const stage = fast === null ? { concerns: own.stage.concerns, wrap: own.stage.wrap } : own.stage
    const { handler, fast: chain } = compose(named([stage, behind]), noFault)
    const request = query('www.example.org.', type)
    const read = asFast(request)
    assert.equal(chain.answer(read), isAnswered)
    if (isAnswered) chain.done(read)
    else assert.equal(show((await handler?.(goingOn(request, read)))!).rcode, 'NOERROR')
    assert.deepEqual(own.log, log)
  })

test('what stands behind the stage that answers sees nothing of the answer', () => {
  const behind = watched(isA, PASSING)
  const { wrap, fast: step } = behind.stage
  const { fast: chain } = compose(named([last, { wrap, fast: step }]), noFault)
  const read = asFast(query('www.example.org.', 'A'))
  assert.equal(chain.answer(read), true)
  chain.done(read)
  assert.deepEqual(behind.log, [])
})

test('over the slow path alone each stage is asked for itself', async () => {
  const own = watched(isA)
  const { handler } = compose(named([own.stage, last]), noFault)
  for (const type of ['A', 'TXT']) await handler?.(query('www.example.org.', type))
  assert.deepEqual(own.log, ['concerns', 'handle', 'concerns'])
})

test('a query with other flags is another question', async () => {
  const own = watched(({ flags }) => (flags & 0x20) !== 0)
  const setAd: Stage = { wrap: next => asked => next(asked.with({ flags: asked.flags | 0x20 })) }
  const { handler } = compose(named([setAd, own.stage, last]), noFault)
  await handler?.(query('www.example.org.'))
  assert.deepEqual(own.log, ['concerns', 'handle'])
})

test('behind the stages that have a bit the fast path ends, and the slow path asks', async () => {
  for (const [count, isAnswered] of [
    [32, true],
    [33, false],
  ] as const) {
    const crowd = Array.from({ length: count }, () => watched(isA, PASSING))
    const { handler, fast } = compose(named([...crowd.map(({ stage }) => stage), last]), noFault)
    const request = query('www.example.org.', 'A')
    const read = asFast(request)
    assert.equal(fast.answer(read), isAnswered)
    await handler?.(goingOn(request, read))
    const asked = crowd.map(({ log }) => log.filter(word => word === 'concerns').length)
    assert.deepEqual(asked, Array(count).fill(1))
  }
})

const uses: { name: string; stages: Stage[]; isUseful: boolean }[] = [
  { name: 'a step that may answer', stages: [last], isUseful: true },
  { name: 'nothing', stages: [], isUseful: false },
  { name: 'none that may answer', stages: [watched(isA).stage], isUseful: false },
  {
    name: 'one behind a stage that takes all the slow way',
    stages: [{ wrap: next => next }, last],
    isUseful: false,
  },
  {
    name: 'one behind a stage that takes some the slow way',
    stages: [{ concerns: isA, wrap: next => next }, last],
    isUseful: true,
  },
]
for (const { name, stages, isUseful } of uses)
  test(`a fast chain of ${name} is ${isUseful ? '' : 'not '}useful`, () =>
    assert.equal(compose(named(stages), noFault).fast.isUseful, isUseful))

test('the last stage that passes on is named, also when it is not concerned', () => {
  const { handler } = compose(
    [{ name: 'any', stage: { concerns: isA, wrap: next => next } }],
    noFault,
  )
  assert.throws(() => handler?.(query('www.example.org.', 'TXT')), {
    message: 'plugin/any: no next plugin found',
  })
})
