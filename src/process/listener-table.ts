// The listeners of one generation with their indexes, labels and limits. Several blocks may share
// one.

import type { BlockSettings } from '../chain/block.ts'
import {
  PLAIN_SERVING,
  type Scheme,
  type Serving,
  type StreamServing,
  type TlsServing,
} from '../chain/listening.ts'
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

export interface Listener extends ListenAddress {
  readonly index: number
  readonly label: string
  readonly scheme: Scheme
}

/** CoreDNS's, by scheme. Other schemes have none. */
const DEFAULT_LIMITS: Partial<Record<Scheme, StreamServing>> = {
  https: { maxConnections: 200, maxStreams: 0 },
  grpc: { maxConnections: 200, maxStreams: 256 },
}

/** A block, and what its control halves have set. */
interface Settled {
  readonly block: LoadedBlock
  readonly settings: BlockSettings
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
            // Whatever else a key may say is refused as it is loaded.
            scheme: transport as Scheme,
            address,
            port,
            ...(scope > 0 && { scope }),
          }),
        )
      }
      return listener
    })
  }

  /**
   * All of them, with what the blocks set. Of deadlines the last block that sets one wins, of
   * limits on connections the first block counts, as in CoreDNS.
   */
  messages(blocks: readonly Settled[]): ListenerMessage[] {
    return [...this.#byLabel.values()].map(listener => {
      const settings = blocks
        .filter(each => this.of(each.block, each.settings).includes(listener))
        .map(each => each.settings)
      return {
        ...listener,
        tcpLimits: settings.reduce(limitsAfter, DEFAULT_TCP_LIMITS),
        ...servingOf(listener.scheme, settings),
      }
    })
  }

  /**
   * Lines that CoreDNS prints at start: `[SCHEME://]ZONE:PORT[ on ADDRESS]`, sorted for each
   * listener.
   */
  zoneLines(blocks: readonly Settled[]): string[] {
    return [...this.#byLabel.values()].flatMap(listener => {
      const suffix = listener.address === '' ? '' : ` on ${listener.address}`
      const zones = blocks.flatMap(({ block, settings }) =>
        block.sites
          .filter(site => this.ofSite(site, settings).includes(listener))
          .map(({ zone }) => zone),
      )
      const prefix = listener.scheme === 'dns' ? '' : `${listener.scheme}://`
      return zones.sort().map(zone => `${prefix}${zone}:${listener.port}${suffix}`)
    })
  }
}

const limitsAfter = (before: TcpLimits, { timeouts }: BlockSettings): TcpLimits => ({
  readMs: timeouts.readMs ?? before.readMs,
  writeMs: timeouts.writeMs ?? before.writeMs,
  idleMs: timeouts.idleMs ?? before.idleMs,
  maxQueries: timeouts.maxTcpQueries ?? before.maxQueries,
})

const servingOf = (scheme: Scheme, settings: readonly BlockSettings[]): Serving => {
  const [first] = settings
  const own = { https: first?.https, grpc: first?.grpcServer, dns: undefined, tls: undefined }
  const tls = scheme === 'dns' ? [] : settings.flatMap(each => each.tls ?? [])
  const byIdentity = new Map<string, TlsServing>()
  for (const one of tls) if (!byIdentity.has(one.identity)) byIdentity.set(one.identity, one)
  return {
    scheme,
    tls: [...byIdentity.values()],
    proxy: settings.find(({ proxy }) => proxy !== undefined)?.proxy,
    limits: { ...(DEFAULT_LIMITS[scheme] ?? PLAIN_SERVING.limits), ...own[scheme] },
  }
}
