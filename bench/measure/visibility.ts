// How long changes of a cluster take until every shard answers by them. Each question goes out over
// so many sockets at once, and the change counts as seen when all of those answers are right: with
// --steer random each datagram goes to a shard by chance, so that of two shards one is not asked
// once in 32,768 times. What is counted is the receipt of the last of these answers.

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type ClusterChange, serviceName } from '../load/cluster.ts'
import { type Answer, decodeAnswer, encodeQuery } from '../load/message.ts'

const SOCKETS = 16
const ANSWER_LIMIT_MS = 200
const PAUSE_MS = 1
const PATIENCE_MS = 2000
const NXDOMAIN = 3

/** The clock of the whole machine, which the API server stamps its changes with. */
const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6

/** Every question has an answer of its own: names of endpoints have one address each. */
const nameOf = ({ change, service, namespace }: ClusterChange): string =>
  change === 'replace-endpoint'
    ? serviceName(`${service}-0.${service}`, namespace)
    : serviceName(service, namespace)

const isRight = ({ change, address }: ClusterChange, { rcode, addresses }: Answer): boolean =>
  change === 'delete-service'
    ? rcode === NXDOMAIN
    : rcode === 0 && addresses.length === 1 && addresses[0] === address

export class VisibilityWatch {
  /**
   * Milliseconds of each change. One that is overtaken by the next of its name before it is seen
   * counts until a later change of its kind is seen: these come over one watch, in order. One that
   * is not seen within two seconds counts with two seconds.
   */
  readonly seenMs: number[] = []
  unseen = 0
  readonly #port: number
  readonly #sockets: Socket[] = []
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  /** The latest change of each name: an older one cannot be seen any more. */
  readonly #latest = new Map<string, ClusterChange>()
  readonly #overtaken = new Set<ClusterChange>()
  readonly #watches = new Set<Promise<void>>()
  #lastId = 0

  private constructor(port: number) {
    this.#port = port
  }

  static async open(port: number): Promise<VisibilityWatch> {
    const watch = new VisibilityWatch(port)
    for (let n = 0; n < SOCKETS; n++) {
      const socket = createSocket('udp4')
      socket.on('error', () => undefined)
      socket.on('message', message => {
        const answer = decodeAnswer(message)
        if (answer?.isResponse) watch.#waiting.get(answer.id)?.(answer)
      })
      socket.bind(0, '127.0.0.1')
      await once(socket, 'listening')
      watch.#sockets.push(socket)
    }
    return watch
  }

  watch(change: ClusterChange): void {
    const name = nameOf(change)
    this.#latest.set(name, change)
    const watch = this.#untilSeen(change, name).finally(() => this.#watches.delete(watch))
    this.#watches.add(watch)
  }

  /** Resolves when no change is watched any more. */
  async close(): Promise<void> {
    await Promise.all(this.#watches)
    for (const _ of this.#overtaken) this.#giveUp()
    for (const socket of this.#sockets) socket.close()
  }

  async #untilSeen(change: ClusterChange, name: string): Promise<void> {
    while (this.#latest.get(name) === change && monotonicMs() - change.ms < PATIENCE_MS) {
      const answers = await Promise.all(this.#sockets.map(socket => this.#ask(socket, name)))
      if (answers.every(answer => answer !== undefined && isRight(change, answer))) {
        this.#seen(change)
        return
      }
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
    }
    if (this.#latest.get(name) === change) this.#giveUp()
    else this.#overtaken.add(change)
  }

  #seen(change: ClusterChange): void {
    const nowMs = monotonicMs()
    this.seenMs.push(nowMs - change.ms)
    for (const other of this.#overtaken) {
      if (other.change !== change.change || other.ms > change.ms) continue
      this.#overtaken.delete(other)
      this.seenMs.push(nowMs - other.ms)
    }
  }

  #giveUp(): void {
    this.unseen++
    this.seenMs.push(PATIENCE_MS)
  }

  #ask(socket: Socket, name: string): Promise<Answer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
    const id = (this.#lastId = (this.#lastId + 1) & 0xffff)
    const timer = setTimeout(resolve, ANSWER_LIMIT_MS, undefined)
    this.#waiting.set(id, resolve)
    socket.send(encodeQuery(id, name), this.#port, '127.0.0.1')
    return promise.finally(() => {
      clearTimeout(timer)
      this.#waiting.delete(id)
    })
  }
}
