// Whether several sockets may share a port here (SO_REUSEPORT), found out by trying: without it
// there is one shard.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** A host may lack any of them. */
const LOOPBACKS = [
  { type: 'udp4', address: '127.0.0.1' },
  { type: 'udp6', address: '::1' },
  { type: 'udp4', address: '0.0.0.0' },
] as const

/**
 * False where the system knows no such thing: macOS and Windows have no load-balancing SO_REUSEPORT
 * (ENOTSUP).
 */
export const canReusePort = async (): Promise<boolean> => {
  for (const { type, address } of LOOPBACKS) {
    const socket = createSocket({ type, reusePort: true })
    try {
      socket.bind({ address, port: 0, exclusive: true })
      await once(socket, 'listening')
      return true
    } catch (error) {
      if (['ENOTSUP', 'ENOPROTOOPT'].includes((error as NodeJS.ErrnoException).code ?? ''))
        return false
    } finally {
      socket.close()
    }
  }
  return false
}
