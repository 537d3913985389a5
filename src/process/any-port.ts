// Port 0 of a Corefile: a number that the kernel chooses, one for all listeners of a scheme, for
// UDP and TCP. It is chosen when a configuration first asks for it, and stays over reloads.

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { codeOf } from '../base/files/errno.ts'
import type { Site } from '../corefile/keys.ts'
import type { LoadedConfig } from './load/load.ts'

/** Numbers that are tried: of one that is free for UDP, TCP may have taken any few. */
const ATTEMPTS = 100

/** Sockets that reserve a port number. */
interface Held {
  readonly udp: Socket
  readonly tcp: Server
}

export class AnyPort {
  readonly #canReusePort: boolean
  /** By scheme. */
  readonly #numbers = new Map<Site['transport'], number>()
  #held: Held[] = []

  constructor(canReusePort: boolean) {
    this.#canReusePort = canReusePort
  }

  /** Whether it is one of those that were chosen. */
  has(port: number): boolean {
    return [...this.#numbers.values()].includes(port)
  }

  /**
   * The configuration with the number wherever it says 0. Until `release` a number that has just
   * been chosen is reserved, where sockets can share a port.
   */
  async placed(config: LoadedConfig): Promise<LoadedConfig> {
    const asking = config.blocks.flatMap(({ sites }) => sites).filter(({ port }) => port === 0)
    if (asking.length === 0) return config
    for (const { transport } of asking)
      if (!this.#numbers.has(transport)) this.#numbers.set(transport, await this.#choose())
    const placed = (site: Site): Site =>
      site.port === 0 ? { ...site, port: this.#numbers.get(site.transport) ?? 0 } : site
    const blocks = config.blocks.map(block => ({ ...block, sites: block.sites.map(placed) }))
    return { ...config, blocks }
  }

  /**
   * Ends the reservation of numbers: the shards listen there by now, or the configuration has
   * failed.
   */
  async release(): Promise<void> {
    const held = this.#held
    this.#held = []
    await Promise.all(held.map(close))
  }

  /**
   * Found without SO_REUSEPORT: with it the kernel may choose what another server of the same user
   * has.
   */
  async #choose(): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        const free = await hold(0, false)
        const { port } = free.udp.address()
        await close(free)
        if (this.#canReusePort) this.#held.push(await hold(port, true))
        return port
      } catch (error) {
        if (codeOf(error) !== 'EADDRINUSE' || attempt === ATTEMPTS) throw error
      }
    }
  }
}

/**
 * Reserves it at all addresses of the machine: a number that is free there is free at each of them.
 */
const hold = async (port: number, reusePort: boolean): Promise<Held> => {
  try {
    return await holdAt('::', port, reusePort)
  } catch (error) {
    if (!['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(codeOf(error))) throw error
    // A machine without IPv6.
    return await holdAt('0.0.0.0', port, reusePort)
  }
}

const holdAt = async (host: string, port: number, reusePort: boolean): Promise<Held> => {
  const udp = createSocket({ type: host === '::' ? 'udp6' : 'udp4', reusePort })
  const tcp = createServer(socket => socket.destroy())
  try {
    udp.bind({ address: host, port, exclusive: true })
    await once(udp, 'listening')
    tcp.listen({ host, port: udp.address().port, exclusive: true, reusePort })
    await once(tcp, 'listening')
    return { udp, tcp }
  } catch (error) {
    udp.close()
    tcp.close()
    throw error
  }
}

const close = async ({ udp, tcp }: Held): Promise<void> => {
  udp.close()
  tcp.close()
  await Promise.all([once(udp, 'close'), once(tcp, 'close')])
}
