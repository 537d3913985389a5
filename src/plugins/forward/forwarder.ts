// One `forward`: selects names, tries upstreams for a query, and decides when to give up. CoreDNS's
// algorithm (plugin/forward/forward.go).

import { randomBelow } from '../../base/entropy.ts'
import { ServerError } from '../../chain/errors.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Handler } from '../../chain/stage/handler.ts'
import type { Permits } from '../../memory/permits.ts'
import { type Endpoint, isEncrypted } from '../../upstream/endpoint.ts'
import { ExchangeError } from '../../upstream/exchange-error.ts'
import { HealthWords } from '../../upstream/health-words.ts'
import { makePolicy, type Order } from '../../upstream/policy.ts'
import { RelayedNames } from '../../upstream/relayed-names.ts'
import { makeSecureContext } from '../../upstream/secure-context.ts'
import { threadSockets } from '../../upstream/socket-allowance.ts'
import { PROTOCOLS, Upstream } from '../../upstream/upstream.ts'
import { RCODE_NOERROR, RCODE_REFUSED } from '../../wire/rcodes.ts'
import type { InstanceShared } from './control.ts'
import { DURATION_SHAPE, perProtocol, perRcode, perUpstream } from './metrics.ts'
import type { ForwardOptions } from './options.ts'

/** Less than this left until the query's deadline is not worth another attempt. */
const MINIMUM_ATTEMPT_MS = 5

export class Forwarder {
  readonly #options: ForwardOptions
  readonly #shared: InstanceShared
  readonly #scope: ServeScope
  readonly #names: RelayedNames
  readonly #upstreams: readonly Upstream[]
  readonly #health: HealthWords
  readonly #order: Order
  readonly #permits: Permits | undefined
  readonly #attemptCap: number

  constructor(options: ForwardOptions, shared: InstanceShared, scope: ServeScope) {
    this.#options = options
    this.#shared = shared
    this.#scope = scope
    this.#names = new RelayedNames(options)
    this.#upstreams = this.#makeUpstreams()
    this.#health = new HealthWords(scope.words, shared.healthWord)
    this.#order = makePolicy(options.policy, shared.upstreams.length, scope.words, shared.turnWord)
    this.#permits =
      shared.permits === undefined
        ? undefined
        : scope.permits(shared.permits, options.maxConcurrent)
    const cap = options.maxConnectAttempts ?? 2 * shared.upstreams.length
    this.#attemptCap = cap === 0 ? Number.POSITIVE_INFINITY : cap
  }

  matches(query: Query): boolean {
    return this.#names.hold(query.question.folded)
  }

  /**
   * Fails with a ServerError: REFUSED over max_concurrent or --inflight-bytes, SERVFAIL when no
   * upstream answers. `alternate` is what `next` hands over to.
   */
  answer(query: Query, alternate: Handler | undefined): Promise<Reply> {
    const { counters, clock } = this.#scope
    query.mustWait()
    if (this.#permits?.tryAcquire() === false) {
      counters.add(this.#shared.vectors.rejected.base)
      const text = `concurrent queries exceeded maximum ${this.#options.maxConcurrent}`
      return Promise.reject(new ServerError('MAX_CONCURRENT', text, RCODE_REFUSED))
    }
    const tries = new Tries(this.#order(), query.deadlineMs)
    const [first] = tries.order
    // Nearly always the first upstream answers: one promise then, not the several of an async loop.
    if (first === undefined || alternate !== undefined || this.#isDown(first))
      return this.#finish(query, alternate, tries)
    tries.next()
    const startedMs = clock.ms()
    return this.#exchange(query, first, tries).then(
      reply => {
        if (this.#accepts(reply, first, startedMs, tries)) {
          this.#permits?.release()
          return reply
        }
        return this.#finish(query, alternate, tries)
      },
      error => {
        tries.failed(() => this.#recordFailure(first, error))
        return this.#finish(query, alternate, tries)
      },
    )
  }

  sweep(): void {
    for (const upstream of this.#upstreams) upstream.sweep()
  }

  close(): void {
    for (const upstream of this.#upstreams) upstream.close()
  }

  /** Goes on until one answers or the deadline has come. */
  async #finish(query: Query, alternate: Handler | undefined, tries: Tries): Promise<Reply> {
    try {
      const reply = await this.#ask(query, tries)
      return alternate !== undefined && this.#wantsNext(reply) ? await alternate(query) : reply
    } finally {
      this.#permits?.release()
    }
  }

  async #ask(query: Query, tries: Tries): Promise<Reply> {
    const { clock } = this.#scope
    const count = this.#upstreams.length
    if (tries.fatal !== undefined) throw tries.fatal
    while (
      tries.deadlineMs - clock.ms() >= MINIMUM_ATTEMPT_MS &&
      tries.failures < this.#attemptCap
    ) {
      let index = tries.next()
      if (this.#isDown(index)) {
        tries.downCount += 1
        if (tries.downCount < count) continue
        this.#scope.counters.add(this.#shared.vectors.broken.base)
        if (this.#options.failfast) break
        // All are down, so it may well be the probes that fail: one upstream is tried all the same.
        index = randomBelow(count)
      }
      const startedMs = clock.ms()
      try {
        const reply = await this.#exchange(query, index, tries)
        if (this.#accepts(reply, index, startedMs, tries)) return reply
      } catch (error) {
        tries.failures += 1
        tries.failure = this.#recordFailure(index, error)
        if (tries.downCount >= count) break
      }
    }
    throw serverError(tries.failure)
  }

  #exchange(query: Query, index: number, { deadlineMs }: Tries): Promise<Reply> {
    query.metadata?.set('forward/upstream', () => this.#shared.upstreams[index]!.name)
    return this.#upstreams[index]!.ask(query, deadlineMs)
  }

  /** Counts a reply; false if its rcode asks for another upstream. */
  #accepts(reply: Reply, index: number, startedMs: number, tries: Tries): boolean {
    const { clock, counters } = this.#scope
    const { vectors } = this.#shared
    const seconds = (clock.ms() - startedMs) / 1000
    const { rcode } = reply
    counters.observe(perRcode(vectors.duration, index, rcode), DURATION_SHAPE, seconds)
    counters.observe(perRcode(vectors.oldDuration, index, rcode), DURATION_SHAPE, seconds)
    counters.add(perRcode(vectors.oldResponses, index, rcode))
    counters.add(perUpstream(vectors.oldRequests, index))
    if (
      !this.#options.failoverRcodes.includes(rcode) ||
      tries.failovers >= this.#upstreams.length - 1
    )
      return true
    tries.failovers += 1
    return false
  }

  /**
   * A lack of resources of our own process ends the query: it would be the same with another
   * upstream, and none is to blame.
   */
  #recordFailure(index: number, error: unknown): ExchangeError {
    if (!(error instanceof ExchangeError)) throw error
    if (error.kind === 'local') throw serverError(error)
    if (this.#options.maxFails > 0) this.#health.reportFailure(index)
    return error
  }

  #isDown(index: number): boolean {
    const { maxFails } = this.#options
    return maxFails > 0 && this.#health.fails(index) > maxFails
  }

  #wantsNext(reply: Reply): boolean {
    const { rcode } = reply
    if (this.#options.nextRcodes.includes(rcode)) return true
    return this.#options.nextOnNodata && rcode === RCODE_NOERROR && reply.layout.answerCount === 0
  }

  #makeUpstreams(): Upstream[] {
    const { tls, vectors } = this.#shared
    const { counters, clock, rehearsal } = this.#scope
    const upstreams = this.#shared.upstreams.map(
      (endpoint): Endpoint =>
        rehearsal ? { ...endpoint, ...rehearsal.upstream, protocol: 'dns' } : endpoint,
    )
    const options = {
      ...this.#options,
      maxIdle: this.#options.maxIdleConns,
      ...(rehearsal && { forceTcp: false, preferUdp: true, sourceAddress: '' }),
      secureContext: upstreams.some(isEncrypted) ? makeSecureContext(tls) : undefined,
    }
    return upstreams.map((endpoint, index) => {
      const events = {
        ignored: () => counters.add(perUpstream(vectors.ignored, index)),
        connection: (protocol: (typeof PROTOCOLS)[number], isReused: boolean) =>
          counters.add(
            perProtocol(
              isReused ? vectors.poolHits : vectors.poolMisses,
              index,
              PROTOCOLS.indexOf(protocol),
            ),
          ),
      }
      return new Upstream(endpoint, options, events, {
        sockets: threadSockets,
        clock,
        udpPool: this.#scope.udpPool,
      })
    })
  }
}

/**
 * How far one query has come: it walks round and round through the upstreams, counting per round
 * those that are down.
 */
class Tries {
  readonly order: readonly number[]
  readonly deadlineMs: number
  downCount = 0
  failures = 0
  failovers = 0
  failure: ExchangeError | undefined
  /** What ends the query whatever time is left. */
  fatal: unknown
  #at = 0

  constructor(order: readonly number[], deadlineMs: number) {
    this.order = order
    this.deadlineMs = deadlineMs
  }

  next(): number {
    if (this.#at === this.order.length) {
      this.#at = 0
      this.downCount = 0
    }
    return this.order[this.#at++]!
  }

  failed(record: () => ExchangeError): void {
    this.failures += 1
    try {
      this.failure = record()
    } catch (error) {
      this.fatal = error
    }
  }
}

const serverError = (failure: ExchangeError | undefined): ServerError => {
  if (failure === undefined) return new ServerError('NO_HEALTHY_UPSTREAM', 'no healthy proxies')
  return new ServerError(`UPSTREAM_${failure.kind.toUpperCase()}`, failure.message, undefined, {
    cause: failure,
  })
}
