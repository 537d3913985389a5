// The listeners of one generation with their indexes, labels and limits. Several blocks may share
// one.

import type { BlockSettings } from '../chain/block.ts'
import type { Site } from '../corefile/keys.ts'
import {
  DEFAULT_TCP_LIMITS,
  type ListenAddress,
  listenText,
  type TcpLimits,
} from '../net/engine.ts'
import { scopeNow } from '../net/local-addresses.ts'
import type { ListenerMessage } from '../shard/messages.ts'
import type { LoadedBlock } from './load/load.ts'

interface Listener extends ListenAddress {
  readonly index: number
  readonly label: string
}

export class ListenerTable {
  readonly #byLabel = new Map<string, Listener>()

  all(): Listener[] {
    return [...this.#byLabel.values()]
  }

  /** Those of a block, each once. */
  of(block: LoadedBlock, settings: BlockSettings): Listener[] {
    return [...new Set(block.sites.flatMap(site => this.ofSite(site, settings)))]
  }

  ofSite({ transport, port }: Site, { bindAddresses }: BlockSettings): Listener[] {
    return (bindAddresses ?? ['']).map(address => {
      const label = `${transport}://${listenText({ address, port })}`
      let listener = this.#byLabel.get(label)
      if (listener === undefined) {
        const scope = scopeNow(address)
        this.#byLabel.set(
          label,
          (listener = {
            index: this.#byLabel.size,
            label,
            address,
            port,
            ...(scope > 0 && { scope }),
          }),
        )
      }
      return listener
    })
  }

  /** All of them, with the limits that the blocks set: the last block that sets one wins. */
  messages(
    blocks: readonly { readonly block: LoadedBlock; readonly settings: BlockSettings }[],
  ): ListenerMessage[] {
    const limits = new Map<Listener, TcpLimits>()
    for (const { block, settings } of blocks) {
      const { readMs, writeMs, idleMs, maxTcpQueries } = settings.timeouts
      for (const listener of this.of(block, settings)) {
        const so = limits.get(listener) ?? DEFAULT_TCP_LIMITS
        limits.set(listener, {
          readMs: readMs ?? so.readMs,
          writeMs: writeMs ?? so.writeMs,
          idleMs: idleMs ?? so.idleMs,
          maxQueries: maxTcpQueries ?? so.maxQueries,
        })
      }
    }
    return [...this.#byLabel.values()].map(listener => ({
      ...listener,
      tcpLimits: limits.get(listener) ?? DEFAULT_TCP_LIMITS,
    }))
  }

  /** Lines that CoreDNS prints at start: `ZONE:PORT[ on ADDRESS]`, sorted for each listener. */
  zoneLines(
    blocks: readonly { readonly block: LoadedBlock; readonly settings: BlockSettings }[],
  ): string[] {
    return [...this.#byLabel.values()].flatMap(listener => {
      const suffix = listener.address === '' ? '' : ` on ${listener.address}`
      const zones = blocks.flatMap(({ block, settings }) =>
        block.sites
          .filter(site => this.ofSite(site, settings).includes(listener))
          .map(({ zone }) => zone),
      )
      return zones.sort().map(zone => `${zone}:${listener.port}${suffix}`)
    })
  }
}
