// Runs the code that answers queries before clients wait for it: the first run of a function
// compiles it, and the first hundred are slow. The shard asks itself over the loopback address,
// with the engine and chains that clients meet, on scratch memory (scratch.ts). It yields to
// queries of clients with each turn of the event loop.

import type { Socket } from 'node:net'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { makeLogger } from '../../log/log.ts'
import type { Logger } from '../../log/logger.ts'
import { type OpenListener, peerOf } from '../../net/engine.ts'
import { openTcp } from '../../net/tcp/listener.ts'
import { type Outward, ShardGeneration, type ShardParts } from '../generation.ts'
import { Binding, type BindingParts } from '../listener.ts'
import type { BootMessage, GenerationMessage } from '../messages.ts'
import { WarmUpBudget } from './budget.ts'
import { askOverTcp, loopbackAddress, udpClient, type WarmUpClient } from './clients.ts'
import { questionOf, zonesOf } from './questions.ts'
import { noLines, rehearsalAt, scratchMessage, scratchRegion } from './scratch.ts'
import { upstream } from './upstream.ts'

const MOST_CPU_MS = 60
/**
 * From `sinceMs` on. At a tenth of a processor this comes first, and what is under way then and the
 * end take some 200 ms more.
 */
const MOST_MS = 300
const UDP_QUESTIONS = 640
/** At most sent together: what a shard receives in a batch under load. */
const QUESTIONS_PER_TURN = 8
/** One of these connections after so many turns, until there were enough. */
const CONNECTION_EVERY = 4
const CONNECTIONS = 8
const MOST_LISTENERS = 4
/** For what is under way at the end. */
const GRACE_MS = 100

export interface WarmUpParts {
  readonly boot: BootMessage
  /** Clock.ms() when the shard began to serve. */
  readonly sinceMs: number
  /** The configuration in force. */
  readonly message: GenerationMessage
  /** The shard's own, but on that memory. */
  makeParts(region: Int32Array, outward: Outward): ShardParts
  /** The same; the engine is the shard's. */
  makeBindingParts(region: Int32Array, log: Logger): BindingParts
  /** True once the shard is to end. */
  readonly isOver: () => boolean
}

/** Rejects if it cannot go on; nothing stays open. */
export const warmUp = async (parts: WarmUpParts): Promise<void> => {
  const closing: (() => unknown)[] = []
  try {
    const budget = new WarmUpBudget(MOST_CPU_MS, parts.sinceMs + MOST_MS)
    await rehearse(parts, budget, close => closing.unshift(close))
  } finally {
    for (const close of closing) await close()
  }
}

/** A listener of the configuration, with a client that asks it. */
interface Rehearsed {
  readonly binding: Binding
  readonly client: WarmUpClient
  readonly zones: readonly string[]
}

type AtEnd = (close: () => unknown) => void

const rehearse = async (parts: WarmUpParts, budget: WarmUpBudget, atEnd: AtEnd): Promise<void> => {
  const { boot, message, isOver } = parts
  const address = loopbackAddress()
  // Nobody to ask, and no reason to complain.
  if (address === undefined) return
  const region = scratchRegion(boot)
  const sink = noLines()
  const bindingParts = parts.makeBindingParts(
    region,
    makeLogger(sink, '', () => false),
  )
  const shardParts = parts.makeParts(region, { sink, fatal: () => {}, loading: () => {} })
  const answering = await bindingParts.udp.openUncounted(address, upstream, bindingParts.counts)
  atEnd(() => answering.close(0))
  const rehearsal = rehearsalAt(peerOf(address, portOf(answering)), boot)
  const scratch = scratchMessage(message)
  const generation = await ShardGeneration.load(scratch, { ...shardParts, rehearsal })
  atEnd(() => generation.retire(GRACE_MS))
  const listeners = generation.listeners.slice(0, MOST_LISTENERS)
  const rehearsed = await Promise.all(
    listeners.map(async (served): Promise<Rehearsed> => {
      const binding = new Binding(served, bindingParts)
      const listening = await bindingParts.udp.openUncounted(address, binding, bindingParts.counts)
      atEnd(() => listening.close(GRACE_MS))
      const client = await udpClient({ address, port: portOf(listening) }, bindingParts.udp.libc)
      atEnd(() => client.close())
      return { binding, client, zones: zonesOf(scratch.blocks, served.ref.index) }
    }),
  )
  const [first] = rehearsed
  if (first === undefined) return
  const connections: Socket[] = []
  atEnd(() => {
    for (const connection of connections) connection.destroy()
  })
  const tcp = await openTcpFor(address, first, bindingParts)
  atEnd(() => tcp.close(GRACE_MS))
  let asked = 0
  for (let turn = 1; asked < UDP_QUESTIONS && budget.isLeft && !isOver(); turn++) {
    // Few at first: each runs code that has never run, and clients wait meanwhile.
    const count = Math.min(turn, QUESTIONS_PER_TURN)
    ask(rehearsed[turn % rehearsed.length]!, asked, count)
    asked += count
    if (turn % CONNECTION_EVERY === 0 && connections.length < CONNECTIONS)
      connections.push(askOverTcp({ address, port: portOf(tcp) }, questionOf(turn, first.zones)))
    await turnOfLoop()
  }
}

const openTcpFor = (
  address: string,
  { binding }: Rehearsed,
  { tcpRoom, log }: BindingParts,
): Promise<OpenListener> =>
  openTcp({ address, port: 0 }, binding, {
    room: tcpRoom,
    canReusePort: false,
    onError: log.error,
  })

const ask = ({ client, zones }: Rehearsed, from: number, count: number): void =>
  client.send(Array.from({ length: count }, (_, k) => questionOf(from + k, zones)))

const portOf = ({ port }: OpenListener): number => port ?? 0
