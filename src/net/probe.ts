// Tries whether addresses can be listened on, before any shard is told of them: main opens and closes each once, so that a (re)load that
// cannot work fails before anything has changed, with CoreDNS's words.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type ListenAddress, listenText } from './engine.ts'

const CAUSES: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EMFILE: 'too many open files',
}

const causeOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  return CAUSES[code ?? ''] ?? message
}

const probeTcp = async ({ address, port }: ListenAddress, reusePort: boolean): Promise<void> => {
  const server = createServer()
  server.listen({ port, ...(address === '' ? {} : { host: address }), exclusive: true, reusePort })
  await once(server, 'listening')
  await new Promise(resolve => server.close(resolve))
}

const probeUdp = async ({ address, port }: ListenAddress, reusePort: boolean): Promise<void> => {
  const type = address === '' || address.includes(':') ? 'udp6' : 'udp4'
  const socket = createSocket({ type, reusePort })
  try {
    socket.bind({ port, ...(address === '' ? {} : { address }), exclusive: true })
    await once(socket, 'listening')
  } catch (error) {
    // No IPv6 here: the shards fall back to 0.0.0.0 in the same way.
    if (address !== '' || (error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error
  } finally {
    socket.close()
  }
}

/**
 * Throws an Error in CoreDNS's words for the first address that cannot be listened on. `openUdp` opens the UDP sockets for good, where main
 * does that; otherwise they are tried and closed.
 */
export const probeListen = async (
  addresses: readonly ListenAddress[],
  canReusePort: boolean,
  openUdp: ((at: ListenAddress) => unknown) | undefined,
): Promise<void> => {
  for (const at of addresses) {
    await probeTcp(at, canReusePort).catch(error => {
      throw new Error(`Listen: listen tcp ${listenText(at)}: bind: ${causeOf(error)}`, { cause: error })
    })
    try {
      await (openUdp === undefined ? probeUdp(at, canReusePort) : openUdp(at))
    } catch (error) {
      throw new Error(`ListenPacket: listen udp ${listenText(at)}: bind: ${causeOf(error)}`, { cause: error })
    }
  }
}

/** Whether several sockets may share a port here (SO_REUSEPORT): without it there is one shard. */
export const canReusePort = async (): Promise<boolean> => {
  try {
    await probeUdp({ address: '127.0.0.1', port: 0 }, true)
    return true
  } catch {
    // ENOTSUP: macOS and Windows have no load-balancing SO_REUSEPORT.
    return false
  }
}
