// Runs the code that answers queries before clients wait for it: the first run of a function
// compiles it, and the first hundred are slow. The shard asks itself over the loopback address,
// with the engine and chains that clients meet, on scratch memory (scratch.ts). It yields to
// queries of clients with each turn of the event loop.

import { setImmediate as turnOfLoop } from 'node:timers/promises'
import type { Logger } from '../../log/logger.ts'
import type { OpenListener } from '../../net/engine.ts'
import { openTcp } from '../../net/tcp/listener.ts'
import { ShardGeneration, type ShardParts } from '../generation.ts'
import { Binding, type BindingParts } from '../listener.ts'
import type { BootMessage, GenerationMessage } from '../messages.ts'
import { WarmUpBudget } from './budget.ts'
import { askOverTcp, LOOPBACK, udpClient, type WarmUpClient } from './clients.ts'
import { questionOf, zonesOf } from './questions.ts'
import { rehearsalAt, scratchMessage } from './scratch.ts'
import { upstream } from './upstream.ts'

const MOST_CPU_MS = 60
/** At a tenth of a processor this is what comes first. */
const MOST_MS = 500
const UDP_QUESTIONS = 640
/** Sent together: what a shard receives in a batch under load. */
const QUESTIONS_PER_TURN = 8
/** One of these connections after so many turns, until there were enough. */
const CONNECTION_EVERY = 4
const CONNECTIONS = 8
const MOST_LISTENERS = 4
/** For what is under way at the end. */
const GRACE_MS = 100

export interface WarmUpParts {
  readonly boot: BootMessage
  /** The configuration in force. */
  readonly message: GenerationMessage
  /** On scratch memory, apart from the engine and what it waits for. */
  readonly shardParts: ShardParts
  readonly bindingParts: BindingParts
  readonly log: Logger
  /** True once the shard is to end. */
  readonly isOver: () => boolean
}

/** Never rejects: a failure is a line in the log, and the first queries are slow. */
export const warmUp = async (parts: WarmUpParts): Promise<void> => {
  const closing: (() => unknown)[] = []
  try {
    await rehearse(parts, new WarmUpBudget(MOST_CPU_MS, MOST_MS), close => closing.unshift(close))
  } catch (error) {
    parts.log.warning(`warm-up failed: ${error instanceof Error ? error.message : String(error)}`)
  }
  for (const close of closing) await close()
}

/** A listener of the configuration, with a client that asks it. */
interface Rehearsed {
  readonly binding: Binding
  readonly client: WarmUpClient
  readonly zones: readonly string[]
}

type AtEnd = (close: () => unknown) => void

const rehearse = async (parts: WarmUpParts, budget: WarmUpBudget, atEnd: AtEnd): Promise<void> => {
  const { boot, message, shardParts, bindingParts, isOver } = parts
  const asked = await bindingParts.udp.openUncounted(upstream, bindingParts.counts)
  atEnd(() => asked.close(0))
  const rehearsal = rehearsalAt({ address: LOOPBACK, port: portOf(asked), family: 4 }, boot)
  const scratch = scratchMessage(message)
  const generation = await ShardGeneration.load(scratch, { ...shardParts, rehearsal })
  atEnd(() => generation.retire(GRACE_MS))
  const listeners = generation.listeners.slice(0, MOST_LISTENERS)
  const rehearsed = await Promise.all(
    listeners.map(async (served): Promise<Rehearsed> => {
      const binding = new Binding(served, bindingParts)
      const listening = await bindingParts.udp.openUncounted(binding, bindingParts.counts)
      atEnd(() => listening.close(GRACE_MS))
      const client = await udpClient(portOf(listening), bindingParts.udp.libc)
      atEnd(() => client.close())
      return { binding, client, zones: zonesOf(scratch.blocks, served.ref.index) }
    }),
  )
  const [first] = rehearsed
  if (first === undefined) return
  const tcp = await openTcpFor(first, bindingParts)
  atEnd(() => tcp.close(GRACE_MS))
  const turns = UDP_QUESTIONS / QUESTIONS_PER_TURN
  const connections: Promise<void>[] = []
  for (let turn = 0; turn < turns && budget.isLeft && !isOver(); turn++) {
    ask(rehearsed[turn % rehearsed.length]!, Math.floor(turn / rehearsed.length))
    if (turn % CONNECTION_EVERY === 0 && connections.length < CONNECTIONS)
      connections.push(askOverTcp(portOf(tcp), questionOf(turn, first.zones)))
    await turnOfLoop()
  }
}

const openTcpFor = (
  { binding }: Rehearsed,
  { tcpRoom, log }: BindingParts,
): Promise<OpenListener> =>
  openTcp({ address: LOOPBACK, port: 0 }, binding, {
    room: tcpRoom,
    canReusePort: false,
    onError: log.error,
  })

const ask = ({ client, zones }: Rehearsed, turn: number): void => {
  const messages: Uint8Array[] = []
  for (let k = 0; k < QUESTIONS_PER_TURN; k++)
    messages.push(questionOf(turn * QUESTIONS_PER_TURN + k, zones))
  client.send(messages)
}

const portOf = ({ port }: OpenListener): number => port ?? 0
