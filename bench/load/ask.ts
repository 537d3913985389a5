// Single questions over UDP and TCP, from this process.

import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { type Answer, decodeAnswer, encodeQuery } from './message.ts'

const ADDRESS = '127.0.0.1'
let lastId = 0
const nextId = (): number => (lastId = (lastId + 1) & 0xffff)

/** Undefined if no answer comes in time. */
export const askUdp = (
  port: number,
  name: string,
  timeoutMs: number,
): Promise<Answer | undefined> =>
  new Promise(resolve => {
    const socket = createSocket('udp4')
    const id = nextId()
    const finish = (answer: Answer | undefined): void => {
      clearTimeout(timer)
      socket.removeAllListeners('message').close()
      resolve(answer)
    }
    const timer = setTimeout(finish, timeoutMs, undefined)
    socket.on('error', () => undefined)
    socket.on('message', message => {
      const answer = decodeAnswer(message)
      if (answer?.id === id && answer.isResponse) finish(answer)
    })
    socket.send(encodeQuery(id, name), port, ADDRESS)
  })

export interface FirstQuestion {
  readonly name: string
  readonly everyMs: number
  readonly limitMs: number
  /** Nobody asks any more when it resolves. */
  readonly over: Promise<unknown>
}

/**
 * Asks again and again until the first good answer; resolves with the milliseconds since `start`,
 * or undefined after the limit, or when it is over.
 */
export const untilFirstAnswer = (
  port: number,
  start: number,
  { name, everyMs, limitMs, over }: FirstQuestion,
): Promise<number | undefined> =>
  new Promise(resolve => {
    const socket = createSocket('udp4')
    const query = encodeQuery(nextId(), name)
    let isFinished = false
    const finish = (elapsed: number | undefined): void => {
      if (isFinished) return
      isFinished = true
      clearInterval(again)
      clearTimeout(timer)
      socket.close()
      resolve(elapsed)
    }
    const again = setInterval(() => socket.send(query, port, ADDRESS), everyMs)
    const timer = setTimeout(finish, limitMs, undefined)
    void over.then(() => finish(undefined))
    socket.on('error', () => undefined)
    socket.on('message', message => {
      const answer = decodeAnswer(message)
      if (answer?.isResponse && answer.rcode === 0) finish(performance.now() - start)
    })
  })

/** One connection, asked one question at a time. */
export class TcpAsker {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #answered: (() => void) | undefined

  constructor(port: number) {
    this.#socket = connect({ port, host: ADDRESS, noDelay: true })
    this.#socket.on('error', () => undefined)
    this.#socket.on('data', data => {
      this.#received = Buffer.concat([this.#received, Buffer.from(data)])
      if (this.#received.length >= 2 && this.#received.length >= 2 + this.#received.readUInt16BE(0))
        this.#answered?.()
    })
  }

  /** False if no answer comes in time. */
  async ask(name: string, timeoutMs: number): Promise<boolean> {
    const query = encodeQuery(nextId(), name)
    this.#received = Buffer.alloc(0)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(resolve, timeoutMs, false)
    this.#answered = () => resolve(true)
    this.#socket.write(Buffer.concat([Buffer.of(query.length >>> 8, query.length & 0xff), query]))
    const isAnswered = await promise
    clearTimeout(timer)
    return isAnswered
  }

  close(): void {
    this.#socket.destroy()
  }
}
