// TLS as a server: makes secure connections of accepted ones, with the certificates of one moment.
// An acceptor does not listen, and never changes: certificates that are renewed make another one.

import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import type { SecureContext, SecureContextOptions, Server, TLSSocket, TlsOptions } from 'node:tls'
import type { ClientAuth, TlsServing } from '../../chain/listening.ts'
import type { HandshakeOutcome } from '../../metrics/shard-counts.ts'
import { asksForCertificate, judgeClient, verifiesCertificate } from './client-auth.ts'
import { appendSecrets } from './keylog.ts'

export type HandshakeFailure = Exclude<HandshakeOutcome, 'full' | 'resumed'>

/** Who is told how a handshake ends: one of these, once. */
export interface Handshaking {
  secured(socket: TLSSocket, outcome: 'full' | 'resumed'): void
  /** The connection is gone. */
  failed(outcome: HandshakeFailure, why: string): void
}

/** Those who accept look after time themselves: Node's limit is for what they would forget. */
const LONGEST_HANDSHAKE_MS = 24 * 3600 * 1000
const SESSION_SECONDS = 7200
/** Decrypted bytes that Node keeps of a connection which is paused, beside a record of 16 KiB. */
const KEPT_BYTES = 4096

/** A TLSSocket with the socket that it was made of, which every version of Node keeps there. */
interface MadeOf {
  readonly _parent?: Socket
}

export class Acceptor {
  readonly servings: readonly TlsServing[]
  readonly #server: Server
  readonly #contexts = new Map<TlsServing, SecureContext>()
  readonly #pending = new WeakMap<Socket, Handshaking>()

  /**
   * `servings`: at least one; the first is for clients that ask for no name, or for an unknown one.
   * Throws OpenSSL's error for material that cannot be used.
   */
  constructor(servings: readonly TlsServing[], alpn: readonly string[]) {
    this.servings = servings
    const { createServer } = process.getBuiltinModule('node:tls')
    this.#server = createServer(this.#options(alpn))
    this.#server.on('secureConnection', socket => this.#secured(socket))
    this.#server.on('tlsClientError', (error, socket) => this.#failed(socket, error))
    const keylogs = [...new Set(servings.map(({ keylog }) => keylog))].filter(path => path !== '')
    if (keylogs.length > 0) this.#server.on('keylog', line => appendSecrets(keylogs, line))
  }

  #options(alpn: readonly string[]): TlsOptions {
    const [first] = this.servings
    if (first === undefined) throw new TypeError('an acceptor needs something to serve')
    const auths = this.servings.map(({ clientAuth }) => clientAuth)
    return {
      ...contextOptions(first, mayResume(this.servings)),
      ALPNProtocols: [...alpn],
      handshakeTimeout: LONGEST_HANDSHAKE_MS,
      highWaterMark: KEPT_BYTES,
      pauseOnConnect: true,
      requestCert: auths.some(asksForCertificate),
      // OpenSSL tells clients without one, which a verdict of ours cannot.
      rejectUnauthorized: auths.every(auth => auth === 'require_and_verify'),
      ...(this.servings.length > 1 && {
        SNICallback: (name: string, answer: (error: null, context?: SecureContext) => void) =>
          answer(null, this.#contextOf(chooseServing(this.servings, name))),
      }),
    }
  }

  #contextOf(serving: TlsServing): SecureContext {
    let context = this.#contexts.get(serving)
    if (context === undefined) {
      const { createSecureContext } = process.getBuiltinModule('node:tls')
      context = createSecureContext(contextOptions(serving, mayResume(this.servings)))
      this.#contexts.set(serving, context)
    }
    return context
  }

  /**
   * Begins the handshake on `raw`, which is paused, and whose first bytes have been put back
   * (`unshift`).
   */
  begin(raw: Socket, handshaking: Handshaking): void {
    this.#pending.set(raw, handshaking)
    // A client that ends before the handshake does has left.
    raw.allowHalfOpen = false
    this.#server.emit('connection', raw)
  }

  #take(socket: TLSSocket): Handshaking | undefined {
    const { _parent: raw } = socket as MadeOf
    if (raw === undefined) return undefined
    const handshaking = this.#pending.get(raw)
    this.#pending.delete(raw)
    return handshaking
  }

  #secured(socket: TLSSocket): void {
    const handshaking = this.#take(socket)
    const verdict = this.#judge(socket)
    socket.allowHalfOpen = true
    if (handshaking !== undefined && verdict === 'accepted')
      handshaking.secured(socket, socket.isSessionReused() ? 'resumed' : 'full')
    else {
      socket.destroy()
      if (verdict === 'no_certificate') handshaking?.failed(verdict, NO_CERTIFICATE)
      else if (verdict === 'refused_certificate') handshaking?.failed(verdict, refusalText(socket))
    }
  }

  #judge(socket: TLSSocket): ReturnType<typeof judgeClient> {
    const { clientAuth } = chooseServing(this.servings, nameOf(socket))
    return judgeClient(clientAuth, {
      isGiven: socket.getPeerX509Certificate() !== undefined,
      isAuthorized: socket.authorized,
    })
  }

  #failed(socket: TLSSocket, error: Error): void {
    const handshaking = this.#take(socket)
    socket.destroy()
    if (handshaking === undefined) return
    const code = 'code' in error ? String(error.code) : ''
    // What Node refuses by itself it calls a connection that hung up.
    if (code === 'ECONNRESET' && typeof socket.authorizationError === 'string')
      handshaking.failed('refused_certificate', refusalText(socket))
    else if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE')
      handshaking.failed('no_certificate', NO_CERTIFICATE)
    else handshaking.failed('error', code === 'ECONNRESET' ? 'the client left' : reasonOf(error))
  }
}

/** The acceptor for the certificates of now: another one only once they have changed. */
export class CurrentAcceptor {
  readonly #alpn: readonly string[]
  #acceptor: Acceptor | undefined

  constructor(alpn: readonly string[]) {
    this.#alpn = alpn
  }

  of(servings: readonly TlsServing[]): Acceptor {
    const before = this.#acceptor
    if (before !== undefined && areSame(before.servings, servings)) return before
    return (this.#acceptor = new Acceptor(servings, this.#alpn))
  }
}

const areSame = (some: readonly TlsServing[], others: readonly TlsServing[]): boolean =>
  some === others ||
  (some.length === others.length &&
    some.every(({ identity, version }, index) => {
      const other = others[index]
      return other?.identity === identity && other.version === version
    }))

const NO_CERTIFICATE = 'no certificate'

const refusalText = ({ authorizationError }: TLSSocket): string => String(authorizationError)

/** OpenSSL's reason, without the numbers and places before it. */
const reasonOf = (error: Error): string =>
  'reason' in error && typeof error.reason === 'string' ? error.reason : error.message

const nameOf = ({ servername }: TLSSocket & { readonly servername?: string | false }): string =>
  typeof servername === 'string' ? servername : ''

/** The one whose certificate has the name; else with a wildcard for it; else the first. */
export const chooseServing = (servings: readonly TlsServing[], name: string): TlsServing => {
  const folded = name.toLowerCase().replace(/\.$/, '')
  const dot = folded.indexOf('.')
  const wildcard = dot > 0 ? `*${folded.slice(dot)}` : undefined
  const has = (wanted: string | undefined): TlsServing | undefined =>
    wanted === undefined || wanted === ''
      ? undefined
      : servings.find(({ names }) => names.includes(wanted))
  return has(folded) ?? has(wildcard) ?? servings[0]!
}

/**
 * Where several certificates share a listener, and clients prove who they are for some of them, a
 * session must not be resumed under another name than it was begun with: OpenSSL would allow it.
 */
const mayResume = (servings: readonly TlsServing[]): boolean =>
  servings.length === 1 || !servings.some(({ clientAuth }) => asksForCertificate(clientAuth))

/** The types of Node 22 lack one that it has. */
type ContextOptions = SecureContextOptions & { readonly ticketKeys: Buffer }

const contextOptions = (serving: TlsServing, isResumable: boolean): ContextOptions => {
  const { material, clientAuth, identity, ticketKeys } = serving
  const { SSL_OP_NO_TICKET } = process.getBuiltinModule('node:crypto').constants
  return {
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
    sessionTimeout: SESSION_SECONDS,
    // As long as it may be. Sessions of one identity are no good at another.
    sessionIdContext: createHash('sha256').update(identity).digest('hex').slice(0, 32),
    ticketKeys: Buffer.from(ticketKeys),
    ca: authorities(clientAuth, material?.ca),
    ...(!isResumable && { secureOptions: SSL_OP_NO_TICKET }),
    ...(material !== undefined && { cert: material.cert, key: material.key }),
  }
}

/** Of clients. None where nothing is verified: Node would read its own list of them. */
const authorities = (auth: ClientAuth, ca: string | undefined): string | string[] => {
  if (!verifiesCertificate(auth)) return []
  if (ca !== undefined) return ca
  const { getCACertificates } = process.getBuiltinModule('node:tls')
  const system = getCACertificates('system')
  return system.length > 0 ? system : getCACertificates('bundled')
}
