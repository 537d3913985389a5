// Opens one TCP or TLS connection to an upstream, within a time-out. stream-connection.ts
// uses it.

import { connect, type Socket } from 'node:net'
import type { ConnectionOptions, SecureContext, TLSSocket } from 'node:tls'
import { isIP } from '../base/ip-text.ts'
import { type Endpoint, isEncrypted } from './endpoint.ts'
import { ExchangeError, ioError, timeoutError } from './exchange-error.ts'
import type { SocketAllowance } from './socket-allowance.ts'
import { tlsSessions } from './tls-sessions.ts'
import { checkFamilies } from './udp-client.ts'

export interface DialOptions {
  /** For encrypted endpoints only, and required there. */
  readonly secureContext: SecureContext | undefined
  /** What is offered to choose from (ALPN), the best first. */
  readonly alpn?: readonly string[]
  /** '' leaves the choice to the kernel. */
  readonly sourceAddress: string
}

/**
 * Resolves with a connected socket (TLS: after the handshake) that gives its place in `sockets`
 * back when it closes; rejects with an ExchangeError.
 */
export const dial = async (
  remote: Endpoint,
  options: DialOptions,
  sockets: SocketAllowance,
  timeoutMs: number,
): Promise<Socket> => {
  const operation = `dial tcp ${remote.name}`
  if (options.sourceAddress !== '') checkFamilies(operation, options.sourceAddress, remote)
  if (!sockets.tryOpen())
    throw new ExchangeError(
      'local',
      `${operation}: too many sockets to upstreams (${sockets.limit})`,
    )
  let socket: Socket | undefined
  try {
    socket = openSocket(remote, options)
    await connected(socket, remote, timeoutMs)
    socket.once('close', () => sockets.closed())
    return socket
  } catch (error) {
    socket?.destroy()
    sockets.closed()
    throw error
  }
}

const connected = (socket: Socket, remote: Endpoint, timeoutMs: number): Promise<void> => {
  const operation = `dial tcp ${remote.name}`
  return new Promise((resolve, reject) => {
    let step = 'connect'
    const timer = setTimeout(() => reject(timeoutError(operation)), timeoutMs)
    const settle = (settlement: () => void): void => {
      clearTimeout(timer)
      settlement()
    }
    socket.once('connect', () => {
      step = 'tls handshake'
    })
    socket.once(isEncrypted(remote) ? 'secureConnect' : 'connect', () => settle(resolve))
    // Stays for the life of the socket: an error without a listener would end the thread.
    socket.on('error', cause => settle(() => reject(ioError(`${operation}: ${step}`, cause))))
    socket.once('close', () =>
      settle(() => reject(new ExchangeError('closed', `${operation}: EOF`))),
    )
  })
}

const openSocket = (remote: Endpoint, options: DialOptions): Socket => {
  const place = {
    host: remote.address,
    port: remote.port,
    noDelay: true,
    ...(options.sourceAddress === '' ? {} : { localAddress: options.sourceAddress }),
  }
  if (remote.path !== undefined) return connect({ path: remote.path })
  if (!isEncrypted(remote)) return connect(place)
  const { secureContext, alpn } = options
  if (secureContext === undefined) throw new TypeError(`no TLS context for ${remote.name}`)
  const { connect: connectTls } = process.getBuiltinModule('node:tls')
  return tlsSessions(secureContext).resume(
    remote,
    (session): TLSSocket =>
      connectTls({
        ...place,
        secureContext,
        ...identityOf(remote),
        ...(alpn && { ALPNProtocols: [...alpn] }),
        ...(session && { session }),
      }),
  )
}

/** An address is no name to ask for (RFC 6066 section 3), and is checked all the same. */
const identityOf = ({ serverName }: Endpoint): Partial<ConnectionOptions> => {
  if (isIP(serverName) === 0) return { servername: serverName }
  const { checkServerIdentity } = process.getBuiltinModule('node:tls')
  return {
    servername: '',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate),
  }
}
