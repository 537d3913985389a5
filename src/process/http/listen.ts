// Makes an HTTP server listen on an address as Go's net.Listen reads it, with Go's error texts.

import { lookup } from 'node:dns/promises'
import type { Server } from 'node:http'
import { codeOf, errnoText, lookupErrorText } from '../../base/files/errno.ts'
import { isIP } from '../../base/ip-text.ts'
import { messageOf } from '../../chain/errors.ts'
import { parsePort, splitHostPort } from '../../corefile/words/host-port.ts'

/**
 * Connections that wait to be accepted. If the queue is full, the client's kernel tries again only
 * after a second, when a probe has already failed.
 */
const BACKLOG = 1024

export interface Place {
  readonly host: string
  readonly port: number
}

/**
 * Listens with SO_REUSEPORT where the platform has it, and gives the place, without a host for all
 * addresses. `:8080` is all addresses, IPv4 and IPv6. Throws `listen tcp ADDRESS: bind: address
 * already in use` and the like, also where `isTaken` says so; the server then does not listen.
 */
export const listenOn = async (
  server: Server,
  address: string,
  isTaken: (place: Place) => boolean = () => false,
): Promise<Place> => {
  try {
    const place = await resolvePlace(address)
    if (isTaken(place)) throw Object.assign(new Error('taken'), { code: 'EADDRINUSE' })
    await listenWithFallbacks(server, place)
    return place
  } catch (error) {
    throw new Error(`listen tcp ${address}: ${causeOf(error)}`, { cause: error })
  }
}

const causeOf = (error: unknown): string =>
  codeOf(error) === '' ? messageOf(error) : `bind: ${errnoText(error)}`

const resolvePlace = async (address: string): Promise<Place> => {
  const split = splitHostPort(address)
  if ('error' in split) throw new Error(split.error)
  const port = parsePort(split.port)
  if (port === undefined) throw new Error(`invalid port ${split.port}`)
  if (split.host === '' || isIP(split.host) !== 0) return { host: split.host, port }
  const found = await lookup(split.host, { all: true }).catch((error: unknown) => {
    throw new Error(lookupErrorText(split.host, error), { cause: error })
  })
  // Go listens on one address of a name, on an IPv4 one if there is any.
  const chosen = found.find(entry => entry.family === 4) ?? found[0]
  if (chosen === undefined) throw new Error(`lookup ${split.host}: no such host`)
  return { host: chosen.address, port }
}

const listenWithFallbacks = async (server: Server, place: Place): Promise<void> => {
  const hosts = place.host === '' ? ['::', '0.0.0.0'] : [place.host]
  for (const host of hosts) {
    for (const reusePort of [true, false]) {
      try {
        return await listenOnce(server, { host, port: place.port, reusePort })
      } catch (error) {
        if (!isFallbackWorthTrying(error, reusePort, host)) throw error
      }
    }
  }
  throw new Error('no address family to listen on')
}

/** Without SO_REUSEPORT on this platform, then without IPv6 on this machine. */
const isFallbackWorthTrying = (error: unknown, reusePort: boolean, host: string): boolean => {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (reusePort && (code === 'ENOTSUP' || code === 'EINVAL')) return true
  return host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')
}

const listenOnce = (
  server: Server,
  options: { host: string; port: number; reusePort: boolean },
): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
