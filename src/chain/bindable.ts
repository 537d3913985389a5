// Whether this machine has an address to listen on. The list of interfaces is not enough:
// interfaces that are down, routes of the type local and ip_nonlocal_bind allow further addresses.
// So an address that is not listed is tried, on a port that the system chooses.

import type { Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { codeOf, errnoText } from '../base/files/errno.ts'
import { isIPv6 } from '../base/ip-text.ts'
import { ArgumentError } from './errors.ts'

const ALWAYS_THERE = /^(?:127\.|(?:0\.0\.0\.0|::1?)$)/

const isListed = (address: string): boolean =>
  Object.values(networkInterfaces()).some((entries = []) =>
    entries.some(entry => entry.address === address),
  )

/**
 * The errors of the system for every port of such an address. Other errors tell nothing about the
 * address.
 */
const CODES = ['EADDRNOTAVAIL', 'EINVAL', 'EAFNOSUPPORT']

/**
 * Throws `listen tcp PLACE: bind: cannot assign requested address`, or the like, for an address
 * that cannot be bound. `place` is the address as written in the Corefile.
 */
export const assertBindable = async (address: string, place: string): Promise<void> => {
  if (ALWAYS_THERE.test(address) || isListed(address)) return
  const { createSocket } = await import('node:dgram')
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  try {
    await bound(socket, address)
  } catch (error) {
    if (!CODES.includes(codeOf(error))) return
    throw new ArgumentError(`listen tcp ${place}: bind: ${errnoText(error)}`, place, {
      cause: error,
    })
  } finally {
    socket.close()
  }
}

const bound = (socket: Socket, address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address, port: 0, exclusive: true }, resolve)
  })
