// Runs the code that answers queries before clients wait for it: the first run of a function
// compiles it, and the first hundred are slow. The shard asks itself over the loopback address,
// with the engine and chains that clients meet, on scratch memory (scratch.ts). It yields to
// queries of clients with each turn of the event loop.

import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { isOfStreamShards } from '../../chain/listening.ts'
import { makeLogger } from '../../log/log.ts'
import type { Logger } from '../../log/logger.ts'
import { type OpenListener, peerOf } from '../../net/engine.ts'
import { openStream } from '../../net/stream/listener.ts'
import {
  type Outward,
  type ServedListener,
  ShardGeneration,
  type ShardParts,
} from '../generation.ts'
import { Binding, type BindingParts } from '../listener.ts'
import type { BootMessage, GenerationMessage } from '../messages.ts'
import { WarmUpBudget } from './budget.ts'
import { loopbackAddress, tcpClient, udpClient, type WarmUpClient } from './clients.ts'
import { questionOf, zonesOf } from './questions.ts'
import { noLines, rehearsalAt, scratchMessage, scratchRegion } from './scratch.ts'
import { upstream } from './upstream.ts'

const MOST_CPU_MS = 60
/**
 * From `sinceMs` on. At a tenth of a processor this comes first, and what is under way then and the
 * end take some 200 ms more.
 */
const MOST_MS = 300
const QUESTIONS = 800
/** At most sent together over UDP: what a shard receives in a batch under load. */
const QUESTIONS_PER_TURN = 8
/** One turn in so many asks over TCP, too: so many questions, each time on another connection. */
const TCP_EVERY = 3
const TCP_QUESTIONS_PER_TURN = 6
const CONNECTIONS = 6
const MOST_LISTENERS = 4
/**
 * Chains that are made of the configuration. With a single one V8 takes what differs between two
 * of them, such as a handler's next, for a constant of the code: clients, who ask a third, would
 * have it compiled again.
 */
const COPIES = 2
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

/** A listener of the configuration, with clients that ask it. */
interface Rehearsed {
  /** Undefined where the listener takes connections only. */
  readonly udp: WarmUpClient | undefined
  readonly zones: readonly string[]
  /** Made one after the other. */
  readonly connections: WarmUpClient[]
  connect(): WarmUpClient
}

type AtEnd = (close: () => unknown) => void

const rehearse = async (parts: WarmUpParts, budget: WarmUpBudget, atEnd: AtEnd): Promise<void> => {
  const { boot, isOver } = parts
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
  const rehearsed: Rehearsed[] = []
  for (let copy = 0; copy < COPIES; copy++) {
    const message = scratchMessage(parts.message)
    const generation = await ShardGeneration.load(message, { ...shardParts, rehearsal })
    atEnd(() => generation.retire(GRACE_MS))
    for (const served of generation.listeners.slice(0, MOST_LISTENERS)) {
      const zones = zonesOf(message.blocks, served.ref.index)
      rehearsed.push(await openFor(served, zones, { address, bindingParts, atEnd }))
    }
  }
  if (rehearsed.length === 0) return
  let asked = 0
  for (let turn = 1; asked < QUESTIONS && budget.isLeft && !isOver(); turn++) {
    const one = rehearsed[turn % rehearsed.length]!
    // Few at first: each runs code that has never run, and clients wait meanwhile.
    if (one.udp !== undefined) asked += ask(one.udp, one, asked, Math.min(turn, QUESTIONS_PER_TURN))
    if (one.udp === undefined || turn % TCP_EVERY === 0)
      asked += ask(connectionOf(one, turn), one, asked, TCP_QUESTIONS_PER_TURN)
    await turnOfLoop()
  }
}

interface Place {
  readonly address: string
  readonly bindingParts: BindingParts
  readonly atEnd: AtEnd
}

const openFor = async (
  served: ServedListener,
  zones: readonly string[],
  { address, bindingParts, atEnd }: Place,
): Promise<Rehearsed> => {
  const { udp, tcpRoom, log } = bindingParts
  const binding = new Binding(served, bindingParts)
  const asking = isOfStreamShards(served.message.scheme)
    ? undefined
    : await openUdpFor(binding, { address, bindingParts, atEnd })
  const tcp = await openStream({ address, port: 0 }, binding, {
    room: tcpRoom,
    canReusePort: false,
    onError: log.error,
  })
  atEnd(() => tcp.close(GRACE_MS))
  const connections: WarmUpClient[] = []
  atEnd(() => {
    for (const connection of connections) connection.close()
  })
  const connect = () => tcpClient({ address, port: portOf(tcp) }, udp.libc)
  return { udp: asking, zones, connections, connect }
}

const openUdpFor = async (
  binding: Binding,
  { address, bindingParts: { udp, counts }, atEnd }: Place,
): Promise<WarmUpClient> => {
  const listening = await udp.openUncounted(address, binding, counts)
  atEnd(() => listening.close(GRACE_MS))
  const asking = await udpClient({ address, port: portOf(listening) }, udp.libc)
  atEnd(() => asking.close())
  return asking
}

const connectionOf = ({ connections, connect }: Rehearsed, turn: number): WarmUpClient => {
  if (connections.length < CONNECTIONS) connections.push(connect())
  return connections[turn % connections.length]!
}

/** Returns how many. */
const ask = (client: WarmUpClient, { zones }: Rehearsed, from: number, count: number): number => {
  client.send(Array.from({ length: count }, (_, k) => questionOf(from + k, zones)))
  return count
}

const portOf = ({ port }: OpenListener): number => port ?? 0
