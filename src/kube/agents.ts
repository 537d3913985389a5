// The HTTP agent for the present CA and client certificate: a new one when one of them has changed,
// so that no connection is made with old ones.

import type { Agent } from 'node:http'
import type { AgentOptions } from 'node:https'
import type { SecureContext } from 'node:tls'
import { messageOf } from '../chain/errors.ts'
import type { Shown } from './config/exec-plugin.ts'
import type { DialPlace } from './dial-failure.ts'
import { KubeError } from './kube-error.ts'

const KEEP_ALIVE_MS = 30_000

/** How the server is believed. */
export interface Trust {
  /** `insecure-skip-tls-verify` is the only reason for false. */
  readonly isVerified: boolean
  /** The name that its certificate must have, where that is not the URL's. */
  readonly serverName: string | undefined
}

export class Agents {
  readonly #place: DialPlace
  readonly #trust: Trust
  #agent: Agent | undefined
  #made = ''

  constructor(place: DialPlace, trust: Trust) {
    this.#place = place
    this.#trust = trust
  }

  /**
   * `authority` is PEM; undefined: the system's authorities. Throws a KubeError for what is no PEM,
   * unless there is an older agent to go on with.
   */
  agentFor(authority: string | undefined, { certificate, key }: Shown): Agent {
    const wanted = JSON.stringify([authority, certificate, key])
    if (this.#agent !== undefined && wanted === this.#made) return this.#agent
    let agent: Agent
    try {
      agent = this.#make(authority, certificate, key)
    } catch (error) {
      // Files are replaced one after the other: for a moment a certificate may be there with the
      // key of another.
      if (this.#agent !== undefined) return this.#agent
      throw error
    }
    this.#retire()
    this.#made = wanted
    this.#agent = agent
    return agent
  }

  /** Ends all connections, except those that older agents have in use. */
  close(): void {
    this.#agent?.destroy()
    this.#agent = undefined
  }

  #make(
    authority: string | undefined,
    certificate: string | undefined,
    key: string | undefined,
  ): Agent {
    const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS }
    if (this.#place.url.protocol !== 'https:')
      return new (process.getBuiltinModule('node:http').Agent)(options)
    const { Agent: TlsAgent } = process.getBuiltinModule('node:https')
    const secureContext = this.#secureContext(authority, certificate, key)
    const { isVerified, serverName } = this.#trust
    return new TlsAgent({
      ...options,
      secureContext,
      rejectUnauthorized: isVerified,
      ...nameOptions(serverName),
    })
  }

  #secureContext(
    authority: string | undefined,
    certificate: string | undefined,
    key: string | undefined,
  ): SecureContext {
    const { createSecureContext } = process.getBuiltinModule('node:tls')
    const ca = authority === undefined ? systemAuthorities() : certificatesIn(authority)
    // OpenSSL ignores what is no certificate, and would then trust no server.
    if (ca.length === 0)
      throw new KubeError('credentials', `${this.#place.authorityName} is no certificate in PEM`)
    const pair = certificate === undefined || key === undefined ? {} : { cert: certificate, key }
    try {
      return createSecureContext({ minVersion: 'TLSv1.2', ca, ...pair })
    } catch (error) {
      throw new KubeError(
        'credentials',
        `the client certificate and its key cannot be used: ${messageOf(error)}`,
        {
          cause: error,
        },
      )
    }
  }

  /** What is in use goes on: watches end by themselves. */
  #retire(): void {
    if (this.#agent === undefined) return
    this.#agent.maxFreeSockets = 0
    for (const sockets of Object.values(this.#agent.freeSockets))
      for (const socket of sockets ?? []) socket.destroy()
  }
}

/** No SNI for addresses: RFC 6066 section 3. */
const nameOptions = (serverName: string | undefined): AgentOptions => {
  if (serverName === undefined) return {}
  const { checkServerIdentity } = process.getBuiltinModule('node:tls')
  const isAddress = process.getBuiltinModule('node:net').isIP(serverName) !== 0
  return {
    servername: isAddress ? '' : serverName,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate),
  }
}

const certificatesIn = (pem: string): string[] => {
  const { X509Certificate } = process.getBuiltinModule('node:crypto')
  const blocks =
    pem.match(/-----BEGIN ([A-Z0-9 ]*)CERTIFICATE-----[^-]*-----END \1CERTIFICATE-----/g) ?? []
  return blocks.filter(block => {
    try {
      return new X509Certificate(block).raw.length > 0
    } catch {
      // Go, too, ignores a block that is no certificate, and takes the others.
      return false
    }
  })
}

const systemAuthorities = (): string[] => {
  const { getCACertificates } = process.getBuiltinModule('node:tls')
  const system = getCACertificates('system')
  return system.length > 0 ? system : getCACertificates('bundled')
}
