import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { v2Header } from '../../../test/support/proxy-headers.ts'
import { BLACK_BOX_WORDS, BlackBox } from '../../memory/black-box.ts'
import { newHashSeed } from '../../memory/keyed-hash.ts'
import { MMSGHDR } from '../../net/mmsg/abi.ts'
import {
  HEADERS,
  JOURNAL,
  JOURNAL_DATAGRAM,
  JOURNAL_ENTRY_BYTES,
  JOURNAL_LENGTH,
  JOURNAL_STATE,
  makeInboundMemory,
  PAYLOAD,
  SLOT_BYTES,
  STATE_COUNT,
  STATE_CURRENT,
  STATE_SEQUENCE,
} from '../../net/mmsg/inbound-layout.ts'
import { HEADER_SIZE } from '../../wire/header.ts'
import { nameFromText, nameToText } from '../../wire/name.ts'
import type { Handling } from './heart-watch.ts'
import {
  type AtHand,
  type DeathError,
  diedAtAgain,
  lastQuestion,
  questionsAtHand,
} from './post-mortem.ts'

const seed = newHashSeed(randomBytes(8))
const named = (name: string): Uint8Array => Uint8Array.of(...nameFromText(name)!, 0, 1, 0, 1)

const aborted = Object.assign(new Error('The task has been aborted'), { name: 'AbortError' })
const outOfMemory = Object.assign(new Error('Worker terminated'), {
  code: 'ERR_WORKER_OUT_OF_MEMORY',
})
const thrown = new Error('told to throw')

interface Left {
  /** In the black box, noted `notes` times. */
  readonly noted?: string
  readonly notes?: number
  /** In the batch, turned to `turns` times. */
  readonly datagram?: string
  readonly turns?: number
  /** In front of the datagram's message. */
  readonly header?: Uint8Array
}

/** A box and a batch as a shard left them. */
const leave = ({ noted, notes = 1, datagram, turns = 1, header }: Left) => {
  const box = new BlackBox(new Int32Array(new SharedArrayBuffer(BLACK_BOX_WORDS * 4)), 0, 0)
  for (let n = 0; noted !== undefined && n < notes; n++)
    box.note(42, named(noted), 0, named(noted).length)
  const inbound = makeInboundMemory()
  const words = new Int32Array(inbound)
  if (datagram !== undefined) {
    const message = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...named(datagram)]
    const query = Uint8Array.of(...(header ?? []), ...message)
    assert.ok(query.length > HEADER_SIZE)
    new Uint8Array(inbound).set(query, PAYLOAD + 3 * SLOT_BYTES)
    words[(HEADERS + 3 * MMSGHDR.size + MMSGHDR.len) >> 2] = query.length
    words[STATE_COUNT] = 7
    words[STATE_CURRENT] = 3
    words[STATE_SEQUENCE] = turns
  }
  return { box, inbound }
}

const at = (question: number, datagram: number): Handling => ({ question, datagram })

const CASES: Readonly<
  Record<
    string,
    { left: Left; error: DeathError; stoodStillAt?: Handling; blamed: string | undefined }
  >
> = {
  'an exception is of the question in the box': {
    left: { noted: 'a.' },
    error: thrown,
    blamed: 'a.',
  },
  'or of the datagram that was being answered': {
    left: { datagram: 'b.' },
    error: thrown,
    blamed: 'b.',
  },
  'a PROXY header in front of it is none of it': {
    left: { datagram: 'b.', header: v2Header({ fields: new Uint8Array(3) }) },
    error: thrown,
    blamed: 'b.',
  },
  'the box comes first': { left: { noted: 'a.', datagram: 'b.' }, error: thrown, blamed: 'a.' },
  'an exception at rest is of none': { left: {}, error: thrown, blamed: undefined },
  'a task that ended while it handled': { left: { noted: 'a.' }, error: undefined, blamed: 'a.' },
  'main ended a shard that was at a question': {
    left: { noted: 'a.' },
    error: aborted,
    blamed: undefined,
  },
  'main ended one that stood still at it': {
    left: { noted: 'a.' },
    error: aborted,
    stoodStillAt: at(1, 0),
    blamed: 'a.',
  },
  'main ended one that had gone on to the same question': {
    left: { noted: 'a.', notes: 2 },
    error: aborted,
    stoodStillAt: at(1, 0),
    blamed: undefined,
  },
  'main ended one that stood still at another, and is innocent of the datagram beside': {
    left: { noted: 'a.', notes: 2, datagram: 'b.' },
    error: aborted,
    stoodStillAt: at(1, 1),
    blamed: undefined,
  },
  'memory ran out at a question': {
    left: { noted: 'a.', datagram: 'b.' },
    error: outOfMemory,
    blamed: undefined,
  },
  'memory ran out where it stood still': {
    left: { noted: 'a.' },
    error: outOfMemory,
    stoodStillAt: at(1, 0),
    blamed: 'a.',
  },
  'main ended a shard that was at a datagram': {
    left: { datagram: 'b.' },
    error: aborted,
    blamed: undefined,
  },
  'main ended one that stood still at this datagram': {
    left: { datagram: 'b.', turns: 9 },
    error: aborted,
    stoodStillAt: at(0, 9),
    blamed: 'b.',
  },
  'main ended one that has turned to another since': {
    left: { datagram: 'b.', turns: 10 },
    error: aborted,
    stoodStillAt: at(0, 9),
    blamed: undefined,
  },
}

for (const [title, { left, error, stoodStillAt, blamed }] of Object.entries(CASES))
  test(title, () => {
    const remains = leave(left)
    const found = lastQuestion(remains, seed, error, stoodStillAt)
    assert.equal(found && nameToText(found.question), blamed)
    assert.equal(remains.box.read(), undefined)
  })

/** A query of that name, in that entry of the journal. */
const wait = (inbound: SharedArrayBuffer, entry: number, name: string): void => {
  const query = Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...named(name))
  const words = new Int32Array(inbound)
  const at = (JOURNAL + entry * JOURNAL_ENTRY_BYTES) >> 2
  words[at + JOURNAL_STATE] = 1
  words[at + JOURNAL_LENGTH] = query.length
  new Uint8Array(inbound).set(query, (at + JOURNAL_DATAGRAM) << 2)
}

test('what was at hand is in the box, in the batch and in the journal', () => {
  const remains = leave({ noted: 'a.', datagram: 'b.', turns: 5 })
  wait(remains.inbound, 0, 'c.')
  wait(remains.inbound, 1023, 'd.')
  const { handled, waiting, turn } = questionsAtHand(remains, seed)
  assert.equal(nameToText(handled!.question), 'a.')
  assert.deepEqual(waiting.map(({ question }) => nameToText(question)).sort(), ['c.', 'd.'])
  assert.equal(turn, 5)
  const inBatch = questionsAtHand(leave({ datagram: 'b.' }), seed)
  assert.equal(nameToText(inBatch.handled!.question), 'b.')
  const atRest = questionsAtHand(leave({}), seed)
  assert.deepEqual(atRest, { handled: undefined, waiting: [], turn: 0 })
})

const handling = (hash: number | undefined, turn: number): AtHand => ({
  handled: hash === undefined ? undefined : { hash, question: named('a.') },
  waiting: [],
  turn,
})

const AGAIN: Readonly<
  Record<string, { before: AtHand | undefined; now: AtHand; isAgain: boolean }>
> = {
  'the first that was handed over': { before: handling(7, 9), now: handling(7, 10), isAgain: true },
  'the last of a batch': { before: handling(7, 9), now: handling(7, 73), isAgain: true },
  'over the end of the numbers': {
    before: handling(7, 2 ** 31 - 1),
    now: handling(7, -(2 ** 31)),
    isAgain: true,
  },
  'the same question, asked again later': {
    before: handling(7, 9),
    now: handling(7, 74),
    isAgain: false,
  },
  'another one': { before: handling(7, 9), now: handling(8, 10), isAgain: false },
  'no datagram': { before: handling(7, 9), now: handling(7, 9), isAgain: false },
  'at rest both times': {
    before: handling(undefined, 9),
    now: handling(undefined, 10),
    isAgain: false,
  },
  'the first death': { before: undefined, now: handling(7, 1), isAgain: false },
}

for (const [title, { before, now, isAgain }] of Object.entries(AGAIN))
  test(`died again: ${title}`, () => {
    assert.equal(diedAtAgain(before, now), isAgain ? now.handled : undefined)
  })
