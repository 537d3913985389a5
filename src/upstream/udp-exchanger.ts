// One question and its reply over UDP, by whichever means the shard has.

import type { Ask } from './ask.ts'
import type { Endpoint } from './endpoint.ts'

export interface UdpExchanger {
  /** Resolves with the accepted reply, owned by the caller; rejects with an ExchangeError. A malformed reply is ignored like a stranger's. */
  exchange(remote: Endpoint, ask: Ask, timeoutMs: number): Promise<Uint8Array>
  sweep(): void
  /** Ends all exchanges in flight; they reject. */
  close(): void
}
