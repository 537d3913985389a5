// Who a request is from, and what it may do: bearer tokens, client certificates, and allowed pairs
// of verb and resource.

import type { IncomingMessage } from 'node:http'
import { type PeerCertificate, TLSSocket } from 'node:tls'
import { RESOURCES } from './resources.ts'
import { unauthorized } from './status-error.ts'

export const SERVICE_ACCOUNT = 'system:serviceaccount:kube-system:coredns'
const ANONYMOUS = 'system:anonymous'
const READING = ['get', 'list', 'watch']
/** Open to everybody. */
export const PUBLIC_PATHS: readonly string[] = ['/version', '/readyz', '/livez', '/healthz']

export class Auth {
  readonly #users = new Map<string, string>()
  readonly #rules = new Set<string>()
  /**
   * Without it, a request without credentials is not known; with it, it is system:anonymous, who
   * may nothing.
   */
  allowsAnonymous = true
  /** With it, system:anonymous may what others may, as behind a proxy that adds credentials. */
  trustsAnonymous = false

  constructor() {
    for (const { plural } of RESOURCES) for (const verb of READING) this.allow(verb, plural)
  }

  /** Makes a token valid. */
  accept(token: string, user = SERVICE_ACCOUNT): void {
    this.#users.set(token, user)
  }

  /** Makes a token invalid; all of them if none is given. */
  revoke(token?: string): void {
    if (token === undefined) this.#users.clear()
    else this.#users.delete(token)
  }

  allow(verb: string, plural: string): void {
    this.#rules.add(`${verb} ${plural}`)
  }

  deny(verb: string, plural: string): void {
    this.#rules.delete(`${verb} ${plural}`)
  }

  /** The user's name. Throws a StatusError for credentials that are not valid. */
  identify(request: IncomingMessage): string {
    const { authorization } = request.headers
    const subject = certificateName(request)
    if (subject !== undefined) return subject
    if (authorization === undefined) {
      if (this.allowsAnonymous) return ANONYMOUS
      throw unauthorized()
    }
    const [, token = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
    const user = this.#users.get(token)
    if (user === undefined) throw unauthorized()
    return user
  }

  mayPath(user: string, path: string): boolean {
    return user !== ANONYMOUS || this.trustsAnonymous || PUBLIC_PATHS.includes(path)
  }

  may(user: string, verb: string, plural: string): boolean {
    return (user !== ANONYMOUS || this.trustsAnonymous) && this.#rules.has(`${verb} ${plural}`)
  }
}

/** Throws a StatusError for a certificate that no authority of the server's signed. */
const certificateName = ({ socket }: IncomingMessage): string | undefined => {
  if (!(socket instanceof TLSSocket)) return undefined
  // Null once the connection is gone, empty if there is none.
  const certificate = socket.getPeerCertificate() as PeerCertificate | null
  if (certificate?.subject === undefined) return undefined
  if (!socket.authorized) throw unauthorized()
  const { CN } = certificate.subject
  return Array.isArray(CN) ? CN[0] : CN
}
