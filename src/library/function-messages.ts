// What a shard and main say to each other of queries that a function on main answers: plain data,
// over a BroadcastChannel that only these two have.

import type { Peer, Transport } from '../chain/query/query.ts'
import type { Answer } from './answer.ts'

/** What a function is asked. */
export interface AskedFields {
  /** In lower case, with a dot at the end. */
  readonly name: string
  readonly type: string
  readonly class: string
  /** The second header word. */
  readonly flags: number
  readonly do: boolean
  readonly client: Peer
  readonly transport: Transport
  readonly bytes: Uint8Array
}

/** A call of the function. A shard that has died has a successor, with a number of its own. */
interface Call {
  readonly shard: number
  readonly id: number
}

export type ToFunction =
  | (Call & { readonly kind: 'ask'; readonly asked: AskedFields })
  /** Nobody waits for it any more. */
  | (Call & { readonly kind: 'cut' })

/** Undefined: the rest of the chain answers. Null: nobody does. */
export type FunctionAnswer = Answer | null | undefined

export type FromFunction =
  | (Call & { readonly kind: 'answer'; readonly parts: FunctionAnswer })
  | (Call & { readonly kind: 'failed'; readonly error: string })

/** The channel between main and one shard. */
export const channelName = (name: string, shard: number): string => `${name} ${shard}`
