// One TCP or TLS connection to an upstream: one question at a time, no pipelining. stream-pool.ts
// chooses the connection for a question.

import type { Socket } from 'node:net'
import { FrameReader, frame } from '../wire/frames.ts'
import { type Endpoint, hostPort } from './endpoint.ts'
import { canceledError, ExchangeError, ioError, timeoutError } from './exchange-error.ts'
import type { Ask } from './relayed-question.ts'

interface Waiting {
  readonly ask: Ask
  readonly resolve: (reply: Uint8Array) => void
  readonly reject: (error: ExchangeError) => void
  readonly timer: NodeJS.Timeout
}

export class StreamConnection {
  /** Clock.ms() when it was opened, and when it last became idle. For the pool. */
  readonly openedMs: number
  idleSinceMs = 0
  readonly #socket: Socket
  readonly #reader = new FrameReader()
  readonly #path: string
  #waiting: Waiting | undefined
  #isOpen: boolean

  /** Takes over a connected socket. */
  constructor(socket: Socket, remote: Endpoint, openedMs: number) {
    this.#socket = socket
    this.openedMs = openedMs
    this.#isOpen = !socket.destroyed
    // Now: a socket that has closed knows its address no more.
    this.#path = `${hostPort(socket.localAddress ?? '', socket.localPort ?? 0)}->${remote.name}`
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk))
    socket.on('error', cause => this.#end(ioError(`read tcp ${this.#path}: read`, cause)))
    socket.on('end', () => this.#end(new ExchangeError('closed', 'EOF')))
    socket.on('close', () => this.#end(new ExchangeError('closed', 'EOF')))
    socket.unref()
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Resolves with the accepted reply, owned by the caller. After a rejection (an ExchangeError) the
   * connection is closed, since a late reply would meet the next question.
   */
  exchange(ask: Ask, timeoutMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (!this.#isOpen) {
        reject(new ExchangeError('closed', 'EOF'))
        return
      }
      const timer = setTimeout(() => this.#end(timeoutError(`read tcp ${this.#path}`)), timeoutMs)
      this.#waiting = { ask, resolve, reject, timer }
      this.#socket.write(frame(ask.message))
    })
  }

  close(): void {
    this.#end(canceledError(this.#path))
  }

  #read(chunk: Uint8Array): void {
    for (const message of this.#reader.all(chunk)) {
      this.#judge(message)
      if (!this.#isOpen) return
    }
    // Unsolicited bytes: whatever they are, they must not be read as the reply to the next
    // question.
    if (this.#waiting === undefined && !this.#reader.isIdle) this.close()
  }

  #judge(message: Uint8Array): void {
    const waiting = this.#waiting
    if (waiting === undefined) {
      this.close()
      return
    }
    // Only the server can write here. So a message that is not the reply is its mistake, and there
    // is nothing to wait for.
    if (waiting.ask.judge(message) !== 'accept') {
      this.#end(new ExchangeError('malformed', `read tcp ${this.#path}: malformed reply`))
      return
    }
    this.#waiting = undefined
    clearTimeout(waiting.timer)
    waiting.resolve(message)
  }

  #end(error: ExchangeError): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#socket.destroy()
    const waiting = this.#waiting
    if (waiting === undefined) return
    this.#waiting = undefined
    clearTimeout(waiting.timer)
    waiting.reject(error)
  }
}
