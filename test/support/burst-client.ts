// A UDP client that has many messages under way and expects no answer to some of them: a marker
// behind them ends the waiting.

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Cleanup } from './server-process.ts'

/** An answer that is due and does not come is waited for so long. */
const WAIT_MS = 10_000
const MARKER_ID = 0xffff
/** Opcode STATUS, which nobody implements: answered with a header. */
const MARKER = Uint8Array.of(0xff, 0xff, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0)
const RECV_BUFFER_BYTES = 4 * 1024 * 1024

const idOf = (message: Uint8Array): number => (message[0]! << 8) | message[1]!

/** What a server must answer, whatever it says. */
export const isDue = (message: Uint8Array): boolean =>
  message.length >= 12 && (message[2]! & 0x80) === 0

export class BurstClient {
  readonly #socket: Socket
  #take: (reply: Uint8Array) => void = () => {}
  /** Replies to none of the messages under way. */
  readonly strays: Uint8Array[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', bytes => this.#take(bytes))
  }

  static async open(t: Cleanup, port: number): Promise<BurstClient> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECV_BUFFER_BYTES })
    t.after(() => void socket.close())
    socket.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new BurstClient(socket)
  }

  /**
   * The reply to each message, undefined for silence. The ids are `firstId` and those that follow,
   * below 65535. `before` gives what stands in front of the nth message in its datagram.
   */
  async ask(
    messages: readonly Uint8Array[],
    firstId: number,
    before: (n: number) => Uint8Array = () => new Uint8Array(0),
  ): Promise<(Uint8Array | undefined)[]> {
    const replies: (Uint8Array | undefined)[] = messages.map(() => undefined)
    let due = messages.filter(isDue).length + 1
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#take = reply => {
      const index = idOf(reply) - firstId
      const message = messages[index]
      if (message === undefined || replies[index] !== undefined) {
        if (idOf(reply) !== MARKER_ID) this.strays.push(reply)
        else if (--due === 0) resolve()
        return
      }
      replies[index] = reply
      if (isDue(message) && --due === 0) resolve()
    }
    for (const [n, message] of messages.entries()) this.#socket.send([before(n), message])
    this.#socket.send(MARKER)
    const timer = setTimeout(resolve, WAIT_MS)
    await promise
    clearTimeout(timer)
    return replies
  }
}
