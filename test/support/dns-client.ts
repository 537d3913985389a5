// A DNS client over UDP with many source ports, so that the kernel spreads its questions over all
// shards.

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { query } from './messages.ts'
import type { Cleanup } from './server-process.ts'

const SOCKETS = 32
const TICK_MS = 20

export interface ClientSetting {
  readonly port: number
  /** How long each try waits; default 1000. */
  readonly timeoutMs?: number
  /** Each from another source port; default 2. */
  readonly tries?: number
}

interface Line {
  readonly socket: Socket
  readonly waiting: Map<number, (reply: Uint8Array) => void>
}

export interface Tally {
  /** Names asked for, in order. */
  readonly asked: number
  /** Names that no try got an answer for. */
  readonly lost: readonly string[]
  readonly retries: number
}

export class DnsClient {
  readonly #setting: Required<ClientSetting>
  readonly #lines: readonly Line[]
  #turn = 0
  #retries = 0

  private constructor(setting: ClientSetting, lines: readonly Line[]) {
    this.#setting = { timeoutMs: 1000, tries: 2, ...setting }
    this.#lines = lines
  }

  /** Closed when the test ends. */
  static async open(t: Cleanup, setting: ClientSetting): Promise<DnsClient> {
    const lines = await Promise.all(Array.from({ length: SOCKETS }, openLine))
    t.after(() => {
      for (const { socket } of lines) socket.close()
    })
    return new DnsClient(setting, lines)
  }

  /** The reply, or undefined when every try went unanswered. */
  async ask(name: string, type = 'A'): Promise<Uint8Array | undefined> {
    const { timeoutMs, tries } = this.#setting
    for (let n = 0; n < tries; n++) {
      if (n > 0) this.#retries++
      const reply = await this.#try(name, type, timeoutMs)
      if (reply !== undefined) return reply
    }
    return undefined
  }

  #try(name: string, type: string, timeoutMs: number): Promise<Uint8Array | undefined> {
    const turn = this.#turn++
    const id = Math.floor(turn / SOCKETS) & 0xffff
    const { socket, waiting } = this.#lines[turn % SOCKETS]!
    const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>()
    const timer = setTimeout(resolve, timeoutMs, undefined)
    waiting.set(id, resolve)
    socket.send(query(name, type, { id }).bytes, this.#setting.port, '127.0.0.1')
    return promise.finally(() => {
      clearTimeout(timer)
      waiting.delete(id)
    })
  }

  /**
   * Asks for names that `nameOf` numbers, at a bounded rate until `done` settles, and waits for the
   * last of them.
   */
  async load(
    nameOf: (n: number) => string,
    perSecond: number,
    done: Promise<unknown>,
  ): Promise<Tally> {
    const lost: string[] = []
    const retriesBefore = this.#retries
    const pending: Promise<void>[] = []
    const startMs = performance.now()
    const tick = (): void => {
      const due = ((performance.now() - startMs) * perSecond) / 1000
      // Never more than one tick's share twice over: a machine that stood still must not make a
      // burst of what it missed.
      for (let n = 0; pending.length < due && n < (2 * perSecond * TICK_MS) / 1000; n++) {
        const name = nameOf(pending.length)
        const asked = this.ask(name).then(reply => {
          if (reply === undefined) lost.push(name)
        })
        pending.push(asked)
      }
    }
    const timer = setInterval(tick, TICK_MS)
    try {
      await done
    } finally {
      clearInterval(timer)
      await Promise.all(pending)
    }
    return { asked: pending.length, lost, retries: this.#retries - retriesBefore }
  }
}

const openLine = async (): Promise<Line> => {
  const socket = createSocket('udp4')
  const waiting = new Map<number, (reply: Uint8Array) => void>()
  socket.on('message', bytes => waiting.get(bytes.readUInt16BE(0))?.(bytes))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { socket, waiting }
}
