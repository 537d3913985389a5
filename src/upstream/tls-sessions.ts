// TLS sessions that servers offered to resume (RFC 8446 section 2.2): the next connection to the
// same server then has no signature to make and none to check. Kept by thread, for each set of
// certificates that is in use; a set that is read anew begins without any.

import type { SecureContext, TLSSocket } from 'node:tls'
import { type Clock, systemClock } from '../base/time/clock.ts'
import type { Endpoint } from './endpoint.ts'

/** Of one server: as many connections may be dialled at a time without a full handshake. */
const MOST_TICKETS = 4
/** Servers do not say how large a session may be; it holds their certificates. */
const MOST_BYTES = 16_384
/** Servers with sessions, of one set of certificates. The one dialled longest ago goes first. */
const MOST_SERVERS = 256

/** Of one server under one name: another name would have to be looked for in the certificate. */
class ServerSessions {
  readonly #tickets: Buffer[] = []
  /** The end of its certificate: a session must not outlive it. */
  #endsMs = 0

  /** The newest; each is used once, so that nobody can tell that two connections are ours. */
  take(nowMs: number): Buffer | undefined {
    if (nowMs >= this.#endsMs) this.clear()
    return this.#tickets.pop()
  }

  keep(ticket: Buffer): void {
    if (ticket.length > MOST_BYTES) return
    if (this.#tickets.length === MOST_TICKETS) this.#tickets.shift()
    this.#tickets.push(ticket)
  }

  until(endsMs: number): void {
    this.#endsMs = endsMs
  }

  clear(): void {
    this.#tickets.length = 0
  }
}

export class TlsSessions {
  readonly #servers = new Map<string, ServerSessions>()
  readonly #clock: Pick<Clock, 'wallMs'>

  constructor(clock: Pick<Clock, 'wallMs'> = systemClock) {
    this.#clock = clock
  }

  /** Dials with a session, if there is one, and keeps those that the server offers. */
  resume(remote: Endpoint, dial: (session: Buffer | undefined) => TLSSocket): TLSSocket {
    const sessions = this.#of(remote)
    const offered = sessions.take(this.#clock.wallMs())
    const socket = dial(offered)
    socket.on('session', session => {
      // That of a server with a wrong name must not be kept: a name is not looked for again in the
      // certificate when a session is resumed.
      if (socket.authorized) sessions.keep(session)
    })
    socket.once('secureConnect', () => {
      if (!socket.isSessionReused()) sessions.until(endOfCertificate(socket))
      // TLS 1.2 goes on with the same session, and the server may offer no other.
      else if (offered !== undefined && socket.getProtocol() === 'TLSv1.2') sessions.keep(offered)
    })
    if (offered === undefined) return socket
    // Whatever breaks a handshake, the next one is to be a full one.
    const forget = (): void => {
      if (!socket.authorized) sessions.clear()
    }
    socket.once('error', forget)
    socket.once('close', forget)
    return socket
  }

  #of({ name, serverName }: Endpoint): ServerSessions {
    const key = `${name} ${serverName}`
    const sessions = this.#servers.get(key) ?? new ServerSessions()
    this.#servers.delete(key)
    if (this.#servers.size === MOST_SERVERS)
      for (const oldest of this.#servers.keys().take(1)) this.#servers.delete(oldest)
    this.#servers.set(key, sessions)
    return sessions
  }
}

const endOfCertificate = (socket: TLSSocket): number =>
  Date.parse(socket.getPeerX509Certificate()?.validTo ?? '') || 0

const byContext = new WeakMap<SecureContext, TlsSessions>()

/** This thread's, for connections with these certificates. */
export const tlsSessions = (context: SecureContext): TlsSessions => {
  const sessions = byContext.get(context) ?? new TlsSessions()
  byContext.set(context, sessions)
  return sessions
}
