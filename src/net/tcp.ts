// TCP listeners: SO_REUSEPORT, one per address and shard, with a cap on connections. What happens on a connection stands in tcp-connection.ts.

import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { ListenAddress, OpenListener, Receiver } from './engine.ts'
import { TcpConnection } from './tcp-connection.ts'

const BACKLOG = 511

export interface TcpOptions {
  readonly maxConnections: number
  readonly canReusePort: boolean
}

class TcpListener implements OpenListener {
  readonly #server: Server
  readonly #connections = new Map<Socket, TcpConnection>()

  constructor(receiver: Receiver, options: TcpOptions) {
    // Half-open: a client that has sent its last query still gets its answers.
    this.#server = createServer({ allowHalfOpen: true }, socket => {
      this.#connections.set(socket, new TcpConnection(socket, receiver))
      socket.once('close', () => this.#connections.delete(socket))
    })
    this.#server.maxConnections = options.maxConnections
  }

  async open({ address, port }: ListenAddress, canReusePort: boolean): Promise<void> {
    const host = address === '' ? {} : { host: address }
    this.#server.listen({ port, ...host, backlog: BACKLOG, exclusive: true, reusePort: canReusePort })
    await once(this.#server, 'listening')
    // Accepting fails when descriptors run out: the kernel keeps the connection until there are some again.
    this.#server.on('error', () => {})
  }

  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const connection of this.#connections.values()) connection.end()
    const cut = setTimeout(() => {
      for (const socket of this.#connections.keys()) socket.destroy()
    }, graceMs)
    await closed
    clearTimeout(cut)
  }
}

/** Rejects with the system's error if the address cannot be listened on. */
export const openTcp = async (at: ListenAddress, receiver: Receiver, options: TcpOptions): Promise<OpenListener> => {
  const listener = new TcpListener(receiver, options)
  await listener.open(at, options.canReusePort)
  return listener
}
