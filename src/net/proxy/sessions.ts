// Whose datagrams are whose, for proxies that put a header in front of the first datagram of a
// sender only: the client that a sender's last header named. What a sender can make us remember is
// bounded: the one that was used least recently is forgotten first.

import type { IpAddress } from '../../base/ip.ts'
import { toHex } from '../../base/text/byte-text.ts'

/** The client of a session. */
export interface SessionClient {
  readonly ip: IpAddress
  readonly port: number
}

/** IPv4 addresses need no text. */
type Key = number | string

interface Session extends SessionClient {
  readonly key: Key
  expiresMs: number
  /** Used less recently, and more recently. */
  older: Session | undefined
  newer: Session | undefined
}

export class ProxySessions {
  readonly ttlMs: number
  readonly most: number
  readonly #sessions = new Map<Key, Session>()
  #oldest: Session | undefined
  #newest: Session | undefined

  constructor(ttlMs: number, most: number) {
    this.ttlMs = ttlMs
    this.most = most
  }

  get size(): number {
    return this.#sessions.size
  }

  /** A header of the sender has named this client, which is copied. */
  remember(sender: IpAddress, senderPort: number, client: SessionClient, nowMs: number): void {
    const key = keyOf(sender, senderPort)
    this.#forget(this.#sessions.get(key))
    if (this.#sessions.size >= this.most) this.#forget(this.#oldest)
    const { ip, port } = client
    const session = {
      ip: { bytes: ip.bytes.slice(), family: ip.family },
      port,
      key,
      expiresMs: nowMs + this.ttlMs,
      older: undefined,
      newer: undefined,
    }
    this.#sessions.set(key, session)
    this.#append(session)
  }

  /** The client of a sender whose datagram has no header: its time begins anew. */
  find(sender: IpAddress, senderPort: number, nowMs: number): SessionClient | undefined {
    const session = this.#sessions.get(keyOf(sender, senderPort))
    if (session === undefined) return undefined
    if (session.expiresMs <= nowMs) {
      this.#forget(session)
      return undefined
    }
    session.expiresMs = nowMs + this.ttlMs
    this.#unlink(session)
    this.#append(session)
    return session
  }

  #forget(session: Session | undefined): void {
    if (session === undefined) return
    this.#sessions.delete(session.key)
    this.#unlink(session)
  }

  #unlink(session: Session): void {
    const { older, newer } = session
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }

  #append(session: Session): void {
    session.older = this.#newest
    session.newer = undefined
    if (this.#newest === undefined) this.#oldest = session
    else this.#newest.newer = session
    this.#newest = session
  }
}

const keyOf = ({ bytes, family }: IpAddress, port: number): Key =>
  family === 4
    ? (((bytes[0]! * 256 + bytes[1]!) * 256 + bytes[2]!) * 256 + bytes[3]!) * 65_536 + port
    : `${toHex(bytes)} ${port}`
