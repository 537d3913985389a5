// Where an answer goes: the query, its client, and the block that answers; and the last steps
// there, in which a reply becomes bytes or is counted as dropped.

import { finishReply } from '../../chain/answer/finish.ts'
import { OtherQuestion } from '../../chain/errors.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Connection, Respond } from '../../net/engine.ts'
import { FLAG_QR, getFlags, HEADER_SIZE, setFlags, setId } from '../../wire/header.ts'
import type { ServedListener } from '../generation.ts'
import { Link } from './deadlines.ts'
import { headerReply } from './header-reply.ts'
import type { Leaving } from './leaving.ts'

/**
 * The destination of an answer, with the state that it needs on its way; an entry of the list of
 * waiting queries.
 */
export class Destination extends Link {
  readonly query: Query
  readonly at: ServedListener
  readonly respond: Respond
  readonly connection: Connection | undefined
  /** Id of the query as it came: a plugin may change its bytes. */
  readonly id: number
  readonly flags: number
  readonly requestBytes: number
  /** The leaving stages of the block that answers. */
  leaving: Leaving | undefined

  constructor(
    query: Query,
    at: ServedListener,
    respond: Respond,
    connection: Connection | undefined,
  ) {
    super()
    this.query = query
    this.at = at
    this.respond = respond
    this.connection = connection
    this.id = query.id
    this.flags = query.flags
    this.requestBytes = query.bytes.length
  }

  /** The answer for a message whose question cannot be used. */
  headerReply(rcode: number): Uint8Array {
    const header = new Uint8Array(HEADER_SIZE)
    setId(header, 0, this.id)
    setFlags(header, 0, this.flags)
    return headerReply(header, rcode)
  }
}

export const countDropped = (
  { query, at, requestBytes }: Destination,
  replyBytes: number,
  rcode: number,
): void =>
  at.countDropped(
    query.question,
    query.transport,
    query.client,
    requestBytes,
    replyBytes,
    rcode,
    query.do,
  )

/** Throws if the reply is no answer to the query. */
export const finish = ({ query }: Destination, reply: Reply): Uint8Array | undefined => {
  if (!reply.isTo(query)) throw new OtherQuestion()
  const bytes = finishReply(query, reply)
  if (bytes !== undefined && (getFlags(bytes, 0) & FLAG_QR) === 0)
    throw new RangeError('its reply is a query')
  return bytes
}
