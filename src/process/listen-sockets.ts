// The sockets that main holds for the mmsg engine: opened when a configuration first listens
// somewhere, kept over reloads and deaths of shards, closed when no shard serves a configuration
// that listens there.

import { isOfStreamShards } from '../chain/listening.ts'
import type { Logger } from '../log/logger.ts'
import { type ListenAddress, listenError, placeOf } from '../net/engine.ts'
import type { Libc } from '../net/mmsg/libc.ts'
import {
  closeGroup,
  type OpenSockets,
  openTcpGroup,
  openUdpGroup,
  type SocketGroup,
  type UdpSocketOptions,
} from '../net/mmsg/sockets.ts'
import { type Steering, steer } from '../net/mmsg/steering.ts'
import { receiveDrops } from '../net/proc-sockets.ts'

export interface ListenSocketsOptions extends UdpSocketOptions {
  /** Of each place where stream shards listen. */
  readonly streamSockets: number
  readonly steering: Steering
  readonly log: Logger
}

export class ListenSockets {
  readonly #libc: Libc
  readonly #options: ListenSocketsOptions
  /** Those that a configuration may use, by address. */
  readonly #usable = new Map<string, OpenSockets>()
  /**
   * All that are not closed yet: shards may have stopped using some, but still have to send replies
   * there.
   */
  readonly #open = new Set<OpenSockets>()
  /** Whether the kernel takes steering programs, once it has been asked. */
  #canSteer = true

  constructor(libc: Libc, options: ListenSocketsOptions) {
    this.#libc = libc
    this.#options = options
  }

  /**
   * The sockets of an address, opened if they are not there. Throws an Error in CoreDNS's words.
   */
  open(place: ListenAddress): OpenSockets {
    const name = placeOf(place)
    const known = this.#usable.get(name)
    if (known !== undefined) return known
    const sockets = this.#openAt(place)
    this.#usable.set(name, sockets)
    this.#open.add(sockets)
    if (sockets.udp !== undefined) this.#steer(sockets.udp)
    return sockets
  }

  /** Datagrams that came faster than they were read, at the sockets that are open. */
  get receiveDrops(): number {
    return receiveDrops([...this.#open].flatMap(({ udp }) => udp?.fds ?? []))
  }

  /**
   * The shards have left all other addresses: a later configuration that listens there gets new
   * sockets.
   */
  leaveAllBut(addresses: Iterable<ListenAddress>): void {
    const kept = new Set([...addresses].map(placeOf))
    for (const name of this.#usable.keys()) if (!kept.has(name)) this.#usable.delete(name)
  }

  /** Closes all other sockets. */
  keepOnly(used: Iterable<OpenSockets>): void {
    const kept = new Set(used)
    for (const sockets of this.#open) {
      if (kept.has(sockets)) continue
      this.#open.delete(sockets)
      for (const [name, usable] of this.#usable) if (usable === sockets) this.#usable.delete(name)
      closeGroup(this.#libc, sockets.tcp)
      if (sockets.udp !== undefined) closeGroup(this.#libc, sockets.udp)
    }
  }

  #openAt(place: ListenAddress): OpenSockets {
    const isStream = isOfStreamShards(place.scheme ?? 'dns')
    const count = isStream ? this.#options.streamSockets : this.#options.sockets
    const tcp = inWords('tcp', place, () => openTcpGroup(this.#libc, place, count))
    if (isStream) return { tcp }
    try {
      return {
        tcp,
        udp: inWords('udp', place, () => openUdpGroup(this.#libc, place, this.#options)),
      }
    } catch (error) {
      closeGroup(this.#libc, tcp)
      throw error
    }
  }

  #steer({ fds }: SocketGroup): void {
    if (!this.#canSteer) return
    const { steering, log } = this.#options
    const errno = steer(this.#libc, fds, steering)
    if (errno === undefined) return
    this.#canSteer = false
    log.warning(
      `the kernel takes no steering program (errno ${errno}): it spreads UDP queries by client address and port itself`,
    )
  }
}

const inWords = <T>(network: 'tcp' | 'udp', place: ListenAddress, open: () => T): T => {
  try {
    return open()
  } catch (error) {
    throw listenError(network, place, error)
  }
}
