// An engine in the test's own event loop, over real sockets on loopback, with a receiver that
// answers as the name asked for says: `fast`, `sync`, `async` (on another turn), `held` (when the
// test says so), `silent` (no reply). Replies are the query with QR set.

import { CacheKey } from '../../src/cache/key.ts'
import { PLAIN_SERVING } from '../../src/chain/listening.ts'
import { FastQuery } from '../../src/chain/query/fast-query.ts'
import type { Peer } from '../../src/chain/query/query.ts'
import type { Receiver, Respond } from '../../src/net/engine.ts'
import { MmsgEngine } from '../../src/net/mmsg/engine.ts'
import { makeInboundMemory } from '../../src/net/mmsg/inbound-layout.ts'
import type { Libc } from '../../src/net/mmsg/libc.ts'
import { MmsgSocket } from '../../src/net/mmsg/socket.ts'
import type { SocketGroup } from '../../src/net/mmsg/sockets.ts'
import { HEADER_SIZE } from '../../src/wire/header.ts'
import { openGroup, queryOf, realLibc } from './loopback.ts'

export type Way = 'fast' | 'sync' | 'async' | 'held' | 'silent'

/** A query that is answered that way. */
export const askFor = (way: Way, id: number): Uint8Array => queryOf(`${way}.example.org.`, id)

const wayOf = (bytes: Uint8Array, at: number): string =>
  Buffer.from(
    bytes.subarray(at + HEADER_SIZE + 1, at + HEADER_SIZE + 1 + bytes[at + HEADER_SIZE]!),
  ).toString()

export const replyTo = (query: Uint8Array): Uint8Array => {
  const reply = Uint8Array.from(query)
  reply[2]! |= 0x80
  return reply
}

export class ScriptedReceiver implements Receiver {
  readonly listener = { index: 0, label: 'dns://:53' }
  readonly tcpLimits = { readMs: 0, writeMs: 0, idleMs: 0, maxQueries: -1 }
  readonly serving = PLAIN_SERVING
  /** Queries of either path. */
  asked = 0
  /** Names that went to the slow path, with the addresses at both ends. */
  readonly slow: { readonly way: string; readonly client: Peer; readonly local: Peer }[] = []
  /** Sends the reply of each held query. */
  readonly held: (() => void)[] = []
  batches = 0
  /** Called for each query. */
  onQuery = (): void => {}

  fast(query: FastQuery): number {
    const { bytes, at, length, out, outAt } = query
    if (wayOf(bytes, at) !== 'fast') return 0
    this.asked++
    this.onQuery()
    for (let k = 0; k < length; k++) out[outAt + k] = bytes[at + k]!
    out[outAt + 2]! |= 0x80
    return length
  }

  batchSent(): void {
    this.batches++
  }

  receive(...[bytes, , client, local, respond]: Parameters<Receiver['receive']>): void {
    const way = wayOf(bytes, 0)
    this.asked++
    this.slow.push({ way, client, local })
    this.onQuery()
    const answer = (): void => respond(replyTo(bytes))
    if (way === 'sync') answer()
    else if (way === 'async') setImmediate(answer)
    else if (way === 'held') this.held.push(answer)
    else (respond as Respond)(undefined)
  }
}

export interface Running {
  readonly engine: MmsgEngine
  readonly socket: MmsgSocket
  readonly receiver: ScriptedReceiver
  readonly group: SocketGroup
  readonly port: number
  readonly failures: string[]
  readonly datagrams: () => number
}

export interface RunningSetting {
  readonly address?: string
  readonly libc?: Libc
  readonly inbound?: SharedArrayBuffer
  /** Whose sockets to take over. */
  readonly from?: Running
}

interface After {
  after(run: () => void | Promise<void>): void
}

/** An engine with one socket that it does not receive from yet. */
export async function makeEngine(t: After, setting: RunningSetting = {}): Promise<Running> {
  const { address = '127.0.0.1', libc = realLibc(), inbound = makeInboundMemory(), from } = setting
  const closing: (() => void | Promise<void>)[] = []
  const opened = from ?? (await openGroup({ after: run => void closing.push(run) }, address, 1))
  const { group, port } = opened
  const receiver = new ScriptedReceiver()
  const failures: string[] = []
  let datagrams = 0
  const engine = new MmsgEngine({
    libc,
    inbound,
    query: new FastQuery(new CacheKey([1, 2])),
    counts: { full: () => {}, refused: () => {}, batch: count => void (datagrams += count) },
    onFailure: reason => void failures.push(reason),
  })
  const local: Peer = { address: address || '::', port, family: group.family }
  const socket = new MmsgSocket(group.fds[0] ?? -1, receiver, local, group)
  t.after(async () => {
    await engine.remove(socket, 0)
    for (const close of closing) await close()
  })
  return { engine, socket, receiver, group, port, failures, datagrams: () => datagrams }
}
