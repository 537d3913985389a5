// The beginning of a connection where PROXY headers are expected: reads until it is clear whether
// there is one and whose connection it is then, and lets what comes after it (frames, TLS) take the
// place.

import { type IpAddress, parseIp } from '../../base/ip.ts'
import type { Receiver } from '../engine.ts'
import { DROPPED, type ProxyJudge, UNFINISHED } from '../proxy/judge.ts'
import type { ClientShare } from '../tcp/client-shares.ts'
import type { Opened, StreamConnection } from '../tcp/opened.ts'
import type { TcpRoom } from '../tcp/room.ts'

/** How long a connection that ends waits for its header, and for the message behind it. */
const LEAVING_MS = 1000
const UNKNOWN: IpAddress = { bytes: new Uint8Array(4), family: 4 }

/** What goes on behind the header, with what has been read beyond it. */
type Next = (opened: Opened) => StreamConnection

/** The listener lets it into the room; `next` gets that place. */
export const openProxied = (
  opened: Opened,
  judge: ProxyJudge,
  receiver: Receiver,
  room: TcpRoom,
  next: Next,
): StreamConnection => new ProxiedOpening(opened, judge, receiver, room, next)

class ProxiedOpening implements StreamConnection {
  readonly client: ClientShare
  readonly progressMs: number
  readonly closed: Promise<void>
  readonly isIdle = true
  readonly wantsTurn = false
  heldBytes = 0
  readonly #opened: Opened
  readonly #judge: ProxyJudge
  readonly #room: TcpRoom
  readonly #next: Next
  readonly #resolve: () => void
  readonly #sender: IpAddress
  /** What has come, if the header is not whole yet. */
  #kept: Uint8Array = new Uint8Array(0)
  #timer: NodeJS.Timeout | undefined
  #isLeaving = false
  /** Has taken its place. */
  #successor: StreamConnection | undefined

  constructor(
    opened: Opened,
    judge: ProxyJudge,
    { tcpLimits }: Receiver,
    room: TcpRoom,
    next: Next,
  ) {
    this.#opened = opened
    this.#judge = judge
    this.#room = room
    this.#next = next
    this.client = opened.client
    this.progressMs = opened.acceptedMs
    this.#sender = parseIp(opened.remote.address) ?? UNKNOWN
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#resolve = resolve
    const { socket } = opened
    socket.on('end', this.#ended)
    socket.on('error', this.#ignored)
    socket.on('close', this.#gone)
    opened.onBytes(chunk => this.#arrived(chunk))
    this.#charge(opened.fixedBytes)
    this.#ringIn(tcpLimits.readMs)
    socket.resume()
  }

  end(): void {
    if (this.#successor !== undefined) {
      this.#successor.end()
      return
    }
    this.#isLeaving = true
    this.#ringIn(LEAVING_MS)
  }

  cut(): void {
    if (this.#successor === undefined) this.#opened.socket.destroy()
    else this.#successor.cut()
  }

  get isStuck(): boolean {
    return this.#kept.length > 0
  }
  get mayGoOn(): boolean {
    return this.#room.mayHoldMore(this)
  }
  retry(): void {
    this.#opened.socket.resume()
  }
  takeTurn(): number {
    return 0
  }

  /** `chunk` is lent. Returns whether to go on reading. */
  #arrived(chunk: Uint8Array): boolean {
    const bytes = this.#kept.length === 0 ? chunk : joined(this.#kept, chunk)
    const { remote } = this.#opened
    const header = this.#judge.openStream(bytes, this.#sender, remote.port)
    if (header === DROPPED) {
      this.cut()
      return false
    }
    if (header !== UNFINISHED) return this.#handOver(bytes.subarray(header))
    this.#kept = bytes === chunk ? chunk.slice() : bytes
    this.#charge(this.#opened.fixedBytes + this.#kept.length)
    if (this.mayGoOn) return true
    this.#room.stall(this)
    return false
  }

  #handOver(rest: Uint8Array): boolean {
    const opened = this.#named()
    this.#release()
    let take = (_chunk: Uint8Array): boolean => false
    // It reads on when it has what is here already.
    opened.socket.pause()
    const successor = this.#next({
      ...opened,
      onBytes: to => {
        take = to
        this.#opened.onBytes(to)
      },
    })
    this.#successor = successor
    this.#room.replace(this, successor)
    void successor.closed.then(this.#resolve)
    if (this.#isLeaving) successor.end()
    return rest.length === 0 || take(rest)
  }

  /** By the header, if it has named a client. */
  #named(): Opened {
    const remote = this.#judge.clientPeer
    if (remote === undefined) return this.#opened
    const { clients } = this.#room
    this.#charge(0)
    clients.leave(this.client)
    const local = this.#judge.destinationPeer ?? this.#opened.local
    return { ...this.#opened, remote, local, client: clients.join(remote) }
  }

  /** Nothing of it is left but what tells when the connection has closed. */
  #release(): void {
    clearTimeout(this.#timer)
    this.#kept = new Uint8Array(0)
    this.#charge(0)
    const { socket } = this.#opened
    socket.off('end', this.#ended)
    socket.off('error', this.#ignored)
    socket.off('close', this.#gone)
  }

  // Without a whole header there is nothing to answer.
  readonly #ended = (): void => this.cut()
  // A reset is the client's way to leave; 'close' follows.
  readonly #ignored = (): void => {}
  readonly #gone = (): void => {
    this.#release()
    this.#room.leave(this)
    this.#room.clients.leave(this.client)
    this.#resolve()
  }

  #charge(bytes: number): void {
    this.#room.hold(this, bytes - this.heldBytes)
    this.heldBytes = bytes
  }

  #ringIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.cut(), ms)
  }
}

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(first.length + second.length)
  whole.set(first)
  whole.set(second, first.length)
  return whole
}
