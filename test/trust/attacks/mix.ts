// Peers that leave off in the middle: each gets as far as some part of what it should write, and
// then half-closes, resets, falls silent without reading, or goes on a byte at a time. Which does
// what is drawn from a seed.

import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { seeded } from '../../fakes/raw-message.ts'
import type { Attack } from './attack.ts'

const TRICKLE_MS = 300
/** Stalled peers are left to the server for so long. */
const STALL_MS = 4000

export interface MixSetting {
  readonly port: number
  readonly peers: number
  /** Of them at a time: below any limit, for it is not their number that this is about. */
  readonly abreast: number
  /** What a peer writes, in parts, in latin1. */
  readonly parts: readonly string[]
  readonly seed: number
}

const FATES = ['half-close', 'reset', 'stall', 'trickle'] as const

interface Peer {
  readonly fate: (typeof FATES)[number]
  /** Parts that it writes at once. */
  readonly written: number
}

const meet = async (
  socket: Socket,
  { fate, written }: Peer,
  parts: readonly string[],
): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const closed = new Promise<void>(done => socket.once('close', () => done()))
  socket.once('connect', () => resolve())
  await Promise.race([promise, closed])
  for (const part of parts.slice(0, written)) {
    socket.write(part, 'latin1')
    await pause(1)
  }
  if (fate === 'reset') socket.resetAndDestroy()
  else if (fate === 'half-close') socket.end()
  else if (fate === 'trickle') {
    for (const byte of parts.slice(written).join('')) {
      if (socket.destroyed || socket.writableEnded) break
      socket.write(byte, 'latin1')
      await pause(TRICKLE_MS / 10)
    }
    socket.end()
  }
  await Promise.race([closed, pause(STALL_MS)])
  socket.destroy()
  await closed
}

export const mix: Attack<MixSetting> = async (
  { port, peers, abreast, parts, seed },
  { signal, ready },
) => {
  const random = seeded(seed)
  const counts = { peers: 0, whole: 0, answered: 0 }
  const one = async (): Promise<void> => {
    const peer: Peer = { fate: FATES[random(FATES.length)]!, written: random(parts.length + 1) }
    // A whole message and the client's end behind it: it is owed an answer.
    const isOwed =
      peer.fate === 'trickle' || (peer.fate === 'half-close' && peer.written === parts.length)
    let bytes = 0
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => undefined)
    if (peer.fate === 'stall') socket.pause()
    else socket.on('data', chunk => void (bytes += chunk.length))
    socket.on('end', () => socket.end())
    counts.peers++
    await meet(socket, peer, parts)
    if (isOwed) counts.whole++
    if (isOwed && bytes > 0) counts.answered++
  }
  let begun = 0
  const line = async (): Promise<void> => {
    while (begun < peers && !signal.aborted) {
      begun++
      await one()
    }
  }
  ready()
  await Promise.all(Array.from({ length: Math.min(peers, abreast) }, line))
  return counts
}
