// The shard half of grpc: asks the upstreams one after the other, each once.

import { clientKey } from '../../base/ip.ts'
import { answer } from '../../chain/answer/answer.ts'
import { ServerError } from '../../chain/errors.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Handler, Stage } from '../../chain/stage/handler.ts'
import { type Endpoint, isEncrypted } from '../../upstream/endpoint.ts'
import { ExchangeError } from '../../upstream/exchange-error.ts'
import { grpcAuthorityOf, grpcRequest, readGrpc } from '../../upstream/grpc.ts'
import { HttpSession } from '../../upstream/http-session.ts'
import { isReply, readReply } from '../../upstream/judge.ts'
import { makePolicy, type Order } from '../../upstream/policy.ts'
import { RelayedNames } from '../../upstream/relayed-names.ts'
import { makeSecureContext } from '../../upstream/secure-context.ts'
import { threadSockets } from '../../upstream/socket-allowance.ts'
import { HEADER_SIZE } from '../../wire/header.ts'
import { RCODE_FORMERR, RCODE_NXDOMAIN } from '../../wire/rcodes.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import type { GrpcShared } from './control.ts'
import { DURATION_SHAPE, perRcode, perUpstream } from './metrics.ts'
import type { GrpcOptions } from './options.ts'

const SWEEP_INTERVAL_MS = 10_000
/** Connections without a call are closed after this, as by other clients of gRPC. */
const EXPIRE_MS = 30 * 60_000
/** Of a query's 5 s, for an upstream that has others behind it. */
const ATTEMPT_MS = 2000

export const serve = (
  options: GrpcOptions,
  scope: ServeScope,
  shared: GrpcShared,
): Stage | undefined => {
  // What is only run once more asks nobody over gRPC.
  if (scope.rehearsal !== undefined) return undefined
  threadSockets.limit = shared.socketsPerShard
  const relay = new GrpcRelay(options, scope, shared)
  const sweeper = setInterval(() => relay.sweep(), SWEEP_INTERVAL_MS)
  sweeper.unref()
  scope.onRetire(() => {
    clearInterval(sweeper)
    relay.close()
  })
  return {
    wrap: next => query => (relay.matches(query) ? relay.answer(query, next) : next(query)),
  }
}

class GrpcRelay {
  readonly #scope: ServeScope
  readonly #shared: GrpcShared
  readonly #names: RelayedNames
  readonly #fall: ZoneIndex
  readonly #sessions: readonly HttpSession[]
  readonly #order: Order

  constructor(options: GrpcOptions, scope: ServeScope, shared: GrpcShared) {
    this.#scope = scope
    this.#shared = shared
    this.#names = new RelayedNames(options)
    this.#fall = ZoneIndex.fromText(options.fall)
    this.#order = makePolicy(options.policy, shared.upstreams.length, scope.words, shared.turnWord)
    const pool = {
      expireMs: EXPIRE_MS,
      maxAgeMs: 0,
      maxIdle: 0,
      sourceAddress: '',
      isHttp2Only: true,
      secureContext: shared.upstreams.some(isEncrypted)
        ? makeSecureContext(shared.tls ?? {})
        : undefined,
    }
    this.#sessions = shared.upstreams.map(
      remote => new HttpSession(remote, grpcAuthorityOf(remote), pool, threadSockets, scope.clock),
    )
  }

  matches(query: Query): boolean {
    return this.#names.hold(query.question.folded)
  }

  async answer(query: Query, next: Handler): Promise<Reply> {
    query.mustWait()
    const order = this.#order()
    let failure: ExchangeError | undefined
    for (const [turn, index] of order.entries()) {
      if (query.deadlineMs <= this.#scope.clock.ms()) break
      try {
        const reply = await this.#ask(query, index, turn === order.length - 1)
        const falls = reply.rcode === RCODE_NXDOMAIN && this.#fall.holds(query.name)
        return falls ? await next(query) : reply
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error
        failure = error
      }
    }
    if (this.#fall.holds(query.name)) return next(query)
    const code = `UPSTREAM_${(failure?.kind ?? 'timeout').toUpperCase()}`
    throw new ServerError(code, failure?.message ?? 'no time is left', undefined, {
      cause: failure,
    })
  }

  sweep(): void {
    for (const session of this.#sessions) session.sweep()
  }

  close(): void {
    for (const session of this.#sessions) session.close()
  }

  async #ask(query: Query, index: number, isLast: boolean): Promise<Reply> {
    const { clock } = this.#scope
    const startedMs = clock.ms()
    const limitMs = isLast ? query.deadlineMs : Math.min(query.deadlineMs, startedMs + ATTEMPT_MS)
    const leftMs = (): number => Math.max(1, limitMs - clock.ms())
    const remote = this.#shared.upstreams[index]!
    const request = grpcRequest(query.bytes, leftMs())
    const times = { dialMs: leftMs, readMs: leftMs }
    const client = clientKey(query.client.address)
    const found = readGrpc(await this.#sessions[index]!.exchange(request, client, times), remote)
    const reply =
      found === 'not found'
        ? answer(query, { rcode: RCODE_NXDOMAIN })
        : replyOf(query, found, remote)
    this.#count(index, reply.rcode, (clock.ms() - startedMs) / 1000)
    return reply
  }

  #count(index: number, rcode: number, seconds: number): void {
    const { counters } = this.#scope
    const { requests, responses, duration } = this.#shared.vectors
    counters.add(perUpstream(requests, index))
    counters.add(perRcode(responses, index, rcode))
    counters.observe(perUpstream(duration, index), DURATION_SHAPE, seconds)
  }
}

/**
 * What answers another question, or none, is FORMERR to the client; what is broken is a failure.
 */
const replyOf = (query: Query, message: Uint8Array, remote: Endpoint): Reply => {
  const malformed = (): ExchangeError =>
    new ExchangeError('malformed', `read tcp ${remote.name}: malformed reply`)
  if (message.length < HEADER_SIZE) throw malformed()
  if (!isReply(message, query.flags, query.question)) return answer(query, { rcode: RCODE_FORMERR })
  const reply = readReply(message, query.question, true)
  if (reply === undefined) throw malformed()
  return reply
}
