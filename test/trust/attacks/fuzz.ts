// Damaged messages over UDP and TCP, seeded. Each answer is looked at by the judge, and each
// message that is owed one must get it.

import { seeded } from '../../fakes/raw-message.ts'
import { BurstClient, isDue } from '../../support/burst-client.ts'
import { query } from '../../support/messages.ts'
import { askTcp } from '../../support/raw-client.ts'
import type { Cleanup } from '../../support/server-process.ts'
import { flawOf } from '../judge.ts'
import { forwardedName, hostName } from '../names.ts'
import type { Attack } from './attack.ts'

const BURST = 100
/** Ids of one socket: below the marker of BurstClient. */
const IDS = 60_000
const MOST_BYTES = 65_507

export interface FuzzSetting {
  readonly port: number
  readonly messages: number
  readonly seed: number
}

const SEEDS: readonly Uint8Array[] = [
  query(hostName(1)).bytes,
  query(forwardedName(1)).bytes,
  query('www.example.hosts.test', 'AAAA', {
    do: true,
    options: [{ code: 10, data: '0102030405060708' }],
  }).bytes,
  query('10.2.0.192.in-addr.arpa', 'PTR', {
    udpSize: 4096,
    options: [{ code: 8, data: '0001180000c00002' }],
  }).bytes,
  query('a.hosts.test', 'ANY', { cd: true, udpSize: 512, version: 1 }).bytes,
  query('b.hosts.test', 'A', { opcode: 5, additional: ['x.test. 60 IN A 192.0.2.1'] }).bytes,
]

/** Mostly flips of a few bytes, now and then a cut, a tail of garbage or nothing but garbage. */
const damaged = (random: (below: number) => number): Uint8Array => {
  const kind = random(20)
  // One byte at least: an empty message over TCP ends the connection.
  if (kind === 0) return Uint8Array.from({ length: 1 + random(600) }, () => random(256))
  const seed = SEEDS[random(SEEDS.length)]!
  if (kind === 1) return seed.slice(0, 1 + random(seed.length - 1))
  const tail =
    kind === 2 ? random(200) : kind === 3 && random(50) === 0 ? MOST_BYTES - seed.length : 0
  const bytes = new Uint8Array(seed.length + tail)
  bytes.set(seed)
  for (let flips = 1 + random(4); flips > 0; flips--) {
    const at = 2 + random(seed.length - 2)
    bytes[at] = [random(256), 0, 255, 0xc0, 0x3f, bytes[at]! ^ (1 << random(8))][random(6)]!
  }
  return bytes
}

const withId = (bytes: Uint8Array, id: number): Uint8Array => {
  bytes[0] = id >>> 8
  if (bytes.length > 1) bytes[1] = id & 255
  return bytes
}

const makeCounts = () => ({ sent: 0, due: 0, answered: 0, unanswered: 0, flawed: 0, strays: 0 })

/** Says the first flaws, so that a failure can be looked into. */
const judge = (
  counts: ReturnType<typeof makeCounts>,
  asked: Uint8Array,
  reply: Uint8Array,
): void => {
  const flaw = flawOf(asked, reply)
  if (flaw === undefined) return
  if (counts.flawed++ < 3)
    process.stderr.write(
      `trust: ${flaw}: ${Buffer.from(asked).toString('hex')} ${Buffer.from(reply).toString('hex')}\n`,
    )
}

const withCleanup = async <T>(run: (t: Cleanup) => Promise<T>): Promise<T> => {
  const undo: (() => void | Promise<void>)[] = []
  try {
    return await run({ after: one => void undo.push(one) })
  } finally {
    for (const one of undo) await one()
  }
}

export const fuzzUdp: Attack<FuzzSetting> = ({ port, messages, seed }, { signal, ready }) =>
  withCleanup(async t => {
    const random = seeded(seed)
    const counts = makeCounts()
    const client = await BurstClient.open(t, port)
    ready()
    for (
      let firstId = 0;
      counts.sent < messages && !signal.aborted;
      firstId = (firstId + BURST) % IDS
    ) {
      const burst = Array.from({ length: BURST }, (_, n) => withId(damaged(random), firstId + n))
      const replies = await client.ask(burst, firstId)
      for (const [n, reply] of replies.entries()) {
        counts.sent++
        if (isDue(burst[n]!)) counts.due++
        if (reply === undefined) counts.unanswered += isDue(burst[n]!) ? 1 : 0
        else {
          counts.answered++
          judge(counts, burst[n]!, reply)
        }
      }
    }
    counts.strays = client.strays.length
    return counts
  })

/**
 * An id apart from all others, behind each portion: what is not answered is told from what is slow.
 */
const MARKER_ID = 0xffff

export const fuzzTcp: Attack<FuzzSetting> = async ({ port, messages, seed }, { signal, ready }) => {
  const random = seeded(seed)
  const counts = makeCounts()
  ready()
  for (
    let firstId = 0;
    counts.sent < messages && !signal.aborted;
    firstId = (firstId + BURST) % IDS
  ) {
    const portion = Array.from({ length: BURST }, (_, n) => withId(damaged(random), firstId + n))
    const due = portion.filter(isDue).length
    const marker = query(hostName(2), 'A', { id: MARKER_ID }).bytes
    const replies = await askTcp(port, [...portion, marker], due + 1)
    for (const reply of replies) {
      const id = (reply[0]! << 8) | reply[1]!
      const asked = id === MARKER_ID ? marker : portion[id - firstId]
      if (asked === undefined) counts.strays++
      else judge(counts, asked, reply)
    }
    counts.sent += portion.length
    counts.due += due
    counts.answered += replies.length - 1
  }
  return counts
}
