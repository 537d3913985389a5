// A shard's life: it loads generations beside the one that serves, swaps them between two messages, opens and closes listeners, beats its
// heart, and ends when told to. It owns nothing that must outlive it.

import type { MessagePort } from 'node:worker_threads'
import { CacheKey } from '../cache/key.ts'
import { systemClock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { makeLogger, stdout } from '../core/log.ts'
import { BlackBox } from '../memory/black-box.ts'
import { CLAIM_ENTRIES, Claims } from '../memory/claims.ts'
import { beat } from '../memory/heartbeat.ts'
import type { OpenListener, Receiver } from '../net/engine.ts'
import { openTcp } from '../net/tcp.ts'
import { openUdp } from '../net/udp-dgram.ts'
import type { BootMessage, FromShard, GenerationMessage, ListenerMessage, ToShard } from './boot.ts'
import { Dispatcher } from './dispatch.ts'
import { type ServedListener, ShardGeneration, type ShardParts } from './shard-generation.ts'

const BEAT_MS = 100
/** How long queries of a replaced generation may go on: more than the 5 s budget of an upstream exchange. */
const RETIRE_GRACE_MS = 10_000

/** Sockets of one listen address. What they receive goes to whatever generation serves that address now. */
class Binding implements Receiver {
  served: ServedListener
  readonly #dispatcher: Dispatcher
  #sockets: readonly OpenListener[] = []

  constructor(served: ServedListener, dispatcher: Dispatcher) {
    this.served = served
    this.#dispatcher = dispatcher
  }
  get listener() {
    return this.served.ref
  }
  get tcpLimits() {
    return this.served.message.tcpLimits
  }
  receive(...[bytes, transport, client, local, respond]: Parameters<Receiver['receive']>): void {
    this.#dispatcher.receive(this.served, bytes, transport, client, local, respond)
  }

  /** TCP first: a client that is told to come back over TCP must find it open. */
  async open(boot: BootMessage, log: (text: string) => void): Promise<void> {
    const { message } = this.served
    const { canReusePort } = boot
    const tcp = await openTcp(message, this, { maxConnections: boot.maxTcpConnections, canReusePort })
    this.#sockets = [tcp]
    const udp = await openUdp(message, this, { recvBufferBytes: boot.recvBufferBytes, canReusePort, onError: log })
    this.#sockets = [tcp, udp]
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all(this.#sockets.map(socket => socket.close(graceMs)))
  }
}

const keyOf = ({ address, port }: ListenerMessage): string => `${address} ${port}`

interface Candidate {
  readonly generation: ShardGeneration
  readonly opened: ReadonlyMap<string, Binding>
}

export class Shard {
  readonly #boot: BootMessage
  readonly #port: MessagePort
  readonly #parts: ShardParts
  readonly #dispatcher: Dispatcher
  readonly #log = makeLogger(stdout, '', () => false)
  readonly #bindings = new Map<string, Binding>()
  readonly #ended = Promise.withResolvers<void>()
  #serving: ShardGeneration | undefined
  #candidate: Candidate | undefined

  constructor(boot: BootMessage, port: MessagePort) {
    this.#boot = boot
    this.#port = port
    const { shard, shards, regionLayout } = boot
    const region = new Int32Array(boot.region)
    this.#parts = {
      shard,
      shards,
      clock: systemClock,
      sink: stdout,
      claims: new Claims(region, regionLayout.claims, CLAIM_ENTRIES, shard + 1),
      fatal: text => this.#send({ kind: 'fatal', text }),
    }
    this.#dispatcher = new Dispatcher({
      clock: systemClock,
      log: this.#log,
      blackBox: new BlackBox(region, regionLayout.blackBoxes, shard),
      key: new CacheKey(boot.hashSeed),
      regionWords: region,
      refusedOffset: regionLayout.refused,
    })
    const pulse = setInterval(() => beat(region, regionLayout.heartbeats, shard), BEAT_MS)
    void this.#ended.promise.then(() => clearInterval(pulse))
    // One message after the other: a load that is still opening sockets must not be overtaken by its commit or abort.
    let last = Promise.resolve()
    port.on('message', (message: ToShard) => {
      last = last.then(() => this.#handle(message))
    })
  }

  /** Until main says stop. */
  run(): Promise<void> {
    return this.#ended.promise
  }

  #send(message: FromShard): void {
    this.#port.postMessage(message)
  }

  async #handle(message: ToShard): Promise<void> {
    if (message.kind === 'load') await this.#load(message.generation)
    else if (message.kind === 'commit') this.#commit(message.id)
    else if (message.kind === 'abort') await this.#abort(message.id)
    else await this.#stop(message.graceMs)
  }

  async #load(message: GenerationMessage): Promise<void> {
    const opened = new Map<string, Binding>()
    try {
      const generation = new ShardGeneration(message, this.#parts)
      this.#candidate = { generation, opened }
      for (const served of generation.listeners) {
        const key = keyOf(served.message)
        if (this.#bindings.has(key) || opened.has(key)) continue
        const binding = new Binding(served, this.#dispatcher)
        opened.set(key, binding)
        await binding.open(this.#boot, text => this.#log.warning(text))
      }
      this.#send({ kind: 'loaded', id: message.id })
    } catch (error) {
      await this.#abort(message.id)
      this.#send({ kind: 'failed', id: message.id, error: messageOf(error) })
    }
  }

  #commit(id: number): void {
    const candidate = this.#candidate
    if (candidate?.generation.id !== id) return
    this.#candidate = undefined
    const { generation, opened } = candidate
    for (const [key, binding] of opened) this.#bindings.set(key, binding)
    const wanted = new Map(generation.listeners.map(served => [keyOf(served.message), served]))
    for (const [key, binding] of this.#bindings) {
      const served = wanted.get(key)
      if (served !== undefined) binding.served = served
      else {
        this.#bindings.delete(key)
        void binding.close(RETIRE_GRACE_MS)
      }
    }
    const old = this.#serving
    this.#serving = generation
    this.#send({ kind: 'committed', id })
    if (old !== undefined) void old.retire(RETIRE_GRACE_MS).then(() => this.#send({ kind: 'retired', id: old.id }))
  }

  async #abort(id: number): Promise<void> {
    const candidate = this.#candidate
    if (candidate?.generation.id !== id) return
    this.#candidate = undefined
    await Promise.all([...candidate.opened.values()].map(binding => binding.close(0)))
    await candidate.generation.retire(0)
  }

  async #stop(graceMs: number): Promise<void> {
    await Promise.all([...this.#bindings.values()].map(binding => binding.close(graceMs)))
    await this.#serving?.retire(graceMs)
    stdout.flushSync()
    this.#port.close()
    this.#ended.resolve()
  }
}
