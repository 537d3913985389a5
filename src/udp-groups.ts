// The UDP sockets that main holds for the mmsg engine: opened when a configuration first listens somewhere, kept over reloads, closed when no
// shard serves a configuration that listens there.

import type { Logger } from './core/logger.ts'
import { type ListenAddress, listenText } from './net/engine.ts'
import { receiveDrops } from './net/mmsg/drops.ts'
import type { Libc } from './net/mmsg/libc.ts'
import { closeUdpGroup, openUdpGroup, type UdpGroup, type UdpSocketOptions } from './net/mmsg/sockets.ts'
import { type Steering, steer } from './net/mmsg/steering.ts'

export interface UdpGroupsOptions extends UdpSocketOptions {
  readonly steering: Steering
  readonly log: Logger
}

export class UdpGroups {
  readonly #libc: Libc
  readonly #options: UdpGroupsOptions
  readonly #groups = new Map<string, UdpGroup>()
  /** Whether the kernel takes steering programs, once it has been asked. */
  #canSteer = true

  constructor(libc: Libc, options: UdpGroupsOptions) {
    this.#libc = libc
    this.#options = options
  }

  /** The sockets of an address, opened if they are not there. Throws the system's error. */
  open(at: ListenAddress): UdpGroup {
    const name = listenText(at)
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const group = openUdpGroup(this.#libc, at, this.#options)
    this.#groups.set(name, group)
    this.#steer(group)
    return group
  }

  /** Datagrams that came faster than they were read, at the sockets that are open. */
  get receiveDrops(): number {
    return receiveDrops([...this.#groups.values()].flatMap(({ fds }) => fds))
  }

  /** Closes the sockets of all other addresses. */
  keepOnly(addresses: Iterable<ListenAddress>): void {
    const kept = new Set([...addresses].map(listenText))
    for (const [name, group] of this.#groups) {
      if (kept.has(name)) continue
      closeUdpGroup(this.#libc, group)
      this.#groups.delete(name)
    }
  }

  #steer({ fds }: UdpGroup): void {
    if (!this.#canSteer) return
    const { steering, log } = this.#options
    const errno = steer(this.#libc, fds, steering)
    if (errno === undefined) return
    this.#canSteer = false
    log.warning(`the kernel takes no steering program (errno ${errno}): it spreads UDP queries by client address and port itself`)
  }
}
