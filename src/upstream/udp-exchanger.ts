// One question and its reply over UDP, by whichever means the shard has.

import type { Endpoint } from './endpoint.ts'
import type { Ask } from './relayed-question.ts'

export interface UdpExchanger {
  /**
   * Resolves with the accepted reply, owned by the caller; rejects with an ExchangeError. Doubtful
   * replies make it ask over TCP too (doubts.ts).
   */
  exchange(remote: Endpoint, ask: Ask, timeoutMs: number): Promise<Uint8Array>
  /** Whether the last exchange was begun on a socket that others had used before. */
  readonly wasReused: boolean
  sweep(): void
  /** Ends all exchanges in flight; they reject. */
  close(): void
}
