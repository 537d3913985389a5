// A client that does nothing wrong, beside an attack: how many of its questions stay without an
// answer, how many answers are wrong, how long they take. It runs in a thread of its own, so that
// its clock is honest.

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { query } from '../support/messages.ts'
import type { Place } from '../support/one-shot.ts'
import { addressIn, flawOf } from './judge.ts'
import { addressOf, forwardedName, hostName } from './names.ts'
import { Thread } from './threads.ts'
import type { World } from './world.ts'

const SOCKETS = 16
const TICK_MS = 10
const SWEEP_MS = 100
/** An answer that comes later is late, and the question is asked once more. */
const LATE_MS = 2000
/** After the second try. */
const LOST_MS = 7000

export interface HealthySetting {
  readonly port: number
  /** Default 200. */
  readonly perSecond?: number
  /**
   * `known`: hosts names and cached names in turn; else a name of its own for each question, in
   * this zone.
   */
  readonly zone?: string
  /** Default is loopback. */
  readonly place?: Place
  /** Asked in all; default no end. */
  readonly limit?: number
}

export interface Tally {
  readonly asked: number
  /** Answered, but not to the first try within 2 s. */
  readonly late: number
  /** Not answered within 7 s, asked twice. */
  readonly lost: number
  /** Ill-formed answers, or with another address than the name's. */
  readonly wrong: number
  readonly flaws: readonly string[]
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

interface Told extends Tally {
  readonly kind: 'tally'
}

export class HealthyClient {
  readonly #thread: Thread

  private constructor(thread: Thread) {
    this.#thread = thread
  }

  /** Asks from now on, until the row ends. */
  static async start(world: World, setting: HealthySetting): Promise<HealthyClient> {
    const thread = new Thread(world, new URL(import.meta.url), setting)
    await thread.told('asking')
    return new HealthyClient(thread)
  }

  /** What became of the questions since the last tally. Waits for those under way. */
  tally(): Promise<Tally> {
    return this.#thread.ask<Told>({ kind: 'tally' })
  }

  /** Resolves once `limit` questions are settled. */
  async whole(): Promise<Tally> {
    await this.#thread.told('limit')
    return this.tally()
  }
}

/** Two tallies in words: the healthy client before and during something. */
export const healthText = (idle: Tally, during: Tally): string => {
  const ratio = idle.p99Ms > 0 ? during.p99Ms / idle.p99Ms : 0
  const times = `p99 ${idle.p99Ms.toFixed(1)} → ${during.p99Ms.toFixed(1)} ms (${ratio.toFixed(1)}x)`
  return `healthy client: ${tallyText(during)}, ${times}`
}

export const tallyText = ({ asked, lost, late, wrong }: Tally): string =>
  `${asked} asked, ${lost} lost, ${late} late, ${wrong} wrong`

/**
 * Wrong and lost answers always are faults; how many may be late is a question of the machine, so
 * only very many are.
 */
export const healthFaults = (
  { asked, lost, late, wrong, flaws }: Tally,
  mayBeLate = asked,
): string[] => [
  ...(wrong > 0 ? [`${wrong} wrong answers (${flaws[0]})`] : []),
  ...(lost > 0 ? [`${lost} of ${asked} questions lost`] : []),
  ...(late > mayBeLate ? [`${late} of ${asked} answers late`] : []),
]

interface Question {
  readonly name: string
  readonly bytes: Uint8Array
  readonly key: number
  readonly sentMs: number
  tries: number
}

class Asker {
  readonly #setting: HealthySetting
  readonly #sockets: Socket[] = []
  /** By socket and id. */
  readonly #waiting = new Map<number, Question>()
  readonly #templates = new Map<string, Uint8Array>()
  #asked = 0
  #due = 0
  #times: number[] = []
  #counts = { asked: 0, late: 0, lost: 0, wrong: 0 }
  #flaws: string[] = []

  constructor(setting: HealthySetting) {
    this.#setting = setting
  }

  async open(): Promise<void> {
    const { port, place: { host, from } = { host: '127.0.0.1' } } = this.#setting
    const type = host.includes(':') ? 'udp6' : 'udp4'
    for (let n = 0; n < SOCKETS; n++) {
      const socket = createSocket({ type, recvBufferSize: 1 << 20 })
      socket.on('message', bytes => this.#take(n, bytes))
      socket.on('error', () => undefined)
      if (from !== undefined) {
        socket.bind(0, from)
        await once(socket, 'listening')
      }
      socket.connect(port, host)
      await once(socket, 'connect')
      this.#sockets.push(socket)
    }
    let lastMs = performance.now()
    setInterval(() => {
      const nowMs = performance.now()
      // Never more than two ticks' share: a machine that stood still must not make a burst of what
      // it missed.
      this.#due += (Math.min(nowMs - lastMs, 2 * TICK_MS) * (this.#setting.perSecond ?? 200)) / 1000
      lastMs = nowMs
      while (this.#due >= 1 && !this.isDone) {
        this.#due--
        this.#ask()
      }
    }, TICK_MS)
    setInterval(() => this.#sweep(), SWEEP_MS)
  }

  get isDone(): boolean {
    return this.#asked >= (this.#setting.limit ?? Number.POSITIVE_INFINITY)
  }
  get isSettled(): boolean {
    return this.isDone && this.#waiting.size === 0
  }

  async tally(): Promise<Tally> {
    const counts = this.#counts
    const times = this.#times
    const flaws = this.#flaws
    const asked = counts.asked
    const due = [...this.#waiting.values()]
    this.#counts = { asked: 0, late: 0, lost: 0, wrong: 0 }
    this.#times = []
    this.#flaws = []
    // What is under way belongs to the time before, and settles into the counts that follow: those
    // are taken with it.
    while (due.some(question => this.#waiting.get(question.key) === question))
      await new Promise(go => setTimeout(go, SWEEP_MS))
    for (const name of ['late', 'lost', 'wrong'] as const) counts[name] += this.#counts[name]
    const all = [...times, ...this.#times].sort((a, b) => a - b)
    const at = (share: number): number =>
      all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0
    const tally = {
      ...counts,
      asked: asked + this.#counts.asked,
      flaws: [...flaws, ...this.#flaws],
    }
    this.#counts = { asked: 0, late: 0, lost: 0, wrong: 0 }
    this.#times = []
    return { ...tally, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: all.at(-1) ?? 0 }
  }

  #nameOf(n: number): string {
    const { zone } = this.#setting
    if (zone !== undefined) return `u${n}.${zone}`
    return n % 2 === 0 ? hostName(n >> 1) : forwardedName(n >> 1)
  }

  #bytesOf(name: string, id: number): Uint8Array {
    const template = this.#templates.get(name) ?? query(name).bytes
    if (this.#setting.zone === undefined) this.#templates.set(name, template)
    const bytes = Uint8Array.from(template)
    bytes[0] = id >>> 8
    bytes[1] = id & 255
    return bytes
  }

  #ask(): void {
    const n = this.#asked++
    const id = Math.floor(n / SOCKETS) & 0xffff
    const key = ((n % SOCKETS) << 16) | id
    const name = this.#nameOf(n)
    const question = {
      name,
      bytes: this.#bytesOf(name, id),
      key,
      sentMs: performance.now(),
      tries: 1,
    }
    this.#counts.asked++
    this.#waiting.set(key, question)
    this.#sockets[n % SOCKETS]!.send(question.bytes)
  }

  #take(socket: number, reply: Uint8Array): void {
    const key = (socket << 16) | (reply[0]! << 8) | reply[1]!
    const question = this.#waiting.get(key)
    // A second answer to a question that was asked twice.
    if (question === undefined) return
    this.#waiting.delete(key)
    this.#times.push(performance.now() - question.sentMs)
    if (question.tries > 1) this.#counts.late++
    const found = flawOf(question.bytes, reply)
    const flaw =
      found ??
      (addressIn(reply) === addressOf(question.name)
        ? undefined
        : `${question.name}: rcode ${reply[3]! & 15}`)
    if (flaw === undefined) return
    this.#counts.wrong++
    if (this.#flaws.length < 10) this.#flaws.push(flaw)
  }

  #sweep(): void {
    const nowMs = performance.now()
    for (const [key, question] of this.#waiting) {
      const ageMs = nowMs - question.sentMs
      // In the order of asking.
      if (ageMs < LATE_MS) break
      if (ageMs > LOST_MS) {
        this.#waiting.delete(key)
        this.#counts.lost++
      } else if (question.tries === 1) {
        question.tries = 2
        this.#sockets[question.key >>> 16]!.send(question.bytes)
      }
    }
  }
}

if (!isMainThread && parentPort !== null && 'port' in (workerData as object)) {
  const port = parentPort
  const asker = new Asker(workerData as HealthySetting)
  await asker.open()
  port.on('message', async () =>
    port.postMessage({ kind: 'tally', ...(await asker.tally()) } satisfies Told),
  )
  port.postMessage({ kind: 'asking' })
  const timer = setInterval(() => {
    if (!asker.isSettled) return
    clearInterval(timer)
    port.postMessage({ kind: 'limit' })
  }, SWEEP_MS)
}
